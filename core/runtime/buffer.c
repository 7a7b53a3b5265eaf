/* buffer - text that grows in an arena */
#include "core/runtime/buffer.h"

#include <stdarg.h>
#include <string.h>

void buffer_add(struct buffer *b, const void *data, size_t len)
{
	if (b->capacity - b->len <= len) {
		size_t larger =
			b->capacity * 2 > b->len + len + 1 ? b->capacity * 2 : b->len + len + 1;
		char *copy = arena_alloc(b->arena, larger);

		if (b->len)
			memcpy(copy, b->data, b->len);
		b->data = copy;
		b->capacity = larger;
	}
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buffer_text(struct buffer *b, const char *text)
{
	buffer_add(b, text, strlen(text));
}

void buffer_char(struct buffer *b, char c)
{
	buffer_add(b, &c, 1);
}

void buffer_printf(struct buffer *b, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buffer_text(b, arena_vprintf(b->arena, format, args));
	va_end(args);
}
