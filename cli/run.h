/* run - from a command line that was understood to an exit code */
#ifndef WAYBILL_RUN_H
#define WAYBILL_RUN_H

#include "cli/cli.h"

int cli_execute(struct cli *cli);

#endif
