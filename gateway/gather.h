/*
 * gather - messages that many requests publish in one turn of the loop go to the broker together
 */
#ifndef WAYBILL_GATEWAY_GATHER_H
#define WAYBILL_GATEWAY_GATHER_H

#include "core/runtime/amqp.h"

struct gather_entry;

struct gather {
	struct amqp *broker;
	int deadline_ms; /* a message is confirmed within this time or not at all */
	struct gather_entry *first, *last;
	size_t count;
};

/* gather_publish - like amqp_publish() of one message. The fiber must not be cancelled. */
YIELDS
int gather_publish(struct gather *g, const struct amqp_message *message, struct err *e);

#endif
