/* due - rows made due again by people */
#ifndef WAYBILL_CLI_DUE_H
#define WAYBILL_CLI_DUE_H

#include "cli/cli.h"

/* requeue - these rows of a role (null: all) are due now; their dead letters count as retried */
YIELDS
int requeue(struct cli *cli, const char *role, struct db_value ids, size_t *count, struct err *e);

#endif
