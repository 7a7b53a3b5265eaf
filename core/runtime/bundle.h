/*
 * bundle - row ids of one role as messages of up to BUNDLE_MAX ids: a JSON array each
 */
#ifndef WAYBILL_BUNDLE_H
#define WAYBILL_BUNDLE_H

#include "core/runtime/amqp.h"

enum { BUNDLE_MAX = 256, BUNDLE_BYTES = BUNDLE_MAX * 24 };

/* bundle_count - how many messages so many ids need */
size_t bundle_count(size_t ids);

/* bundle_write - the messages for wb.<role> into out, which has room for bundle_count(count); owned by the arena */
void bundle_write(struct arena *a, const char *role, const int64_t *ids, size_t count,
		  struct amqp_message *out);

/* bundle_write_suspects - a message for each of these ids, which says that it is a suspect; out has room for count */
void bundle_write_suspects(struct arena *a, const char *role, const int64_t *ids, size_t count,
			   struct amqp_message *out);

/* bundle_read - the ids of a message; -1 when it is no bundle. ids has room for BUNDLE_MAX. */
int bundle_read(struct arena *a, const void *body, size_t len, int64_t *ids, size_t *count);

/* bundle_publish - bundle_write() and amqp_publish() in one */
YIELDS
int bundle_publish(struct amqp *m, struct arena *a, const char *role, const int64_t *ids,
		   size_t count, int64_t deadline_ms, struct err *e);

#endif
