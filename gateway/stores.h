/*
 * stores - who may send webhooks: a copy of the stores and their secrets in memory
 *
 * So a webhook is verified without the database, and is taken while the database is away. Read
 * again every 30 s, and when somebody comes with a key that is not known, but at most once a
 * second.
 */
#ifndef WAYBILL_GATEWAY_STORES_H
#define WAYBILL_GATEWAY_STORES_H

#include "connectors/platform.h"
#include "core/runtime/db.h"
#include "core/runtime/secret.h"

enum { STORE_SECRETS_MAX = 2 }; /* today's and the one before */

struct hook_store {
	int64_t id;
	const struct platform *platform;
	const char *domain, *hook_key;
	int is_active;
	int shares_secret; /* with another store: a signature does not tell which of them it is */
	struct secret secrets[STORE_SECRETS_MAX];
	size_t secret_count;
};

struct stores;

/* stores_new - empty; pool and key must outlive it */
struct stores *stores_new(struct db_pool *pool, const struct master_key *key);
void stores_free(struct stores *s);

/* stores_keep_fresh - reads them until the fiber that runs this is cancelled */
YIELDS
void stores_keep_fresh(struct stores *s);

/*
 * stores_refresh - read them now, unless that was done within the last second
 *
 * ERR_RETRY: they could not be read, so that an unknown key may be a new one.
 */
YIELDS
int stores_refresh(struct stores *s, int64_t deadline_ms, struct err *e);

/* stores_is_recent - would stores_refresh() return at once, successfully? */
int stores_is_recent(const struct stores *s);

/* stores_were_read - at least once */
int stores_were_read(const struct stores *s);

/* stores_find - NULL: no such store. Valid until the caller waits. */
const struct hook_store *stores_find(const struct stores *s, const char *platform,
				     const char *hook_key);

#endif
