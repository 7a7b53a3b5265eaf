/*
 * refusal - what the database refused, in people's words
 */
#ifndef WAYBILL_CLI_REFUSAL_H
#define WAYBILL_CLI_REFUSAL_H

#include "cli/cli.h"

/* refusal_is_data - did the database refuse the very data of the transaction? */
int refusal_is_data(const struct cli *cli);

/*
 * refusal_words - if the database refused the transaction, e says so without a statement's or a constraint's name
 *
 * The transaction is rolled back. A constraint's words are its COMMENT, else they are made of its columns' names.
 */
YIELDS
void refusal_words(struct cli *cli, struct err *e);

#endif
