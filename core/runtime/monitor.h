/*
 * monitor - /metrics and /healthz of a process, on a listener of their own that is never public
 */
#ifndef WAYBILL_MONITOR_H
#define WAYBILL_MONITOR_H

#include <stddef.h>

#include "core/runtime/arena.h"
#include "core/runtime/err.h"
#include "core/runtime/httpd.h"

/* Something the process depends on. */
struct dependency {
	const char *name;
	YIELDS
	int (*is_up)(void *arg);
	void *arg;
	int is_needed; /* its absence is a failure; otherwise it is only told */
};

/* database_is_up, broker_is_up - for a dependency whose arg is a struct db_pool, a struct amqp */
YIELDS
int database_is_up(void *pool);
int broker_is_up(void *broker);

/* health_answer - 200 or 503, and a line for each: "database up" */
YIELDS
void health_answer(struct arena *a, const struct dependency *dependencies, size_t count,
		   struct httpd_answer *out);

/* health_missing - the names of those that are needed and away: "database, broker", "" for none; in the arena */
YIELDS
const char *health_missing(struct arena *a, const struct dependency *dependencies, size_t count);

/*
 * monitor_open - dependencies stay the caller's until httpd_close(). listen NULL or "": *out is NULL.
 *
 * An address that is taken is an error that names the remedy.
 */
int monitor_open(const char *listen, const struct dependency *dependencies, size_t count,
		 struct httpd **out, struct err *e);

#endif
