/* idmap - where in a list the row of an id is: a hash table in an arena */
#include "core/runtime/idmap.h"

enum { CAPACITY_FIRST = 16 };

/* The finalizer of MurmurHash3: ids that follow each other are spread over all slots. */
static size_t hash(int64_t id)
{
	uint64_t h = (uint64_t)id;

	h = (h ^ (h >> 33)) * UINT64_C(0xff51afd7ed558ccd);
	h = (h ^ (h >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
	return (size_t)(h ^ (h >> 33));
}

/* The slot of id, or the free one where it would be. */
static struct idmap_slot *slot_of(const struct idmap *m, int64_t id)
{
	size_t n = hash(id) & (m->capacity - 1);

	while (m->slots[n].at && m->slots[n].id != id)
		n = (n + 1) & (m->capacity - 1);
	return m->slots + n;
}

static void grow(struct arena *a, struct idmap *m)
{
	struct idmap larger = {.capacity = m->capacity ? m->capacity * 2 : CAPACITY_FIRST};

	larger.slots = ARENA_ARRAY(a, struct idmap_slot, larger.capacity);
	for (size_t n = 0; n < m->capacity; n++)
		if (m->slots[n].at)
			*slot_of(&larger, m->slots[n].id) = m->slots[n];
	larger.count = m->count;
	*m = larger;
}

void idmap_put(struct arena *a, struct idmap *m, int64_t id, size_t at)
{
	if (m->count >= m->capacity / 2)
		grow(a, m);
	struct idmap_slot *slot = slot_of(m, id);

	m->count += !slot->at;
	*slot = (struct idmap_slot){id, at + 1};
}

size_t idmap_find(const struct idmap *m, int64_t id)
{
	return m->capacity ? slot_of(m, id)->at - 1 : IDMAP_NONE;
}
