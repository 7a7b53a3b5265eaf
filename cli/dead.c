/*
 * dead - jobs that gave up
 *
 * Most have a row: retrying makes it due. Those of ingest have none: their message is published
 * again, and only when the broker has confirmed it are they closed.
 */
#include "cli/cli.h"
#include "cli/due.h"
#include "core/runtime/jmap.h"
#include "core/runtime/loop.h"
#include "core/runtime/text.h"

enum { PUBLISH_MS = 10000, HEADERS_MAX = 64 * 1024 };

static const struct field list_fields[] = {
	{"all", FIELD_FLAG, .help = "closed ones, too"},
	{0},
};
static const struct field discard_fields[] = {
	{"reason", FIELD_TEXT, .max = 500, .is_required = 1},
	{0},
};

static int dead_list(struct cli *cli, struct err *e)
{
	struct db_result r;

	if (cli_run(cli, SQL_CLI_DEAD_LIST, &r, e, cli_value(cli, "all")))
		return -1;
	cli_rows(cli, &r);
	return 0;
}

static int dead_show(struct cli *cli, struct err *e)
{
	struct db_result r;
	int64_t id;

	if (cli_id(cli, cli->args[0], &id, e) ||
	    cli_run(cli, SQL_CLI_DEAD_SHOW, &r, e, db_int64(cli->arena, id)))
		return -1;
	if (r.rows == 0)
		return cli_none(e, "there is no dead letter %lld", (long long)id);
	cli_record(cli, &r);
	return 0;
}

/* The letters that a number or a fingerprint names, locked: id, role, row, headers, body. */
static int find(struct cli *cli, struct db_result *r, struct err *e)
{
	if (cli_run(cli, SQL_CLI_DEAD_FIND, r, e, db_text(cli->args[0])))
		return -1;
	return r->rows ? 0
		       : cli_none(e, "there is no open dead letter \"%s\"; see `waybill dead list`",
				  text_cut(cli->args[0], 100));
}

static int publish_again(struct cli *cli, const struct db_result *r, size_t row, struct err *e)
{
	const char *text = db_get_text(r, row, 3);
	json_t *headers;
	size_t len;

	if (jmap_parse(cli->arena, text, strlen(text), HEADERS_MAX, &headers, e))
		return -1;
	const void *body = db_get_bytes(cli->arena, r, row, 4, &len);
	const struct amqp_message message = {
		.routing_key = arena_printf(cli->arena, "wb.%s", db_get_text(r, row, 1)),
		.body = body,
		.body_len = len,
		.headers = {
			[AMQP_KIND] = json_string_value(json_object_get(headers, "kind")),
			[AMQP_STORE] = json_string_value(json_object_get(headers, "store")),
			[AMQP_TOPIC] = json_string_value(json_object_get(headers, "topic")),
			[AMQP_KEY] = json_string_value(json_object_get(headers, "key")),
			[AMQP_SHARED] = json_string_value(json_object_get(headers, "shared")),
		}};

	if (cli_broker(cli, PUBLISH_MS, e) ||
	    amqp_publish(cli->broker, &message, 1, loop_now_ms() + PUBLISH_MS, e)) {
		cli->status = EXIT_UNREACHABLE;
		return -1;
	}
	return 0;
}

static int close_letter(struct cli *cli, int64_t id, const char *state, const char *note,
			struct err *e)
{
	return cli_run(cli, SQL_CLI_DEAD_CLOSE, NULL, e, db_int64(cli->arena, id), db_text(state),
		       db_text(note));
}

static int dead_retry(struct cli *cli, struct err *e)
{
	struct db_result r;

	if (find(cli, &r, e))
		return -1;
	for (size_t i = 0; i < r.rows; i++) {
		const char *role = db_get_text(&r, i, 1);
		int64_t row = db_get_int64(&r, i, 2);
		size_t count;

		if (!db_is_null(&r, i, 2)) {
			if (requeue(cli, role, db_int64s(cli->arena, &row, 1), &count, e))
				return -1;
		} else if (strcmp(role, "ingest") != 0) {
			return err_final(
				e, "letter %lld has neither a row nor a known queue; discard it",
				(long long)db_get_int64(&r, i, 0));
		} else if (publish_again(cli, &r, i, e)) {
			return -1;
		}
		if (close_letter(cli, db_get_int64(&r, i, 0), "retried", NULL, e))
			return -1;
	}
	cli->output = json_pack("{s:I}", "retried", (json_int_t)r.rows);
	return 0;
}

static int dead_discard(struct cli *cli, struct err *e)
{
	struct db_result r;

	if (find(cli, &r, e))
		return -1;
	for (size_t i = 0; i < r.rows; i++)
		if (close_letter(cli, db_get_int64(&r, i, 0), "discarded", cli_get(cli, "reason"),
				 e))
			return -1;
	cli->output = json_pack("{s:I}", "discarded", (json_int_t)r.rows);
	return 0;
}

const struct command dead_commands[] = {
	{"dead list", "", 0, 0, list_fields, dead_list,
	 .help = "List jobs that gave up, those of one cause together"},
	{"dead show", "ID", 1, 1, NULL, dead_show, .help = "Show a job that gave up"},
	{"dead retry", "ID|FINGERPRINT", 1, 1, NULL, dead_retry,
	 .help = "Try one, or all of one cause, again"},
	{"dead discard", "ID|FINGERPRINT", 1, 1, discard_fields, dead_discard,
	 .help = "Give one, or all of one cause, up"},
	{0},
};
