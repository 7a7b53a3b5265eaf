/*
 * worker - the process around the roles: a line for each, one pool of connections, start and stop
 *
 * On SIGTERM nothing more is claimed; what was claimed is finished and settled, and the other messages go back.
 * What does not end in time is left as after a crash.
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
