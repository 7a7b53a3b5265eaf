/*
 * notify - mail the customer
 *
 * in:  notices: a parcel is on its way, units wait, units that waited are packed
 * out: the mail, with a Message-ID that is the same in every attempt
 *
 * At least once: when the answer to a sent mail is lost it is sent again, with the same Message-ID. A customer
 * without an address, or whose address is refused, is recorded and not tried again.
 */
#include "core/domain/mail.h"
#include "core/runtime/jmap.h"
#include "core/runtime/log.h"
#include "workers/roles.h"

struct letter {
	const char *template;
	struct mail_envelope envelope;
	const char *data; /* JSON */
	const char *outcome;
};

static const char *message_id(struct arena *a, const char *from, int64_t order, int64_t notice)
{
	const char *at = strrchr(from, '@');

	return arena_printf(a, "waybill-%lld-%lld@%s", (long long)order, (long long)notice,
			    at ? at + 1 : "localhost");
}

static struct letter *read_letter(struct arena *a, const struct db_result *r, size_t row)
{
	struct letter *l = ARENA_NEW(a, struct letter);
	const char *from = arena_strdup(a, db_get_text(r, row, 6));

	l->template = arena_strdup(a, db_get_text(r, row, 3));
	l->data = arena_strdup(a, db_get_text(r, row, 10));
	l->envelope = (struct mail_envelope){
		.from_name = arena_strdup(a, db_get_text(r, row, 5)),
		.from_address = from,
		.to_name = arena_strdup(a, db_get_text(r, row, 7)),
		.to_address = arena_strdup(a, db_get_text(r, row, 8)),
		.message_id = message_id(a, from ? from : "", db_get_int64(r, row, 1),
					 db_get_int64(r, row, 0)),
		.date_us = db_get_int64(r, row, 4),
	};
	return l;
}

static int notify_claim(struct batch *b, struct err *e)
{
	struct db_result r;

	if (db_run(b->db, b->arena, SQL_NOTIFY_CLAIM, &r, e, batch_ids(b, 0, NULL),
		   db_text(b->lease), db_int64(b->arena, b->role->lease_s)))
		return -1;
	for (size_t i = 0; i < r.rows; i++) {
		struct job *job = batch_job(b, db_get_int64(&r, i, 0));
		struct letter *l = read_letter(job->arena, &r, i);

		job->is_claimed = 1;
		job->order_id = db_get_int64(&r, i, 1);
		job->attempt = (int)db_get_int64(&r, i, 2);
		job->store_id = db_get_int64(&r, i, 9);
		job->data = l;
		job->acts = l->envelope.to_address && l->envelope.from_address &&
			    b->context->conf->mail.url[0];
		if (!job->acts)
			l->outcome = l->envelope.to_address ? "not_wanted" : "no_address";
	}
	return 0;
}

YIELDS
static int notify_act(struct job *job, struct err *e)
{
	struct letter *l = job->data;
	struct mail_server server = {
		.url = job->context->conf->mail.url,
		.allow_plain = job->context->conf->mail.allow_plain,
		.user = job->context->conf->mail.user,
		.password = job->context->mail_password,
	};
	struct mail mail;
	json_t *data;

	if (jmap_parse(job->arena, l->data, strlen(l->data), strlen(l->data), &data, e) ||
	    mail_render(job->arena, job->context->templates, l->template, data, &mail, e))
		return -1;
	l->outcome = "sent";
	if (mail_send(job->arena, &server, &l->envelope, &mail, e) == 0)
		return 0;
	if (e->kind != ERR_FINAL || (e->code != ERR_CODE_DATA && e->code != ERR_CODE_HELD))
		return -1;
	/* The address will not become better by trying. */
	log_info("event=mail id=%lld order=%lld outcome=refused error=%s", (long long)job->id,
		 (long long)job->order_id, log_quote(e->msg));
	l->outcome = "refused";
	return 0;
}

static int notify_settle(struct batch *b, struct err *e)
{
	const char **outcomes = ARENA_ARRAY(b->arena, const char *, b->count);
	size_t n = 0;

	for (size_t i = 0; i < b->count; i++)
		if (job_is_good(b->jobs[i]))
			outcomes[n++] = ((struct letter *)b->jobs[i]->data)->outcome;
	return n == 0 ? 0
		      : db_later(b->db, b->arena, SQL_NOTIFY_DONE, e, batch_ids(b, 1, NULL),
				 db_text(b->lease), db_texts(b->arena, outcomes, n));
}

const struct role notify_role = {
	.name = "notify",
	.table = "notice",
	.lease_s = 120,
	.attempts_max = 12,
	.claim = notify_claim,
	.act = notify_act,
	.settle = notify_settle,
};
