/* utf8 - what is a character, and what is not */
#ifndef WAYBILL_UTF8_H
#define WAYBILL_UTF8_H

#include <stddef.h>

#include "core/runtime/arena.h"

/*
 * utf8_length - bytes of the character that begins at text
 *
 * 1 to 4, or 0 when there is none: len is 0, a continuation is missing, an overlong form, a surrogate, beyond U+10FFFF.
 */
size_t utf8_length(const char *text, size_t len);

/* utf8_bad_at - offset of the first byte that is not UTF-8; len when all of it is */
size_t utf8_bad_at(const char *text, size_t len);

/* utf8_control - bytes of the control character that begins at text: C0, DEL and, of two bytes, C1; 0: it is none */
size_t utf8_control(const char *text, size_t len);

/*
 * utf8_fit - as much of text from outside as fits into size bytes, terminated; its length
 *
 * Whole characters on one line, as people and other programs may be given them: a blank for each control character
 * (NUL and line breaks, too), a '?' for what is not UTF-8. An incomplete character at the end is left out. out may
 * be text itself: nothing gets longer. size is at least 1.
 */
size_t utf8_fit(char *out, size_t size, const char *text, size_t len);

/* utf8_clean - a copy of that, of at most max_bytes */
char *utf8_clean(struct arena *a, const char *text, size_t len, size_t max_bytes);

#endif
