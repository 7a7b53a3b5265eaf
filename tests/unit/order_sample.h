/* order_sample - orders to test with: one as JSON, to be spoiled at one place, and one in memory */
#ifndef WAYBILL_ORDER_SAMPLE_H
#define WAYBILL_ORDER_SAMPLE_H

#include <jansson.h>

#include "core/domain/order.h"

extern const char order_sample[]; /* a good order as JSON: two groups, two lines */

/* json_of - the test's own JSON, parsed; the test fails when it is none */
json_t *json_of(const char *text);

/* read_order - read and check, as a worker does */
int read_order(struct arena *a, const char *text, struct order_doc *out, struct err *e);

/*
 * read_changed_order - order_sample with one thing changed, read and checked. path is like
 * "lines.0.quantity"; value is taken over, NULL takes away what is there.
 */
int read_changed_order(struct arena *a, const char *path, json_t *value, struct order_doc *out,
		       struct err *e);

/* An order in memory with as little in it as an order may have. */
struct small_order {
	struct order_doc doc;
	struct order_doc_group group;
	struct order_doc_line line;
};

void small_order_init(struct small_order *o);

#endif
