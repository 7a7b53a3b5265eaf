/* stores - who may send webhooks: a copy of the stores and their secrets in memory */
#include "gateway/stores.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/runtime/log.h"
#include "core/runtime/loop.h"
#include "core/runtime/metrics.h"

enum {
	FRESH_MS = 30000,
	AGAIN_MS = 2000,  /* after a failure */
	RECENT_MS = 1000, /* an unknown key does not cause more than one reading in this time */
	READ_MS = 10000,
};

struct stores {
	struct db_pool *pool;
	const struct master_key *key;
	struct arena *arena;	 /* holds list, its texts and its secrets */
	struct hook_store *list; /* by hook_key */
	size_t count;
	int64_t tried_ms;
	int is_loading, is_good; /* is_good: the last reading succeeded */
	struct err problem;
	struct fiber_queue loaded;
};

struct stores *stores_new(struct db_pool *pool, const struct master_key *key)
{
	struct stores *s = calloc(1, sizeof *s);

	if (!s)
		die("out of memory: stores");
	s->pool = pool;
	s->key = key;
	s->arena = arena_new();
	return s;
}

void stores_free(struct stores *s)
{
	if (!s)
		return;
	arena_free(s->arena);
	free(s);
}

static void add_secret(const struct stores *s, struct arena *a, struct hook_store *store,
		       const struct db_result *rows, size_t row)
{
	struct err e = {0};
	size_t len = 0;

	if (db_is_null(rows, row, 6) || store->secret_count == STORE_SECRETS_MAX)
		return;
	const unsigned char *sealed = db_get_bytes(a, rows, row, 6, &len);
	const char *owner = arena_printf(a, "credential:%" PRId64, db_get_int64(rows, row, 5));

	if (secret_open(a, s->key, owner, sealed, len, &store->secrets[store->secret_count], &e) ==
	    0)
		store->secret_count++;
	else
		log_err("event=webhook_secret store=%" PRId64 " error=%s", store->id,
			log_quote(e.msg));
}

/* Rows of one store follow each other. */
static size_t build(const struct stores *s, struct arena *a, const struct db_result *rows,
		    struct hook_store *list)
{
	size_t count = 0;

	for (size_t row = 0; row < rows->rows; row++) {
		int64_t id = db_get_int64(rows, row, 0);
		struct err e = {0};
		const struct platform *platform = platform_by_name(db_get_text(rows, row, 1), &e);

		if (!platform) {
			log_err("event=store_unknown store=%" PRId64 " error=%s", id,
				log_quote(e.msg));
			continue;
		}
		if (count == 0 || list[count - 1].id != id)
			list[count++] = (struct hook_store){
				.id = id,
				.platform = platform,
				.domain = arena_strdup(a, db_get_text(rows, row, 2)),
				.hook_key = arena_strdup(a, db_get_text(rows, row, 3)),
				.is_active = db_get_bool(rows, row, 4),
			};
		add_secret(s, a, &list[count - 1], rows, row);
	}
	return count;
}

struct known_secret {
	struct secret secret;
	struct hook_store *store;
};

static int compare_secret(const void *x, const void *y)
{
	const struct secret *a = &((const struct known_secret *)x)->secret;
	const struct secret *b = &((const struct known_secret *)y)->secret;

	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return memcmp(a->bytes, b->bytes, a->len);
}

/* One app may serve many shops, and signs for all of them with one secret. */
static void mark_shared(struct arena *a, struct hook_store *list, size_t count)
{
	struct known_secret *known = ARENA_ARRAY(a, struct known_secret, count * STORE_SECRETS_MAX);
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < list[i].secret_count; j++)
			known[n++] = (struct known_secret){list[i].secrets[j], list + i};
	qsort(known, n, sizeof *known, compare_secret);
	for (size_t i = 1; i < n; i++)
		if (compare_secret(known + i - 1, known + i) == 0 &&
		    known[i - 1].store != known[i].store)
			known[i - 1].store->shares_secret = known[i].store->shares_secret = 1;
}

YIELDS
static int load(struct stores *s, struct err *e)
{
	static struct metric known = {.name = "waybill_gateway_stores",
				      .help = "Stores whose webhooks are known",
				      .kind = METRIC_GAUGE};
	struct arena *a = arena_new(), *scratch = arena_new();
	struct db_result rows;
	struct db *db = NULL;

	int failed = db_take(s->pool, loop_now_ms() + READ_MS, &db, e) ||
		     db_query(db, scratch, SQL_GATEWAY_STORES, NULL, 0, &rows, e);

	db_give(db);
	if (!failed) {
		struct hook_store *list = ARENA_ARRAY(a, struct hook_store, rows.rows);
		struct arena *old = s->arena;

		s->count = build(s, a, &rows, list);
		mark_shared(scratch, list, s->count);
		s->list = list;
		s->arena = a;
		a = old;
		metric_set(&known, (int64_t)s->count);
	}
	arena_free(scratch);
	arena_free(a);
	return failed ? -1 : 0;
}

int stores_is_recent(const struct stores *s)
{
	return s->is_good && loop_now_ms() - s->tried_ms < RECENT_MS;
}

int stores_were_read(const struct stores *s)
{
	return s->list != NULL;
}

int stores_refresh(struct stores *s, int64_t deadline_ms, struct err *e)
{
	while (s->is_loading)
		if (fiber_queue_wait(&s->loaded, deadline_ms, e))
			return -1;
	if (!s->tried_ms || loop_now_ms() - s->tried_ms >= RECENT_MS) {
		struct err why = {0};

		s->is_loading = 1;
		int failed = load(s, &why);

		if (failed && (s->is_good || !s->tried_ms))
			log_warn("event=stores_unread error=%s", log_quote(why.msg));
		s->problem = why;
		s->is_good = !failed;
		s->tried_ms = loop_now_ms();
		s->is_loading = 0;
		fiber_queue_wake_all(&s->loaded);
	}
	if (!s->is_good && e)
		*e = s->problem;
	return s->is_good ? 0 : -1;
}

void stores_keep_fresh(struct stores *s)
{
	struct err e = {0};

	do
		stores_refresh(s, 0, &e);
	while (e.code != ERR_CODE_CANCELLED &&
	       fiber_sleep_ms(s->is_good ? FRESH_MS : AGAIN_MS, NULL) == 0);
}

static int compare_key(const void *key, const void *store)
{
	return strcmp(key, ((const struct hook_store *)store)->hook_key);
}

const struct hook_store *stores_find(const struct stores *s, const char *platform,
				     const char *hook_key)
{
	const struct hook_store *store =
		s->count ? bsearch(hook_key, s->list, s->count, sizeof *s->list, compare_key)
			 : NULL;

	if (!store || strcmp(store->platform->name, platform) != 0)
		return NULL;
	return store;
}
