/*
 * outcome - what becomes of a job that did not go well: the one place that decides
 *
 *   RETRY                  due again after a back-off with jitter; counts as an attempt, until attempts_max
 *   RETRY, RATE_LIMIT      due again when the other side said; does not count
 *   RETRY, AUTH            as RETRY, and the job's credential is due to be renewed
 *   FINAL, HELD            a hold with the reason, on the shipment or the order; due again when it is cleared
 *   FINAL, BUG             a dead letter with the reason; due at infinity, until somebody says so
 *
 * Jobs without a row wait on the broker's ladder and end in wb.dead.
 */
#ifndef WAYBILL_OUTCOME_H
#define WAYBILL_OUTCOME_H

#include "core/runtime/role.h"

/*
 * outcome_settle - write down the failures of a batch, in its transaction
 *
 * lease NULL: the rows are not leased. A job whose lease was lost meanwhile is left to whoever has it.
 */
YIELDS
int outcome_settle(struct batch *b, const char *lease, struct err *e);

#define DEAD_QUEUE "wb.dead" /* the last: what goes wrong there has no further place to go */

/*
 * outcome_delay_ms - the back-off after so many failures: 5 s doubling up to 10 min, +-20 %, never below
 * retry_after_ms
 */
int64_t outcome_delay_ms(int attempt, int retry_after_ms);

/*
 * outcome_message - where the message of a job without a row goes next: a rung of the ladder, or wb.dead
 *
 * The message borrows the delivery's body; its headers are in the job's arena.
 */
void outcome_message(const struct role *role, const struct job *job, struct amqp_message *out);

#endif
