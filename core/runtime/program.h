/*
 * program - what the daemons have in common: their command line, and how they say that they cannot start
 *
 * Exit codes of all: 0 ended by a signal, or the check found nothing; 1 could not start; 2 called wrongly.
 */
#ifndef WAYBILL_PROGRAM_H
#define WAYBILL_PROGRAM_H

#include "core/runtime/conf.h"
#include "core/runtime/err.h"

enum { PROGRAM_FAILED = 1, PROGRAM_USAGE = 2 };

struct program {
	const char *name;      /* "waybill-worker" */
	const char *purpose;   /* a line */
	const char *arguments; /* "ROLE..."; NULL: it takes none */
	const char *more;      /* for the end of the help; NULL */
	int has_unit;

	/* What it was called with. */
	const char *config;  /* NULL: conf_read() knows where */
	const char *metrics; /* host:port; NULL: none */
	const char *unit;
	int is_check;
	int first; /* of argv: the first argument */
};

/* program_options - read the command line; -1: go on, else the exit code, with everything said */
int program_options(struct program *p, int argc, char **argv);

/* program_begin - the configuration, with both servers named; the log, and secrets' memory */
int program_begin(const struct program *p, struct conf *conf, struct err *e);

/*
 * program_check - what every program's --check tries: that others cannot read the secrets, and the address of the
 * metrics
 *
 * ERR_FINAL or ERR_RETRY, with the remedy.
 */
int program_check(const struct program *p, const struct conf *conf, struct err *e);

/* program_usage - it was called wrongly, and how: the exit code */
int program_usage(const struct program *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
