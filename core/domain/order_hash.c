/*
 * order_hash - whether two views of an order differ in anything that matters for fulfilment
 *
 * Left out is what a webhook's body and a fetched document do not both carry, or round differently:
 * times, weights, titles, prices of lines, amounts in the customer's currency. Each value is
 * written with its length, so that no two orders are the same text.
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
}

static void add_line(FILE *to, const struct order_doc_line *line)
{
	add_text(to, line->source_id);
	add_text(to, line->variant_id);
	add_text(to, line->sku);
	add_number(to, line->quantity);
	add_number(to, line->current_quantity);
	add_number(to, line->needs_shipping != 0);
	add_number(to, (int64_t)line->group);
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
	add_text(to, payment_status_names[doc->payment]);
	add_text(to, doc->currency);
	add_number(to, doc->total);
	add_number(to, doc->refunded);
	add_number(to, doc->outstanding);
	add_text(to, doc->email);
	add_text(to, doc->note);
	add_number(to, (int64_t)doc->group_count);
	for (size_t i = 0; i < doc->group_count; i++)
		add_group(to, &doc->groups[i]);
	for (size_t i = 0; i < doc->line_count; i++)
		lines[i] = &doc->lines[i];
	qsort(lines, doc->line_count, sizeof *lines, compare_lines);
	for (size_t i = 0; i < doc->line_count; i++)
		add_line(to, lines[i]);
	if (fclose(to))
		die("out of memory: the text of an order");
	sha256(text, len, out);
	free(text);
	arena_free(a);
}
