/*
 * renew - access tokens, before they expire and when they are refused
 *
 * in:  access tokens that are due
 * out: a new one, sealed; due again at 80 % of its life
 *
 * Once for all workers: the token's row is leased like any other work. Everybody else reads the token with its claims.
 */
#include "connectors/platform.h"
#include "workers/roles.h"

struct renewal {
	const struct platform *platform;
	struct account account;
	struct platform_token token;
	int is_doubted; /* the store is said to have removed us */
	int has_left;	/* and it has: it refuses us a token */
};

static int unseal(struct batch *b, struct arena *a, const struct db_result *r, size_t row,
		  int column, struct secret *out, struct err *e)
{
	size_t len;
	const unsigned char *sealed = db_get_bytes(a, r, row, column + 1, &len);

	if (!sealed)
		return err_final(e, "the store has no client id or no client secret; set them with "
				    "`waybill store set`");
	return secret_open(
		a, b->context->key,
		arena_printf(a, "credential:%lld", (long long)db_get_int64(r, row, column)), sealed,
		len, out, e);
}

static int renew_claim(struct batch *b, struct err *e)
{
	struct db_result r;

	if (db_run(b->db, b->arena, SQL_RENEW_CLAIM, &r, e, batch_ids(b, 0, NULL),
		   db_text(b->lease), db_int64(b->arena, b->role->lease_s)))
		return -1;
	for (size_t i = 0; i < r.rows; i++) {
		struct job *job = batch_job(b, db_get_int64(&r, i, 0));
		struct arena *a = job->arena;
		struct renewal *n = ARENA_NEW(a, struct renewal);
		struct err broken = {0};

		n->account = (struct account){
			.id = db_get_int64(&r, i, 2),
			.connector = arena_strdup(a, db_get_text(&r, i, 3)),
			.name = arena_strdup(a, db_get_text(&r, i, 4)),
			.api_base = arena_strdup(a, db_get_text(&r, i, 5)),
		};
		n->platform = platform_by_name(n->account.connector, &broken);
		n->is_doubted = db_get_bool(&r, i, 10);
		job->is_claimed = job->acts = 1;
		job->attempt = (int)db_get_int64(&r, i, 1);
		job->store_id = n->account.id;
		job->data = n;
		if (!n->platform || unseal(b, a, &r, i, 6, &n->account.client_id, &broken) ||
		    unseal(b, a, &r, i, 8, &n->account.client_secret, &broken))
			job_fail(job, &broken);
	}
	return 0;
}

YIELDS
static int renew_act(struct job *job, struct err *e)
{
	struct renewal *n = job->data;
	struct api api = {
		.arena = job->arena, .account = &n->account, .deadline_ms = job->deadline_ms};

	if (!n->platform->token)
		return err_final(e, "this platform's tokens cannot be renewed");
	if (n->platform->token(&api, &n->token, e)) {
		n->has_left = n->is_doubted && e->code == ERR_CODE_AUTH;
		return n->has_left ? 0 : -1;
	}
	return 0;
}

static int renew_settle(struct batch *b, struct err *e)
{
	for (size_t i = 0; i < b->count; i++) {
		const struct job *job = b->jobs[i];
		const struct renewal *n = job->data;
		unsigned char *sealed;
		size_t len;

		if (!job_is_good(job))
			continue;
		if (n->has_left) {
			if (db_later(b->db, b->arena, SQL_STORE_LEFT, e,
				     db_int64(b->arena, job->store_id), db_text(b->lease)))
				return -1;
			continue;
		}
		secret_seal(b->arena, b->context->key,
			    arena_printf(b->arena, "credential:%lld", (long long)job->id),
			    n->token.token, &sealed, &len);
		if (db_later(b->db, b->arena, SQL_RENEW_DONE, e, db_int64(b->arena, job->id),
			     db_text(b->lease), db_bytes(sealed, len),
			     db_int64(b->arena, n->token.expires_in_s)))
			return -1;
	}
	return 0;
}

const struct role renew_role = {
	.name = "renew",
	.table = "credential",
	.lease_s = 90,
	.attempts_max = 1000000, /* without a token nothing goes on: never give up */
	.claim = renew_claim,
	.act = renew_act,
	.settle = renew_settle,
};
