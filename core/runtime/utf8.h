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
 * utf8_clean - text from outside, as people and other programs may be given it
 *
 * A copy in which each control character (NUL and line breaks, too) is a blank, of at most max_bytes, cut between characters. What
 * is not UTF-8 ends it.
 */
char *utf8_clean(struct arena *a, const char *text, size_t len, size_t max_bytes);

#endif
