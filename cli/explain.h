/* explain - routing decisions in words */
#ifndef WAYBILL_EXPLAIN_H
#define WAYBILL_EXPLAIN_H

#include "cli/cli.h"

/* explain - the rows of cli_order_explain.sql as lines for people */
void explain(struct cli *cli, const json_t *decisions);

#endif
