/*
 * said - what a service says beside the facts: cleaned and cut where it is read
 *
 * One function per kind. An ornament never makes an answer unreadable, and the database refuses none of these: each
 * gives a copy that may be kept and shown, or NULL when nothing of use was said. text NULL: it was of another type,
 * or missing.
 */
#ifndef WAYBILL_SAID_H
#define WAYBILL_SAID_H

#include <stddef.h>

#include "core/runtime/arena.h"

/* What the database keeps. */
enum {
	SAID_NAME_MAX = 100,
	SAID_NUMBER_MAX = 200,
	SAID_URL_MAX = 2000,
	SAID_TYPE_MAX = 100,
};

/* said_name - words for people: control characters are blanks, and what is too long is cut between characters */
const char *said_name(struct arena *a, const char *text, size_t max_bytes);

/*
 * said_number - a number, token or id as the service writes it: printable ASCII without blanks at its ends
 *
 * Too long or anything else: NULL, because a part of a number is another number.
 */
const char *said_number(struct arena *a, const char *text, size_t max_bytes);

/* said_url - an http or https url of printable ASCII, whole: a part of it leads elsewhere */
const char *said_url(struct arena *a, const char *text, size_t max_bytes);

/* said_type - "application/pdf" of a Content-Type, in lower case and without its parameters */
const char *said_type(struct arena *a, const char *text);

#endif
