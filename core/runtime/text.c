/* text - what people read, cut between characters */
#include "core/runtime/text.h"

#include <stdio.h>
#include <string.h>

#include "core/runtime/utf8.h"

/* C0, DEL, and C1, which is two bytes: terminals obey these, and lines end with them. */
static int is_control(const char *text, size_t step)
{
	unsigned char c = (unsigned char)text[0];

	if (step == 1)
		return c < ' ' || c == 0x7f;
	return step == 2 && c == 0xc2 && (unsigned char)text[1] < 0xa0;
}

/* Bytes of what begins like a character and is none: one '?' stands for all of them. */
static size_t bad_length(const char *text, size_t len)
{
	size_t bad = 1;

	while (bad < len && bad < 3 && ((unsigned char)text[0] & 0xc0) == 0xc0 &&
	       ((unsigned char)text[bad] & 0xc0) == 0x80)
		bad++;
	return bad;
}

/* Is this the beginning of a character that goes on where the text ends? */
static int is_incomplete(const char *text, size_t len)
{
	return (unsigned char)text[0] >= 0xc2 && bad_length(text, len) == len;
}

size_t text_fit(char *out, size_t size, const char *text, size_t len)
{
	size_t used = 0, end = 0;

	for (size_t at = 0, step; at < len; at += step) {
		size_t whole = utf8_length(text + at, len - at);
		int is_blank = whole && is_control(text + at, whole);
		size_t room = whole && !is_blank ? whole : 1;

		if (!whole && is_incomplete(text + at, len - at))
			break;
		if (used + room >= size)
			break;
		step = whole ? whole : bad_length(text + at, len - at);
		if (whole && !is_blank)
			memmove(out + used, text + at, room);
		else
			out[used] = is_blank ? ' ' : '?';
		used += room;
		if (!is_blank)
			end = used;
	}
	out[end] = '\0';
	return end;
}

size_t text_vprintf(char *out, size_t size, const char *format, va_list args)
{
	int len = vsnprintf(out, size, format, args);

	if (len < 0)
		len = 0;
	return text_fit(out, size, out, (size_t)len < size ? (size_t)len : size - 1);
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

	text_fit(out, most + 1, text, strnlen(text, most));
	return out;
}

char *text_copy(struct arena *a, const char *text, size_t max)
{
	size_t len = strnlen(text, max);
	char *out = arena_alloc(a, len + 1);

	text_fit(out, len + 1, text, len);
	return out;
}
