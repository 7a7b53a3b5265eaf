/* durable - a file that is there whole or not at all, whatever happens meanwhile */
#ifndef WAYBILL_DURABLE_H
#define WAYBILL_DURABLE_H

#include <stddef.h>

#include "core/runtime/err.h"

/*
 * durable_write - bytes into path; 0: they and the name are on disk
 *
 * Written beside it under a name of its own, synced, renamed, and the folder synced, so that after a crash the file
 * has all bytes or is not there. Several writers at once do not disturb each other; the last one's bytes stay. What
 * was begun is removed after an error. ERR_RETRY: no room, no folder, no right, the disk. Blocks for as long as the
 * disk takes.
 */
int durable_write(const char *path, const void *bytes, size_t len, struct err *e);

/* durable_try - can files be written into this folder? One is, and removed again. Errors as above, ERR_FINAL */
int durable_try(const char *folder, struct err *e);

#endif
