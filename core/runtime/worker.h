/*
 * worker - the process around the roles: consuming, batching, settling, stopping
 *
 * Messages wait in memory (bounded by the prefetch) until a connection to the database is free; then up to
 * batch_max of them become one claim. There is no timer to wait for. Finished jobs are settled in the same way.
 * A message is acknowledged when all of its jobs are settled and their follow-ups are confirmed.
 */
#ifndef WAYBILL_WORKER_H
#define WAYBILL_WORKER_H

#include "core/runtime/role.h"

/*
 * worker_run - run these roles until SIGTERM; the process's exit status
 *
 * unit names this worker among those of the host ("route@1"): on start it frees the leases its former self
 * held. NULL: a name by process id, whose leases run out by themselves. metrics is the host:port of its /metrics and
 * /healthz; NULL: none.
 */
int worker_run(const struct context *context, const struct role *const *roles, size_t count,
	       const char *unit, const char *metrics);

#endif
