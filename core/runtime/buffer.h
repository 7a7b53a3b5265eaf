/*
 * buffer - text that grows in an arena
 *
 * Zero it but for the arena. data is NULL as long as nothing was added, and always ends with a NUL that len does
 * not count.
 */
#ifndef WAYBILL_BUFFER_H
#define WAYBILL_BUFFER_H

#include <stddef.h>

#include "core/runtime/arena.h"

struct buffer {
	struct arena *arena;
	char *data;
	size_t len, capacity;
};

void buffer_add(struct buffer *b, const void *data, size_t len);
void buffer_text(struct buffer *b, const char *text);
void buffer_char(struct buffer *b, char c);
void buffer_printf(struct buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
