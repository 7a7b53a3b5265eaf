/*
 * batch - one run of claim or settle: its transaction, its repeats, its follow-ups
 *
 * A conflict with another transaction is tried again. On any other error the jobs are run one at a time, so that only
 * the culprit fails. When the database goes away in between, it waits for it.
 */
#ifndef WAYBILL_BATCH_H
#define WAYBILL_BATCH_H

#include "core/runtime/role.h"
#include "core/runtime/watchdog.h"

struct batch_run {
	const struct role *role;
	const struct context *context;
	struct db_pool *pool;
	struct amqp *publisher;
	const char *holder; /* claim: what the leases begin with */
	const char *lease;  /* settle: the lease that the jobs have in common */
	struct job **jobs;
	size_t count;
	struct promise *promise; /* set by the functions below */
};

/*
 * batch_claim, batch_settle - run one step for these jobs; db is taken over and given back
 *
 * Afterwards each job is claimed (with its lease and its deadline), or settled, or has err set and written down, or
 * was dropped. Follow-ups are published after the commit; a failure there is logged, and the clock publishes them.
 * For a role without act, batch_claim does both steps.
 */
YIELDS
void batch_claim(const struct batch_run *run, struct db *db);
/* batch_claim_suspect - the same for one suspect, which is counted before, or does not run any more (suspect.h) */
YIELDS
void batch_claim_suspect(const struct batch_run *run, struct db *db);
YIELDS
void batch_settle(const struct batch_run *run, struct db *db);

#endif
