/* arena - memory that is freed all at once */
#include "core/runtime/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/runtime/err.h"
#include "core/runtime/sanitizer.h"

enum {
	BLOCK_BYTES = 8192 - 64, /* with malloc's header, two pages */
	ALIGN = _Alignof(max_align_t),
};

struct block {
	struct block *next;
	size_t size, used;
	_Alignas(max_align_t) unsigned char data[];
};

struct deferred {
	struct deferred *next;
	void (*fn)(void *);
	void *p;
};

struct arena {
	struct block *blocks; /* the first one is being filled */
	struct deferred *deferred;
};

static struct block *block_new(size_t size)
{
	struct block *b = malloc(sizeof *b + size);

	if (!b)
		die("out of memory: %zu bytes", size);
	b->size = size;
	b->used = 0;
	return b;
}

struct arena *arena_new(void)
{
	struct arena *a = calloc(1, sizeof *a);

	if (!a)
		die("out of memory: an arena");
	return a;
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	for (struct deferred *d = a->deferred; d; d = d->next)
		d->fn(d->p);
	for (struct block *b = a->blocks, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	free(a);
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct block *b = a->blocks;

	if (size > SIZE_MAX / 2)
		die("out of memory: %zu bytes", size);
	size = (size + ALIGN - 1) / ALIGN * ALIGN;
	if (WAYBILL_ASAN || size > BLOCK_BYTES / 4) {
		/* A block of its own, behind the one that is being filled. */
		struct block *own = block_new(size);

		own->used = size;
		own->next = b ? b->next : NULL;
		if (b)
			b->next = own;
		else
			a->blocks = own;
		return memset(own->data, 0, size);
	}
	if (!b || b->size - b->used < size) {
		b = block_new(BLOCK_BYTES);
		b->next = a->blocks;
		a->blocks = b;
	}
	void *p = b->data + b->used;

	b->used += size;
	return memset(p, 0, size);
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		die("out of memory: %zu elements of %zu bytes", count, size);
	return arena_alloc(a, bytes);
}

char *arena_strdup(struct arena *a, const char *text)
{
	return text ? arena_strndup(a, text, strlen(text)) : NULL;
}

char *arena_strndup(struct arena *a, const char *text, size_t max)
{
	size_t len = strnlen(text, max);
	char *copy = arena_alloc(a, len + 1);

	memcpy(copy, text, len);
	return copy;
}

char *arena_vprintf(struct arena *a, const char *format, va_list args)
{
	va_list again;

	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (len < 0)
		die("cannot format text");
	char *text = arena_alloc(a, (size_t)len + 1);

	vsnprintf(text, (size_t)len + 1, format, args);
	return text;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	char *text = arena_vprintf(a, format, args);
	va_end(args);
	return text;
}

void arena_defer(struct arena *a, void (*fn)(void *), void *p)
{
	struct deferred *d = ARENA_NEW(a, struct deferred);

	d->fn = fn;
	d->p = p;
	d->next = a->deferred;
	a->deferred = d;
}

void *arena_grow(struct arena *a, void *items, size_t count, size_t *capacity, size_t size)
{
	if (count < *capacity)
		return items;
	size_t larger = *capacity ? *capacity * 2 : 8;
	void *copy = arena_array(a, larger, size);

	if (count)
		memcpy(copy, items, count * size);
	*capacity = larger;
	return copy;
}
