/*
 * suspect - a job whose worker may have died of it
 *
 * A process that dies leaves messages, which the broker delivers again, and leases, which a worker that starts or
 * the clock finds. Whose fault it was nobody can tell, so all of these jobs are suspects. Each is tried alone: in
 * batches of its own, and while its process has no other suspect under way. Each try is counted, in a transaction
 * of its own, before it begins. Jobs that nobody suspects pay nothing for this.
 *
 *   - A suspect that comes to an end in good order, good or failed, is none any more.
 *   - A job with a row and an act that was not leased when its worker died is cleared by its claim. The others stay
 *     alone to the end.
 *   - One whose worker died in a try waits for the next: 5 s, 30 s, 2 min. After SUSPECT_TRIES of them in a row it
 *     becomes a dead letter, "its worker died 4 times at it"; `waybill dead retry` begins anew.
 *
 * Kills from outside hit some job, too. But only the suspect that is being tried is counted, and to be taken for a
 * poison a job must be hit in four tries in a row, of which the last begins more than two and a half minutes after
 * the first (docs/adr/0015-suspects.md).
 */
#ifndef WAYBILL_SUSPECT_H
#define WAYBILL_SUSPECT_H

#include "core/runtime/role.h"

enum { SUSPECT_TRIES = 4 };

struct suspect {
	const char *key; /* in the table: the row's id, or a hash of the message */
	int64_t tries;	 /* so far, this one included */
	int64_t wait_us; /* it has to wait for so long before the next */
	int is_begun;	 /* its worker died after its claim */
};

/* suspect_new - in the job's arena; reads the job's id and delivery */
struct suspect *suspect_new(const struct job *job);

/* suspect_stays - is it alone until its settle? Otherwise its claim is all there was to fear, or it is over. */
int suspect_stays(const struct role *role, const struct job *job);

/*
 * suspect_try - a step of a batch of one: count the try
 *
 * suspect_may_run() says then whether the job shall be claimed. If not, suspect_refuse() is the step instead, without
 * running any code of the role: it waits, or is a dead letter now.
 */
YIELDS
int suspect_try(struct batch *b, struct err *e);
int suspect_may_run(const struct job *job);
YIELDS
int suspect_refuse(struct batch *b, struct err *e);

/* suspect_claimed - behind the claim of one: what is cleared by it is forgotten; what was not there was not tried */
YIELDS
int suspect_claimed(struct batch *b, struct err *e);

/* suspect_ended - behind the outcomes of a batch: suspects among its jobs are forgotten */
YIELDS
int suspect_ended(struct batch *b, struct err *e);

#endif
