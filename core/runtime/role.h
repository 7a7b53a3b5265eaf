/*
 * role - what a worker does: claim, act, settle
 *
 *   claim   one transaction for many jobs: take the rows that are due, lease them, read what acting needs
 *   act     one fiber per job: the outside world. No database here
 *   settle  one transaction for many finished jobs: results, events, next steps
 *
 * A role without an outside world has no act: claim and settle are then one transaction, and no lease is
 * written. Everything around the three steps is in batch.c and line.c, and is the same for all roles.
 *
 * claim and settle may be run again, for fewer jobs, after a rollback: they keep nothing outside of the
 * database, the jobs' data and err, and what they hand to batch_*().
 */
#ifndef WAYBILL_ROLE_H
#define WAYBILL_ROLE_H

#include <stddef.h>
#include <stdint.h>

#include "core/runtime/amqp.h"
#include "core/runtime/arena.h"
#include "core/runtime/conf.h"
#include "core/runtime/db.h"
#include "core/runtime/err.h"
#include "core/runtime/secret.h"

struct mail_templates;
struct suspect;

enum { LEASE_MARGIN_MS = 15000 }; /* act ends so long before its lease */

/* What all jobs of a process share; read-only after the start. */
struct context {
	const struct conf *conf;
	const struct master_key *key;
	const struct mail_templates *templates;
	struct secret mail_password;
};

struct job {
	int64_t id;	     /* the row's; 0 where the message is the job (ingest) */
	struct arena *arena; /* from delivery to the end */
	const struct context *context;
	const struct amqp_delivery *delivery; /* the message it came in */
	int is_claimed;			      /* set by claim; others are dropped without a word */
	int is_left;			      /* by job_leave() */
	int acts;			      /* set by claim: there is something to do outside */
	int attempt;	       /* failures before this one; set by claim (ingest: the message's) */
	const char *lease;     /* claimed to act: the token that settle demands */
	int64_t deadline_ms;   /* of loop_now_ms(): act must be done by then */
	int64_t credential_id; /* set by claim: what to renew after ERR_CODE_AUTH; 0: nothing */
	int64_t order_id, store_id; /* set by claim where known: for dead letters and holds */
	void *data;		    /* the role's */
	struct suspect *suspect; /* its worker may have died of it (suspect.h); NULL: most jobs */

	/* The outcome. Set by act's return, or by claim and settle for a job that fails on its own. */
	struct err err;
	int64_t due_at_us;     /* RETRY: not before this; 0: back-off by attempt */
	const char *hold_kind; /* ERR_CODE_HELD: kind of the hold; NULL: the role's name */
};

struct followup;

struct batch {
	struct arena *arena; /* of this run of claim or settle */
	struct db *db;	     /* in a transaction */
	const struct role *role;
	const struct context *context;
	const char *lease; /* claim: the token to write, settle: the one to demand */
	struct job **jobs;
	size_t count;
	struct amqp *publisher;		 /* for reconcile, which publishes before it commits */
	struct followup *first_followup; /* kept by batch_due() */
};

struct role {
	const char *name;  /* queue wb.<name> */
	const char *table; /* of its rows; NULL: jobs have none */
	size_t batch_max;  /* jobs per claim; 0: the configuration's, as for settles */
	int lease_s;	   /* longer than act takes; only with act */
	int attempts_max;  /* counted failures before it is a dead letter */
	int (*claim)(struct batch *b, struct err *e);
	int (*act)(struct job *job, struct err *e); /* YIELDS */
	/*
	 * The facts that must not be lost when the rest of a settle is refused (money spent): called alone then,
	 * for a job that has failed by it; else by settle, first of all. NULL: the role has none.
	 */
	int (*keep)(struct batch *b, struct err *e);
	int (*settle)(struct batch *b, struct err *e);
};

/* batch_due - after the commit, publish a job for role; bundled. */
void batch_due(struct batch *b, const char *role, int64_t id);

/*
 * batch_ids - the ids of the jobs, in the batch's order, as a parameter; only jobs without an error when only_good
 * is set
 */
struct db_value batch_ids(struct batch *b, int only_good, size_t *count);

/* batch_job - the job of this id; NULL when the batch has none */
struct job *batch_job(const struct batch *b, int64_t id);

/* job_fail - the outcome of one job, without failing the batch */
void job_fail(struct job *job, const struct err *e);

/*
 * job_leave - a job that was claimed is for the next batch: this one would take too long
 *
 * For roles without act. One job at least must not be left, or nothing ever gets done.
 */
void job_leave(struct job *job);

/* job_is_good - nothing has gone wrong with it so far */
int job_is_good(const struct job *job);

#endif
