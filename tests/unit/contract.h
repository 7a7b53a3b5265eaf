/* contract - files that tests read, and the outside services' recorded traffic where it is at hand */
#ifndef WAYBILL_CONTRACT_H
#define WAYBILL_CONTRACT_H

#include "core/runtime/arena.h"

/* file_text - the whole file, NUL-terminated, in the arena; NULL when it cannot be read */
const char *file_text(struct arena *a, const char *path);

/*
 * contract - a file below $WAYBILL_CONTRACTS, else ../shared/contracts
 *
 * Without that folder the test is skipped; where it is, a file that it lacks is a failure.
 */
const char *contract(struct arena *a, const char *name);

#endif
