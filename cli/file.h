/* file - what commands read: whole files, with a limit; "-" is standard input */
#ifndef WAYBILL_CLI_FILE_H
#define WAYBILL_CLI_FILE_H

#include "core/runtime/arena.h"
#include "core/runtime/err.h"
#include "core/runtime/secret.h"

/*
 * file_read - all of it, NUL-terminated. Standard input can be asked for again. ERR_FINAL names
 * the file.
 */
int file_read(struct arena *a, const char *path, size_t max_bytes, char **text, size_t *len,
	      struct err *e);

/* file_read_secret - its one line */
int file_read_secret(struct arena *a, const char *path, struct secret *out, struct err *e);

#endif
