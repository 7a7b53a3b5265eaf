/*
 * dead - what lies in wb.dead becomes rows for people
 *
 * in:  messages nobody could take: unreadable ones, final failures of ingest, those over the delivery limit
 * out: dead letters that keep the bytes
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "workers/roles.h"

static int dead_claim(struct batch *b, struct err *e)
{
	(void)e;
	for (size_t i = 0; i < b->count; i++)
		b->jobs[i]->is_claimed = 1;
	return 0;
}

static const char *header(const struct job *job, enum amqp_header name, const char *otherwise)
{
	const char *value = job->delivery->headers[name];

	return value && value[0] ? value : otherwise;
}

/* Whose message it was: it says so itself, unless the broker has put it here. */
static const char *role_of(const struct job *job)
{
	static const char queues[] = "wb.";
	const char *from = job->delivery->dead_from;
	const char *role = from && strncmp(from, queues, strlen(queues)) == 0
				   ? from + strlen(queues)
				   : "unknown";

	return header(job, AMQP_ROLE, role);
}

/* What a retry needs to publish the message again. */
static const char *headers_json(struct arena *a, const struct job *job)
{
	json_t *json = json_pack(
		"{s:s*, s:s*, s:s*, s:s*, s:s*}", "kind", job->delivery->headers[AMQP_KIND],
		"store", job->delivery->headers[AMQP_STORE], "topic",
		job->delivery->headers[AMQP_TOPIC], "key", job->delivery->headers[AMQP_KEY],
		"shared", job->delivery->headers[AMQP_SHARED]);
	char *text = json_dumps(json, JSON_COMPACT);
	const char *copy = arena_strdup(a, text ? text : "{}");

	free(text);
	json_decref(json);
	return copy;
}

/* "final/data: <text>", as outcome_message() writes it; anything else comes from the broker. */
static void split_error(struct arena *a, const char *error, const char **kind, const char **code,
			const char **text)
{
	const char *slash = strchr(error, '/'), *colon = strstr(error, ": ");

	*kind = "final";
	*code = "none";
	*text = error;
	if (!slash || !colon || slash > colon)
		return;
	*kind = arena_strndup(a, error, (size_t)(slash - error));
	*code = arena_strndup(a, slash + 1, (size_t)(colon - slash - 1));
	*text = colon + 2;
}

static int dead_settle(struct batch *b, struct err *e)
{
	for (size_t i = 0; i < b->count; i++) {
		const struct job *job = b->jobs[i];
		const struct amqp_delivery *d = job->delivery;
		const char *kind, *code, *text;

		split_error(b->arena,
			    header(job, AMQP_ERROR, "delivered too often without success"), &kind,
			    &code, &text);
		if (db_later(b->db, b->arena, SQL_DEAD_KEEP, e, db_text(role_of(job)),
			     db_int64(b->arena, strtoll(header(job, AMQP_STORE, "0"), NULL, 10)),
			     db_text(kind), db_text(code), db_text(text),
			     db_int64(b->arena, strtoll(header(job, AMQP_ATTEMPT, "0"), NULL, 10)),
			     db_text(headers_json(b->arena, job)), db_bytes(d->body, d->body_len)))
			return -1;
	}
	return 0;
}

const struct role dead_role = {
	.name = "dead",
	.attempts_max = 1000000,
	.claim = dead_claim,
	.settle = dead_settle,
};
