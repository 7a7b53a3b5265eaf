/*
 * err - what went wrong, and what to do about it
 *
 * Every function that can fail returns 0 or -1 and takes a struct err last. The
 * text is written where the cause is known; callers pass it up. Only job.c and the
 * programs' main() act on the kind.
 */
#ifndef WAYBILL_ERR_H
#define WAYBILL_ERR_H

#include <stdint.h>

enum err_kind {
	ERR_NONE = 0,
	ERR_RETRY, /* "could not ...": the same call may work later */
	ERR_FINAL, /* "cannot ...", "refused ...": it never will; a person decides */
	ERR_BUG,   /* our own mistake; loud */
};

/* What a caller may want to tell apart. Most errors have none. */
enum err_code {
	ERR_CODE_NONE = 0,
	ERR_CODE_RATE_LIMIT, /* RETRY that does not count as an attempt */
	ERR_CODE_AUTH,	     /* the other side refused our credential: renew it, then retry */
	ERR_CODE_UNKNOWN,    /* RETRY after a request that may have taken effect */
	ERR_CODE_TIMEOUT,
	ERR_CODE_CANCELLED, /* the fiber was told to end */
	ERR_CODE_NOT_FOUND,
	ERR_CODE_CONFLICT, /* the database refused: another transaction was first */
	ERR_CODE_DATA,	   /* the database or a parser refused these very data */
	ERR_CODE_HELD,	   /* FINAL that becomes a hold instead of a dead letter */
	ERR_CODE_DISCONNECTED,
};

struct err {
	enum err_kind kind;
	enum err_code code;
	int retry_after_ms; /* what the other side asked for; 0: nothing */
	char msg[240];	    /* lower case, no full stop, no personal data, no secret */
};

/* err_retry, err_final, err_bug - fill e and return -1; e may be NULL. */
int err_retry(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
int err_final(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
int err_bug(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* err_set - the same with a code. */
int err_set(struct err *e, enum err_kind kind, enum err_code code, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* err_prefix - put what the caller was doing before the text: "label 71: <msg>". Returns -1. */
int err_prefix(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* err_kind_name - "retry", "final", "bug", "none". */
const char *err_kind_name(enum err_kind kind);

/* err_code_name - the code in lower case, "none" for none. Stored with dead letters. */
const char *err_code_name(enum err_code code);

/* die - a broken invariant or no memory: log, then end the process with abort(). */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
