/*
 * text - what people read, cut between characters
 *
 * Every text that enters an error, a hold, a note or a log goes through here: it is UTF-8 afterwards, whatever the
 * bytes were, because PostgreSQL refuses anything else, and with it the whole statement. A format's precision cuts
 * inside a character; tools/check refuses it.
 */
#ifndef WAYBILL_TEXT_H
#define WAYBILL_TEXT_H

#include <stdarg.h>
#include <stddef.h>

enum { TEXT_CUT_MAX = 500 };

/* text_is_blank - NULL, or nothing but blanks */
int text_is_blank(const char *text);

/* text_printf - print, and keep what utf8_fit() gives, without blanks at its end; its length */
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

#endif
