/* doctor - the checks of `waybill doctor` */
#ifndef WAYBILL_DOCTOR_H
#define WAYBILL_DOCTOR_H

#include <stdarg.h>

#include "cli/cli.h"

/* doctor_say - one line of the result */
void doctor_say(struct cli *cli, int is_good, const char *check, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* doctor_accounts - the master key opens every credential; every store and carrier answers */
YIELDS
void doctor_accounts(struct cli *cli);

#endif
