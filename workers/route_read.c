/* route_read - everything planning needs, under the items' locks */
#include "core/domain/address.h"
#include "core/runtime/column.h"
#include "core/runtime/text.h"
#include "workers/route.h"

struct part_row {
	int64_t line, item, per_unit;
};

static void hold_sku(struct batch *b, int64_t order_id, const char *sku, int is_ambiguous)
{
	struct job *job = batch_job(b, order_id);
	struct err e = {0};

	if (!job || !job_is_good(job))
		return;
	if (is_ambiguous)
		err_set(&e, ERR_FINAL, ERR_CODE_HELD,
			"SKU \"%s\" fits several items; map it with `waybill item map`, then clear "
			"the hold",
			text_cut(sku ? sku : "", 100));
	else
		err_set(&e, ERR_FINAL, ERR_CODE_HELD,
			"no item has the SKU \"%s\"; add the item or map it, then clear the hold",
			text_cut(sku ? sku : "", 100));
	job->hold_kind = is_ambiguous ? "ambiguous_sku" : "unknown_sku";
	job_fail(job, &e);
}

/* Finds the parts of lines that have none yet. */
static int resolve_lines(struct routing *r, struct err *e)
{
	struct arena *a = r->b->arena;
	struct db_result found;
	LIST(struct part_row) rows = {0};

	if (db_run(r->b->db, a, SQL_ROUTE_RESOLVE, &found, e, batch_ids(r->b, 0, NULL)))
		return -1;
	for (size_t i = 0; i < found.rows; i++) {
		int64_t line = db_get_int64(&found, i, 0);
		int is_same = i + 1 < found.rows && db_get_int64(&found, i + 1, 0) == line;
		int is_alike = db_get_bool(&found, i, 4);

		if (db_is_null(&found, i, 2) || (is_alike && is_same)) {
			hold_sku(r->b, db_get_int64(&found, i, 1), db_get_text(&found, i, 5),
				 is_same);
			while (i + 1 < found.rows && db_get_int64(&found, i + 1, 0) == line)
				i++;
			continue;
		}
		*LIST_PUSH(a, &rows) = (struct part_row){line, db_get_int64(&found, i, 2),
							 db_get_int64(&found, i, 3)};
	}
	if (rows.count == 0)
		return 0;
	return db_later(r->b->db, a, SQL_LINE_PART_ADD, e,
			COLUMN_INT64(a, rows.items, rows.count, line),
			COLUMN_INT64(a, rows.items, rows.count, item),
			COLUMN_INT64(a, rows.items, rows.count, per_unit));
}

static int read_parts(struct routing *r, struct err *e)
{
	struct arena *a = r->b->arena;
	struct db_result rows;

	if (db_run(r->b->db, a, SQL_ROUTE_PARTS, &rows, e, batch_ids(r->b, 1, NULL)))
		return -1;
	for (size_t i = 0; i < rows.rows; i++)
		*LIST_PUSH(a, &r->parts) = (struct route_part){
			.id = db_get_int64(&rows, i, 0),
			.order = db_get_int64(&rows, i, 1),
			.group = db_get_int64(&rows, i, 2),
			.line = db_get_int64(&rows, i, 3),
			.item = db_get_int64(&rows, i, 4),
			.per_unit = db_get_int64(&rows, i, 5),
			.open = db_get_int64(&rows, i, 6),
			.waiting = db_get_int64(&rows, i, 7),
			.backorder = db_get_int64(&rows, i, 8),
		};
	return 0;
}

static int read_groups(struct routing *r, struct err *e)
{
	struct arena *a = r->b->arena;
	struct db_result rows, zones;

	if (db_run(r->b->db, a, SQL_ROUTE_GROUPS, &rows, e, batch_ids(r->b, 1, NULL)))
		return -1;
	for (size_t i = 0; i < rows.rows; i++) {
		struct address to = {
			.name = db_get_text(&rows, i, 5),
			.company = db_get_text(&rows, i, 6),
			.address1 = db_get_text(&rows, i, 7),
			.city = db_get_text(&rows, i, 8),
			.province = db_get_text(&rows, i, 9),
			.province_code = db_get_text(&rows, i, 10),
			.zip = db_get_text(&rows, i, 11),
			.country_code = db_get_text(&rows, i, 12),
		};

		*LIST_PUSH(a, &r->groups) = (struct route_group){
			.id = db_get_int64(&rows, i, 0),
			.order = db_get_int64(&rows, i, 1),
			.is_held = db_get_bool(&rows, i, 2),
			.not_before_us = db_get_int64(&rows, i, 3),
			.is_pickup = db_get_bool(&rows, i, 4),
			.country = to.country_code,
			.zip = to.zip,
			.lacks = address_lacks(a, &to),
		};
	}
	if (db_run(r->b->db, a, SQL_ROUTE_ZONES, &zones, e,
		   COLUMN_INT64(a, r->groups.items, r->groups.count, id),
		   COLUMN_TEXT(a, r->groups.items, r->groups.count, country),
		   COLUMN_TEXT(a, r->groups.items, r->groups.count, zip)))
		return -1;
	for (size_t i = 0; i < zones.rows; i++)
		*LIST_PUSH(a, &r->zones) =
			(struct route_zone){db_get_int64(&zones, i, 0), db_get_int64(&zones, i, 1),
					    db_get_int64(&zones, i, 2)};
	return 0;
}

static enum location_kind kind_of(const char *name)
{
	return strcmp(name, "3pl") == 0	       ? LOCATION_3PL
	       : strcmp(name, "dropship") == 0 ? LOCATION_DROPSHIP
					       : LOCATION_WAREHOUSE;
}

static int read_locations(struct routing *r, struct err *e)
{
	struct arena *a = r->b->arena;
	int64_t *merchants = ARENA_ARRAY(a, int64_t, r->b->count);
	struct db_result rows, excluded;

	for (size_t i = 0; i < r->b->count; i++)
		merchants[i] = *(const int64_t *)r->b->jobs[i]->data;
	if (db_run(r->b->db, a, SQL_ROUTE_LOCATIONS, &rows, e,
		   db_int64s(a, merchants, r->b->count)) ||
	    db_run(r->b->db, a, SQL_ROUTE_EXCLUSIONS, &excluded, e, batch_ids(r->b, 1, NULL)))
		return -1;
	for (size_t i = 0; i < rows.rows; i++)
		*LIST_PUSH(a, &r->locations) = (struct route_location){
			.id = db_get_int64(&rows, i, 0),
			.merchant_id = db_get_int64(&rows, i, 1),
			.kind = kind_of(db_get_text(&rows, i, 2)),
			.priority = db_get_int64(&rows, i, 3),
			.shipment_cost = db_get_int64(&rows, i, 4),
			.unit_cost = db_get_int64(&rows, i, 5),
			.buys_label = db_get_bool(&rows, i, 6),
			.closed = db_get_text(&rows, i, 7),
		};
	for (size_t i = 0; i < excluded.rows; i++)
		*LIST_PUSH(a, &r->exclusions) = (struct route_exclusion){
			db_get_int64(&excluded, i, 0), db_get_int64(&excluded, i, 1),
			db_get_text(&excluded, i, 2)};
	return 0;
}

/* The items' locks come first: what is read after them stays true until the commit. */
static int read_stock(struct routing *r, struct err *e)
{
	struct arena *a = r->b->arena;
	struct db_value ids = COLUMN_INT64(a, r->parts.items, r->parts.count, item);
	struct db_result items, stock, queue;

	if (r->parts.count == 0)
		return 0;
	if (db_run(r->b->db, a, SQL_ITEM_LOCK, &items, e, ids) ||
	    db_run(r->b->db, a, SQL_ROUTE_STOCK, &stock, e, ids) ||
	    db_run(r->b->db, a, SQL_ROUTE_QUEUE, &queue, e, ids))
		return -1;
	for (size_t i = 0; i < items.rows; i++)
		*LIST_PUSH(a, &r->items) =
			(struct route_item){db_get_int64(&items, i, 0), db_get_bool(&items, i, 1)};
	for (size_t i = 0; i < stock.rows; i++)
		*LIST_PUSH(a, &r->stock) =
			(struct route_stock){db_get_int64(&stock, i, 0), db_get_int64(&stock, i, 1),
					     db_get_int64(&stock, i, 2)};
	for (size_t i = 0; i < queue.rows; i++)
		*LIST_PUSH(a, &r->queue) =
			(struct route_wait){db_get_int64(&queue, i, 0), db_get_int64(&queue, i, 1),
					    db_get_int64(&queue, i, 2)};
	return 0;
}

int route_read(struct routing *r, struct err *e)
{
	return resolve_lines(r, e) || read_parts(r, e) || read_groups(r, e) ||
			       read_locations(r, e) || read_stock(r, e)
		       ? -1
		       : 0;
}
