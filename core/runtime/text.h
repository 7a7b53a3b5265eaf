/*
 * text - what people read, cut between characters
 *
 * Every text that enters an error, a hold, a note or a log goes through here: it is UTF-8 afterwards, whatever the bytes
 * were, because PostgreSQL refuses anything else, and with it the whole statement. A format's precision cuts inside a
 * character; tools/check refuses it.
 */
#ifndef WAYBILL_TEXT_H
#define WAYBILL_TEXT_H

#include <stdarg.h>
#include <stddef.h>

#include "core/runtime/arena.h"

enum { TEXT_CUT_MAX = 500 };

/*
 * text_fit - as much of text as fits into size bytes, terminated; its length
 *
 * Whole characters on one line: a blank for each control character, a '?' for what is not UTF-8. Control characters and
 * an incomplete character at the end are left out, so what was cut by others is mended, too. out may be text itself:
 * nothing gets longer. size is at least 1.
 */
size_t text_fit(char *out, size_t size, const char *text, size_t len);

/* text_printf - print, then text_fit() */
size_t text_printf(char *out, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
size_t text_vprintf(char *out, size_t size, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

/*
 * text_cut - at most max bytes of text, for a format
 *
 * text ends at max or at a NUL. The result is one of eight static buffers: use it in the same call. max is at most
 * TEXT_CUT_MAX.
 */
const char *text_cut(const char *text, size_t max);

/* text_copy - the same in an arena, for any max */
char *text_copy(struct arena *a, const char *text, size_t max);

#endif
