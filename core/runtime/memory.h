/*
 * memory - allocation for libraries that can be given one: without memory the process ends, as with arena.h
 *
 * What a library makes of a NULL is its own affair: jansson takes the document for none, or goes on with a part of
 * a text. The functions are those of the C library but for that.
 */
#ifndef WAYBILL_MEMORY_H
#define WAYBILL_MEMORY_H

#include <stddef.h>

void *memory_new(size_t size);
void *memory_zeroed(size_t count, size_t size);
void *memory_resize(void *old, size_t size);
char *memory_text(const char *text);

#endif
