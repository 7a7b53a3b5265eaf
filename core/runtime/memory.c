/* memory - allocation for libraries that can be given one */
#include "core/runtime/memory.h"

#include <stdlib.h>
#include <string.h>

#include "core/runtime/err.h"

void *memory_new(size_t size)
{
	void *new = malloc(size);

	if (!new &&size)
		die("out of memory: %zu bytes in a library", size);
	return new;
}

void *memory_zeroed(size_t count, size_t size)
{
	void *new = calloc(count, size);

	if (!new &&count && size)
		die("out of memory: %zu times %zu bytes in a library", count, size);
	return new;
}

void *memory_resize(void *old, size_t size)
{
	void *new = realloc(old, size);

	if (!new &&size)
		die("out of memory: %zu bytes in a library", size);
	return new;
}

char *memory_text(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(memory_new(size), text, size);
}
