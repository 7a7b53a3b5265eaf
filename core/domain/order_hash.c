/*
 * order_hash - whether two views of an order differ in anything that is kept
 *
 * Left out is what a webhook's body and a fetched document do not both carry, or round differently:
 * times, weights, amounts in the customer's currency. Each value is written with its length, so
 * that no two orders are the same text.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/domain/order.h"
#include "core/runtime/secret.h"

static void add_text(FILE *to, const char *text)
{
	fprintf(to, "%zu:%s", text ? strlen(text) : 0, text ? text : "");
}

static void add_number(FILE *to, int64_t number)
{
	fprintf(to, "%" PRId64 ";", number);
}

static int compare_pairs(const void *x, const void *y)
{
	const struct order_pair *a = x, *b = y;
	int by_name = strcmp(a->name ? a->name : "", b->name ? b->name : "");

	return by_name ? by_name : strcmp(a->value ? a->value : "", b->value ? b->value : "");
}

/* Sorted: the two views need not list them in the same order. */
static void add_pairs(FILE *to, struct arena *a, const struct order_pairs *pairs)
{
	struct order_pair *sorted = ARENA_ARRAY(a, struct order_pair, pairs->count);

	add_number(to, (int64_t)pairs->count);
	for (size_t i = 0; i < pairs->count; i++)
		sorted[i] = pairs->items[i];
	if (pairs->count > 1)
		qsort(sorted, pairs->count, sizeof *sorted, compare_pairs);
	for (size_t i = 0; i < pairs->count; i++) {
		add_text(to, sorted[i].name);
		add_text(to, sorted[i].value);
	}
}

static void add_group(FILE *to, const struct order_doc_group *group)
{
	const struct address *a = &group->address;

	add_text(to, delivery_kind_names[group->kind]);
	add_text(to, a->name);
	add_text(to, a->company);
	add_text(to, a->address1);
	add_text(to, a->address2);
	add_text(to, a->city);
	add_text(to, a->province_code);
	add_text(to, a->zip);
	add_text(to, a->country_code);
	add_text(to, a->phone);
	add_text(to, group->service_title);
	add_text(to, group->service_code);
}

static void add_line(FILE *to, struct arena *a, const struct order_doc_line *line)
{
	add_text(to, line->source_id);
	add_text(to, line->variant_id);
	add_text(to, line->sku);
	add_number(to, line->quantity);
	add_number(to, line->current_quantity);
	add_number(to, line->needs_shipping != 0);
	add_number(to, (int64_t)line->group);
	add_text(to, line->title);
	add_text(to, line->variant_title);
	add_number(to, line->unit_price);
	add_number(to, line->discount);
	add_number(to, line->tax);
	add_pairs(to, a, &line->properties);
}

static int compare_lines(const void *x, const void *y)
{
	const struct order_doc_line *const *a = x, *const *b = y;

	return strcmp((*a)->source_id, (*b)->source_id);
}

void order_doc_hash(const struct order_doc *doc, unsigned char out[32])
{
	struct arena *a = arena_new();
	const struct order_doc_line **lines =
		ARENA_ARRAY(a, const struct order_doc_line *, doc->line_count);
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	if (!to)
		die("out of memory: the text of an order");
	add_text(to, doc->source_id);
	add_number(to, doc->cancelled_at_us != 0);
	add_number(to, doc->is_test != 0);
	add_text(to, payment_status_names[doc->payment]);
	add_text(to, doc->currency);
	add_number(to, doc->total);
	add_number(to, doc->refunded);
	add_number(to, doc->outstanding);
	add_number(to, doc->shipping);
	add_number(to, doc->tax);
	add_number(to, doc->discount);
	add_number(to, doc->duties);
	add_text(to, doc->name);
	add_text(to, doc->cancel_reason);
	add_text(to, doc->email);
	add_text(to, doc->phone);
	add_text(to, doc->locale);
	add_text(to, doc->customer_name);
	add_text(to, doc->note);
	add_text(to, doc->gift_message);
	add_pairs(to, a, &doc->attributes);
	add_number(to, (int64_t)doc->tag_count);
	for (size_t i = 0; i < doc->tag_count; i++)
		add_text(to, doc->tags[i]);
	add_number(to, (int64_t)doc->group_count);
	for (size_t i = 0; i < doc->group_count; i++)
		add_group(to, &doc->groups[i]);
	for (size_t i = 0; i < doc->line_count; i++)
		lines[i] = &doc->lines[i];
	qsort(lines, doc->line_count, sizeof *lines, compare_lines);
	for (size_t i = 0; i < doc->line_count; i++)
		add_line(to, a, lines[i]);
	if (fclose(to))
		die("out of memory: the text of an order");
	sha256(text, len, out);
	free(text);
	arena_free(a);
}
