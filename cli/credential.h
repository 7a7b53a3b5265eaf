/*
 * credential - secrets on their way into the database: read from files, sealed under the master
 * key
 */
#ifndef WAYBILL_CLI_CREDENTIAL_H
#define WAYBILL_CLI_CREDENTIAL_H

#include "cli/cli.h"

struct credential_owner {
	int64_t merchant, store, carrier; /* store or carrier; the other is 0 */
};

/*
 * credential_put - the secret in a file ("-": standard input) under kind, instead of one that is
 * there
 *
 * path NULL: nothing happens, *is_put stays as it is.
 */
YIELDS
int credential_put(struct cli *cli, const struct credential_owner *owner, const char *kind,
		   const char *path, int *is_put, struct err *e);

/* credential_keep_old - the present webhook secret stays good beside the one that is to come */
YIELDS
int credential_keep_old(struct cli *cli, const struct credential_owner *owner, struct err *e);

/* credential_fetch - an access token that role renew is to fetch, now */
YIELDS
int credential_fetch(struct cli *cli, const struct credential_owner *owner, struct err *e);

#endif
