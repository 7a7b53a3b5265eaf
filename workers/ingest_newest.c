/* ingest_newest - of the versions of an order that a batch brings, the one that counts */
#include <stdlib.h>

#include "workers/ingest_rows.h"

static int compare_jobs(const void *x, const void *y)
{
	const struct ingest *a = (*(struct job *const *)x)->data,
			    *b = (*(struct job *const *)y)->data;

	if (a->store.id != b->store.id)
		return a->store.id < b->store.id ? -1 : 1;
	int by_id = strcmp(a->event.order.source_id, b->event.order.source_id);

	if (by_id)
		return by_id;
	if (a->event.order.updated_at_us != b->event.order.updated_at_us)
		return a->event.order.updated_at_us < b->event.order.updated_at_us ? -1 : 1;
	return a->is_fetched - b->is_fetched;
}

static int is_same_order(const struct ingest *a, const struct ingest *b)
{
	return a->store.id == b->store.id &&
	       strcmp(a->event.order.source_id, b->event.order.source_id) == 0;
}

size_t ingest_newest(struct job **jobs, size_t count)
{
	size_t kept = 0;

	qsort(jobs, count, sizeof *jobs, compare_jobs);
	for (size_t i = 0; i < count; i++) {
		const struct ingest *in = jobs[i]->data;
		struct ingest *next = i + 1 < count ? jobs[i + 1]->data : NULL;

		if (!next || !is_same_order(in, next)) {
			jobs[kept++] = jobs[i];
			continue;
		}
		next->asks_again |= in->asks_again;
		if (in->event.order.updated_at_us == next->event.order.updated_at_us)
			next->is_disputed =
				in->is_disputed || strcmp(in->hash_hex, next->hash_hex) != 0;
	}
	return kept;
}
