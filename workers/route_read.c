/* route_read - everything planning needs, under the items' locks */
#include "core/domain/address.h"
#include "core/runtime/column.h"
#include "core/runtime/text.h"
#include "workers/route.h"

enum {
	BATCH_CELLS_MAX =
		64 * 1000, /* parts x places: what is read and planned within some 200 ms */
	ROW_STEPS = 100,   /* what keeping a row takes */
};

struct part_row {
	int64_t line, item, per_unit;
};

static void hold_sku(struct batch *b, int64_t order_id, const char *sku, const char *title)
{
	struct job *job = batch_job(b, order_id);
	struct err e = {0};

	if (!job || !job_is_good(job))
		return;
	if (sku)
		err_set(&e, ERR_FINAL, ERR_CODE_HELD,
			"no item has the SKU \"%s\"; add the item or map it, then clear the hold",
			text_cut(sku, 100));
	else
		err_set(&e, ERR_FINAL, ERR_CODE_HELD,
			"the line \"%s\" has no SKU; give it one in the store or map its variant, then "
			"clear the hold",
			text_cut(title, 80));
	job->hold_kind = "unknown_sku";
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
		if (db_is_null(&found, i, 2))
			hold_sku(r->b, db_get_int64(&found, i, 1), db_get_text(&found, i, 4),
				 db_get_text(&found, i, 5));
		else
			*LIST_PUSH(a, &rows) = (struct part_row){db_get_int64(&found, i, 0),
								 db_get_int64(&found, i, 2),
								 db_get_int64(&found, i, 3)};
	}
	if (rows.count == 0)
		return 0;
	return db_later(r->b->db, a, SQL_LINE_PART_ADD, e,
			COLUMN_INT64(a, rows.items, rows.count, line),
			COLUMN_INT64(a, rows.items, rows.count, item),
			COLUMN_INT64(a, rows.items, rows.count, per_unit));
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
	struct db_result rows;

	for (size_t i = 0; i < r->b->count; i++)
		merchants[i] = *(const int64_t *)r->b->jobs[i]->data;
	if (db_run(r->b->db, a, SQL_ROUTE_LOCATIONS, &rows, e,
		   db_int64s(a, merchants, r->b->count)))
		return -1;
	for (size_t i = 0; i < rows.rows; i++) {
		int64_t merchant = db_get_int64(&rows, i, 1);
		struct route_merchant *m =
			r->merchants.items + idmap_find(&r->merchant_at, merchant);

		if (!m->count++)
			m->first = i;
		idmap_put(a, &r->location_at, db_get_int64(&rows, i, 0), i);
		*LIST_PUSH(a, &r->locations) = (struct route_location){
			.id = db_get_int64(&rows, i, 0),
			.merchant_id = merchant,
			.kind = kind_of(db_get_text(&rows, i, 2)),
			.priority = db_get_int64(&rows, i, 3),
			.shipment_cost = db_get_int64(&rows, i, 4),
			.unit_cost = db_get_int64(&rows, i, 5),
			.buys_label = db_get_bool(&rows, i, 6),
			.closed = db_get_text(&rows, i, 7),
		};
	}
	return 0;
}

/* The batch's orders, in the order of its jobs, and their merchants. */
static void list_orders(struct routing *r)
{
	struct arena *a = r->b->arena;

	for (size_t i = 0; i < r->b->count; i++) {
		struct job *job = r->b->jobs[i];
		int64_t merchant = *(const int64_t *)job->data;
		struct route_order *order = LIST_PUSH(a, &r->orders);

		order->job = job;
		order->merchant = idmap_find(&r->merchant_at, merchant);
		if (order->merchant == IDMAP_NONE) {
			order->merchant = r->merchants.count;
			idmap_put(a, &r->merchant_at, merchant, order->merchant);
			LIST_PUSH(a, &r->merchants);
		}
		idmap_put(a, &r->order_at, job->id, i);
	}
}

static struct route_order *order_of(struct routing *r, int64_t id)
{
	size_t at = idmap_find(&r->order_at, id);

	return at < r->b->count ? r->orders.items + at : NULL;
}

/* The rows of parts, in the order of orders, groups and lines. */
static int ask_parts(struct routing *r, struct db_result *rows, struct err *e)
{
	if (db_run(r->b->db, r->b->arena, SQL_ROUTE_PARTS, rows, e, batch_ids(r->b, 1, NULL)))
		return -1;
	for (size_t i = 0; i < rows->rows; i++) {
		struct route_order *order = order_of(r, db_get_int64(rows, i, 1));

		if (order)
			order->part_count++;
	}
	return 0;
}

static size_t item_at(struct routing *r, int64_t id)
{
	size_t at = idmap_find(&r->item_at, id);

	if (at != IDMAP_NONE)
		return at;
	idmap_put(r->b->arena, &r->item_at, id, r->items.count);
	*LIST_PUSH(r->b->arena, &r->items) = (struct route_item){
		.id = id,
		.is_tracked = 1,
		.first_wait = ROUTE_NONE,
		.last_wait = ROUTE_NONE,
	};
	return r->items.count - 1;
}

/* Those of the orders that are planned now. */
static void keep_parts(struct routing *r, const struct db_result *rows)
{
	struct arena *a = r->b->arena;

	for (size_t i = 0; i < rows->rows; i++) {
		const struct route_order *order = order_of(r, db_get_int64(rows, i, 1));

		if (!order || !job_is_good(order->job))
			continue;
		idmap_put(a, &r->part_at, db_get_int64(rows, i, 0), r->parts.count);
		*LIST_PUSH(a, &r->parts) = (struct route_part){
			.id = db_get_int64(rows, i, 0),
			.order = db_get_int64(rows, i, 1),
			.group = db_get_int64(rows, i, 2),
			.line = db_get_int64(rows, i, 3),
			.item = item_at(r, db_get_int64(rows, i, 4)),
			.per_unit = db_get_int64(rows, i, 5),
			.open = db_get_int64(rows, i, 6),
			.waiting = db_get_int64(rows, i, 7),
			.backorder = db_get_int64(rows, i, 8),
			.first_exclusion = ROUTE_NONE,
		};
	}
}

static void hold_large(struct job *job, size_t parts, size_t places)
{
	struct err e = {0};

	err_set(&e, ERR_FINAL, ERR_CODE_HELD,
		"%zu lines and parts of kits to ship, from %zu locations, are too many to plan at once: "
		"the two numbers may make %d together; split the order, then clear the hold",
		parts, places, PLAN_CELLS_MAX);
	job->hold_kind = "too_large";
	job_fail(job, &e);
}

/* As many orders as can be planned while their items are locked, and one at least. */
static void choose_orders(struct routing *r)
{
	size_t cells = 0;

	for (size_t i = 0; i < r->b->count; i++) {
		const struct route_order *order = r->orders.items + i;
		size_t places = r->merchants.items[order->merchant].count;
		size_t more = order->part_count * places;

		if (!job_is_good(order->job)) {
			continue;
		} else if (more > PLAN_CELLS_MAX) {
			hold_large(order->job, order->part_count, places);
		} else if (cells && cells + more > BATCH_CELLS_MAX) {
			route_leave(r, i);
			return;
		} else {
			cells += more;
		}
	}
}

static void put_parts_into_groups(struct routing *r)
{
	for (size_t i = 0; i < r->parts.count; i++) {
		size_t at = idmap_find(&r->group_at, r->parts.items[i].group);

		if (at == IDMAP_NONE)
			continue;
		struct route_group *g = r->groups.items + at;

		if (!g->part_count++)
			g->first_part = i;
	}
}

static int read_zones(struct routing *r, struct err *e)
{
	struct arena *a = r->b->arena;
	struct db_result rows;

	if (db_run(r->b->db, a, SQL_ROUTE_ZONES, &rows, e,
		   COLUMN_INT64(a, r->groups.items, r->groups.count, id),
		   COLUMN_TEXT(a, r->groups.items, r->groups.count, country),
		   COLUMN_TEXT(a, r->groups.items, r->groups.count, zip)))
		return -1;
	for (size_t i = 0; i < rows.rows; i++) {
		size_t group = idmap_find(&r->group_at, db_get_int64(&rows, i, 0));
		size_t location = idmap_find(&r->location_at, db_get_int64(&rows, i, 1));

		if (group == IDMAP_NONE || location == IDMAP_NONE)
			continue;
		struct route_group *g = r->groups.items + group;

		*LIST_PUSH(a, &r->zones) =
			(struct route_zone){location, db_get_int64(&rows, i, 2), g->first_zone};
		g->first_zone = r->zones.count - 1;
	}
	return 0;
}

static void keep_group(struct routing *r, const struct db_result *rows, size_t i)
{
	struct arena *a = r->b->arena;
	struct route_order *order = order_of(r, db_get_int64(rows, i, 1));
	struct address to = {
		.name = db_get_text(rows, i, 5),
		.company = db_get_text(rows, i, 6),
		.address1 = db_get_text(rows, i, 7),
		.city = db_get_text(rows, i, 8),
		.province = db_get_text(rows, i, 9),
		.province_code = db_get_text(rows, i, 10),
		.zip = db_get_text(rows, i, 11),
		.country_code = db_get_text(rows, i, 12),
	};

	if (!order)
		return;
	if (!order->group_count++)
		order->first_group = r->groups.count;
	idmap_put(a, &r->group_at, db_get_int64(rows, i, 0), r->groups.count);
	*LIST_PUSH(a, &r->groups) = (struct route_group){
		.id = db_get_int64(rows, i, 0),
		.order = db_get_int64(rows, i, 1),
		.is_held = db_get_bool(rows, i, 2),
		.not_before_us = db_get_int64(rows, i, 3),
		.is_pickup = db_get_bool(rows, i, 4),
		.country = to.country_code,
		.zip = to.zip,
		.lacks = address_lacks(a, &to),
		.first_zone = ROUTE_NONE,
	};
}

static int read_groups(struct routing *r, struct err *e)
{
	struct arena *a = r->b->arena;
	struct db_result rows;

	if (db_run(r->b->db, a, SQL_ROUTE_GROUPS, &rows, e, batch_ids(r->b, 1, NULL)))
		return -1;
	for (size_t i = 0; i < rows.rows; i++)
		keep_group(r, &rows, i);
	put_parts_into_groups(r);
	return read_zones(r, e);
}

static int read_exclusions(struct routing *r, struct err *e)
{
	struct arena *a = r->b->arena;
	struct db_result rows;

	if (db_run(r->b->db, a, SQL_ROUTE_EXCLUSIONS, &rows, e, batch_ids(r->b, 1, NULL)))
		return -1;
	for (size_t i = 0; i < rows.rows; i++) {
		size_t part = idmap_find(&r->part_at, db_get_int64(&rows, i, 0));
		size_t location = idmap_find(&r->location_at, db_get_int64(&rows, i, 1));

		if (part == IDMAP_NONE || location == IDMAP_NONE)
			continue;
		struct route_part *p = r->parts.items + part;

		*LIST_PUSH(a, &r->exclusions) = (struct route_exclusion){
			location, db_get_text(&rows, i, 2), p->first_exclusion};
		p->first_exclusion = r->exclusions.count - 1;
	}
	return 0;
}

/* Free units go into an array per item, with a place for each location of the merchant. */
static void keep_stock(struct routing *r, const struct db_result *rows, size_t i)
{
	size_t item = idmap_find(&r->item_at, db_get_int64(rows, i, 0));
	size_t location = idmap_find(&r->location_at, db_get_int64(rows, i, 1));

	if (item == IDMAP_NONE || location == IDMAP_NONE)
		return;
	struct route_item *it = r->items.items + item;
	size_t merchant = idmap_find(&r->merchant_at, r->locations.items[location].merchant_id);
	const struct route_merchant *m = r->merchants.items + merchant;

	if (!it->free) {
		it->merchant = merchant;
		it->free = ARENA_ARRAY(r->b->arena, int64_t, m->count);
	}
	if (it->merchant == merchant)
		it->free[location - m->first] = db_get_int64(rows, i, 2);
}

void route_wait(struct routing *r, struct route_item *item, int64_t order, int64_t quantity)
{
	struct route_wait *last =
		item->last_wait == ROUTE_NONE ? NULL : r->queue.items + item->last_wait;
	size_t at = r->queue.count;

	if (last && last->order == order &&
	    !__builtin_add_overflow(last->quantity, quantity, &last->quantity))
		return;
	if (last)
		last->next = at;
	else
		item->first_wait = at;
	item->last_wait = at;
	*LIST_PUSH(r->b->arena, &r->queue) = (struct route_wait){order, quantity, ROUTE_NONE};
}

static void keep_wait(struct routing *r, const struct db_result *rows, size_t i)
{
	size_t item = idmap_find(&r->item_at, db_get_int64(rows, i, 0));
	int64_t order = db_get_int64(rows, i, 1);

	if (item != IDMAP_NONE)
		route_wait(r, r->items.items + item, order_of(r, order) ? order : 0,
			   db_get_int64(rows, i, 2));
}

/* The items' locks come first: what is read after them stays true until the commit. */
static int read_stock(struct routing *r, struct err *e)
{
	struct arena *a = r->b->arena;
	struct db_value ids = COLUMN_INT64(a, r->items.items, r->items.count, id);
	struct db_result items, stock, queue;

	if (r->items.count == 0)
		return 0;
	if (db_run(r->b->db, a, SQL_ITEM_LOCK, &items, e, ids) ||
	    db_run(r->b->db, a, SQL_ROUTE_STOCK, &stock, e, ids) ||
	    db_run(r->b->db, a, SQL_ROUTE_QUEUE, &queue, e, ids))
		return -1;
	for (size_t i = 0; i < items.rows; i++) {
		size_t at = idmap_find(&r->item_at, db_get_int64(&items, i, 0));

		if (at != IDMAP_NONE)
			r->items.items[at].is_tracked = db_get_bool(&items, i, 1);
	}
	for (size_t i = 0; i < stock.rows; i++) {
		keep_stock(r, &stock, i);
		route_worked(r, ROW_STEPS);
	}
	for (size_t i = 0; i < queue.rows; i++) {
		keep_wait(r, &queue, i);
		route_worked(r, ROW_STEPS);
	}
	return 0;
}

int route_read(struct routing *r, struct err *e)
{
	struct db_result parts;

	if (resolve_lines(r, e))
		return -1;
	list_orders(r);
	if (read_locations(r, e) || ask_parts(r, &parts, e))
		return -1;
	choose_orders(r);
	keep_parts(r, &parts);
	return read_groups(r, e) || read_exclusions(r, e) || read_stock(r, e) ? -1 : 0;
}
