/*
 * arena - memory that is freed all at once
 *
 * Everything made for a job lives in the job's arena; nothing is freed by hand. What is
 * not memory (a json_t, a PGresult) is attached with arena_defer(). Allocation does not
 * fail: the process ends, and its jobs are claimed again. What can be made large from
 * outside has a limit at its door.
 *
 * Under AddressSanitizer every allocation is a block of its own, so that overruns show.
 */
#ifndef WAYBILL_ARENA_H
#define WAYBILL_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

struct arena *arena_new(void);

/* arena_free - run the deferred calls, newest first, and free everything. Takes NULL. */
void arena_free(struct arena *a);

/* arena_alloc - zeroed, aligned for any type. size may be 0. */
void *arena_alloc(struct arena *a, size_t size);

/* arena_array - count elements of size bytes, zeroed; an overflow ends the process. */
void *arena_array(struct arena *a, size_t count, size_t size);

char *arena_strdup(struct arena *a, const char *text); /* NULL gives NULL */
char *arena_strndup(struct arena *a, const char *text, size_t max);
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

/* arena_defer - call fn(p) when the arena is freed. */
void arena_defer(struct arena *a, void (*fn)(void *), void *p);

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, count) ((type *)arena_array((a), (count), sizeof(type)))

/*
 * ARENA_PUSH - room for one more element at the end of a growing array
 *
 * items, count and capacity are lvalues; the value is a pointer to the new, zeroed element.
 * Grown arrays leave their old copies in the arena until it is freed.
 */
#define ARENA_PUSH(a, items, count, capacity)                                                      \
	((items) = arena_grow((a), (items), (count), &(capacity), sizeof *(items)),                \
	 (items) + (count)++)

/* LIST - the three in one struct: LIST(struct row) rows = {0}; LIST_PUSH takes its address. */
#define LIST(type)                                                                                 \
	struct {                                                                                   \
		type *items;                                                                       \
		size_t count, capacity;                                                            \
	}
#define LIST_PUSH(a, list) ARENA_PUSH((a), (list)->items, (list)->count, (list)->capacity)

void *arena_grow(struct arena *a, void *items, size_t count, size_t *capacity, size_t size);

#endif
