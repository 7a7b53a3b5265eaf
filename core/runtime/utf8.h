/* utf8 - what is a character, and what is not */
#ifndef WAYBILL_UTF8_H
#define WAYBILL_UTF8_H

#include <stddef.h>

/*
 * utf8_length - bytes of the character that begins at text
 *
 * 1 to 4, or 0 when there is none: len is 0, a continuation is missing, an overlong form, a surrogate, beyond U+10FFFF.
 */
size_t utf8_length(const char *text, size_t len);

/* utf8_bad_at - offset of the first byte that is not UTF-8; len when all of it is */
size_t utf8_bad_at(const char *text, size_t len);

#endif
