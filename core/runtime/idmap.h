/*
 * idmap - where in a list the row of an id is: a hash table in an arena
 *
 * For looking up rows that a batch has read; nothing is taken out again. Zero it to initialize.
 */
#ifndef WAYBILL_IDMAP_H
#define WAYBILL_IDMAP_H

#include <stdint.h>

#include "core/runtime/arena.h"

#define IDMAP_NONE SIZE_MAX

struct idmap_slot {
	int64_t id;
	size_t at; /* + 1; 0: the slot is free */
};

struct idmap {
	struct idmap_slot *slots;
	size_t count, capacity; /* a power of two, at most half of it used */
};

/* idmap_put - id is at this index from now on */
void idmap_put(struct arena *a, struct idmap *m, int64_t id, size_t at);

/* idmap_find - where id is; IDMAP_NONE: it was never put */
size_t idmap_find(const struct idmap *m, int64_t id);

#endif
