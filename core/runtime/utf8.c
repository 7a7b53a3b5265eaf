/* utf8 - what is a character, and what is not (RFC 3629) */
#include "core/runtime/utf8.h"

#include <string.h>

static int is_continuation(unsigned char c)
{
	return c >= 0x80 && c <= 0xBF;
}

size_t utf8_length(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t need;

	if (len == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xC2 && p[0] <= 0xDF)
		need = 2;
	else if (p[0] >= 0xE0 && p[0] <= 0xEF)
		need = 3;
	else if (p[0] >= 0xF0 && p[0] <= 0xF4)
		need = 4;
	else
		return 0;
	if (len < need)
		return 0;
	for (size_t i = 1; i < need; i++)
		if (!is_continuation(p[i]))
			return 0;
	if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xF0 && p[1] < 0x90))
		return 0; /* overlong */
	if ((p[0] == 0xED && p[1] > 0x9F) || (p[0] == 0xF4 && p[1] > 0x8F))
		return 0; /* a surrogate, or beyond the last character */
	return need;
}

size_t utf8_bad_at(const char *text, size_t len)
{
	size_t at = 0, step;

	while (at < len && (step = utf8_length(text + at, len - at)))
		at += step;
	return at;
}

size_t utf8_control(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;

	if (len > 0 && (p[0] < 0x20 || p[0] == 0x7F))
		return 1;
	return len > 1 && p[0] == 0xC2 && p[1] >= 0x80 && p[1] < 0xA0 ? 2 : 0;
}

/* Bytes of what begins like a character and is none: one '?' stands for all of them. */
static size_t bad_length(const char *text, size_t len)
{
	size_t bad = 1;

	while (bad < len && bad < 3 && (unsigned char)text[0] >= 0xC0 &&
	       is_continuation((unsigned char)text[bad]))
		bad++;
	return bad;
}

/* Is this the beginning of a character that would go on where the text ends? */
static int is_incomplete(const char *text, size_t len)
{
	return (unsigned char)text[0] >= 0xC2 && bad_length(text, len) == len;
}

size_t utf8_fit(char *out, size_t size, const char *text, size_t len)
{
	size_t used = 0, step;

	for (; len; text += step, len -= step) {
		size_t whole = utf8_length(text, len);
		int is_control = utf8_control(text, len) > 0;
		size_t room = whole && !is_control ? whole : 1;

		if (used + room >= size || (!whole && is_incomplete(text, len)))
			break;
		step = whole ? whole : bad_length(text, len);
		if (whole && !is_control)
			memmove(out + used, text, room);
		else
			out[used] = is_control ? ' ' : '?';
		used += room;
	}
	out[used] = '\0';
	return used;
}

char *utf8_clean(struct arena *a, const char *text, size_t len, size_t max_bytes)
{
	size_t size = (len < max_bytes ? len : max_bytes) + 1;
	char *copy = arena_alloc(a, size);

	utf8_fit(copy, size, text, len);
	return copy;
}
