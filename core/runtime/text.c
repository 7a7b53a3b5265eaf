/* text - what people read, cut between characters */
#include "core/runtime/text.h"

#include <stdio.h>
#include <string.h>

#include "core/runtime/utf8.h"

size_t text_vprintf(char *out, size_t size, const char *format, va_list args)
{
	int len = vsnprintf(out, size, format, args);

	if (len < 0)
		len = 0;
	size_t used = utf8_fit(out, size, out, (size_t)len < size ? (size_t)len : size - 1);

	while (used && out[used - 1] == ' ') /* libpq's texts end with a line's end */
		used--;
	out[used] = '\0';
	return used;
}

int text_is_blank(const char *text)
{
	return !text || text[strspn(text, " ")] == '\0';
}

size_t text_printf(char *out, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	size_t len = text_vprintf(out, size, format, args);
	va_end(args);
	return len;
}

const char *text_cut(const char *text, size_t max)
{
	static char buffers[8][TEXT_CUT_MAX + 1];
	static unsigned next;
	char *out = buffers[next++ % 8];
	size_t most = max < TEXT_CUT_MAX ? max : TEXT_CUT_MAX;

	utf8_fit(out, most + 1, text, strnlen(text, most));
	return out;
}
