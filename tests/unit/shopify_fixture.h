/* shopify_fixture - texts of the Shopify connector's fixtures, and ways to spoil them */
#ifndef WAYBILL_SHOPIFY_FIXTURE_H
#define WAYBILL_SHOPIFY_FIXTURE_H

#include <stddef.h>

#include "core/domain/order.h"
#include "core/runtime/arena.h"

/* fixture - a file of connectors/shopify/fixtures; the test fails when it is not there */
const char *fixture(struct arena *a, const char *name);

/* with - text with its first occurrence of from, which must be there, as to */
const char *with(struct arena *a, const char *text, const char *from, const char *to);

/* assert_same_order - every field that either source can know, and the hash over what matters */
void assert_same_order(const struct order_doc *one, const struct order_doc *other);

#endif
