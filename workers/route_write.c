/* route_write - the decisions as rows, and what is due next */
#include "core/runtime/column.h"
#include "workers/route.h"

struct wait_row {
	int64_t backorder, order, part, item, quantity;
};

struct note_row {
	int64_t order, subject;
	const char *kind;
};

/* Shipments and decisions get their ids; allocations then point to them. */
static int number(struct routing *r, struct err *e)
{
	struct arena *a = r->b->arena;
	struct db_result ids;
	size_t n = r->shipments.count;

	if (db_run(r->b->db, a, SQL_ROUTE_IDS, &ids, e, db_int64(a, (int64_t)n),
		   db_int64(a, (int64_t)r->decisions.count)))
		return -1;
	for (size_t i = 0; i < n; i++)
		r->shipments.items[i].id = db_get_int64(&ids, i, 0);
	for (size_t i = 0; i < r->decisions.count; i++)
		r->decisions.items[i].id = db_get_int64(&ids, n + i, 0);
	for (size_t i = 0; i < r->allocations.count; i++) {
		struct route_allocation *x = r->allocations.items + i;

		x->shipment = r->shipments.items[x->shipment - 1].id;
	}
	return 0;
}

static int write_backorders(struct routing *r, struct err *e)
{
	struct arena *a = r->b->arena;
	LIST(struct wait_row) changed = {0};
	LIST(struct wait_row) added = {0};

	for (size_t i = 0; i < r->parts.count; i++) {
		const struct route_part *p = r->parts.items + i;
		int64_t rest = p->open + p->waiting - p->taken;
		struct wait_row row = {p->backorder, p->order, p->id, r->items.items[p->item].id,
				       rest};

		if (!p->is_decided || rest == p->waiting)
			continue;
		if (p->backorder)
			*LIST_PUSH(a, &changed) = row;
		else
			*LIST_PUSH(a, &added) = row;
	}
	if (changed.count && db_later(r->b->db, a, SQL_BACKORDER_SET, e,
				      COLUMN_INT64(a, changed.items, changed.count, backorder),
				      COLUMN_INT64(a, changed.items, changed.count, quantity)))
		return -1;
	if (added.count && db_later(r->b->db, a, SQL_BACKORDER_ADD, e,
				    COLUMN_INT64(a, added.items, added.count, order),
				    COLUMN_INT64(a, added.items, added.count, part),
				    COLUMN_INT64(a, added.items, added.count, item),
				    COLUMN_INT64(a, added.items, added.count, quantity)))
		return -1;
	return 0;
}

static int write_shipments(struct routing *r, struct err *e)
{
	struct arena *a = r->b->arena;
	const struct route_shipment *s = r->shipments.items;
	const struct route_allocation *x = r->allocations.items;
	size_t n = r->shipments.count, m = r->allocations.count;

	if (n == 0)
		return 0;
	if (db_later(r->b->db, a, SQL_SHIPMENT_ADD, e, COLUMN_INT64(a, s, n, id),
		     COLUMN_INT64(a, s, n, order), COLUMN_INT64(a, s, n, group),
		     COLUMN_INT64(a, s, n, location), COLUMN_TEXT(a, s, n, state),
		     COLUMN_TEXT(a, s, n, step)) ||
	    db_later(r->b->db, a, SQL_ALLOCATION_ADD, e, COLUMN_INT64(a, x, m, part),
		     COLUMN_INT64(a, x, m, shipment), COLUMN_INT64(a, x, m, quantity)))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (s[i].step)
			batch_due(r->b, s[i].step, s[i].id);
	return 0;
}

static int write_notices(struct routing *r, struct err *e)
{
	struct arena *a = r->b->arena;
	LIST(struct note_row) rows = {0};
	struct db_result due;

	for (size_t i = 0; i < r->decisions.count; i++) {
		const struct route_decision *d = r->decisions.items + i;

		if (d->has_filled)
			*LIST_PUSH(a, &rows) = (struct note_row){d->order, d->id, "release"};
		if (d->has_backordered)
			*LIST_PUSH(a, &rows) = (struct note_row){d->order, d->id, "backorder"};
	}
	if (rows.count == 0)
		return 0;
	if (db_run(r->b->db, a, SQL_NOTICE_ADD, &due, e,
		   COLUMN_INT64(a, rows.items, rows.count, order),
		   COLUMN_TEXT(a, rows.items, rows.count, kind),
		   COLUMN_INT64(a, rows.items, rows.count, subject)))
		return -1;
	for (size_t i = 0; i < due.rows; i++)
		batch_due(r->b, "notify", db_get_int64(&due, i, 0));
	return 0;
}

static int write_decisions(struct routing *r, struct err *e)
{
	struct arena *a = r->b->arena;
	const struct route_decision *d = r->decisions.items;
	size_t n = r->decisions.count;
	struct event {
		int64_t order, shipment;
		const char *actor, *kind, *note, *detail;
	} *events = ARENA_ARRAY(a, struct event, n);

	if (n == 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		events[i] = (struct event){
			.order = d[i].order,
			.shipment = DB_INT64_NULL,
			.kind = "routed",
			.detail = arena_printf(a, "{\"decision\":%lld}", (long long)d[i].id),
		};
	return db_later(r->b->db, a, SQL_ROUTING_DECISION_ADD, e, COLUMN_INT64(a, d, n, id),
			COLUMN_INT64(a, d, n, order), COLUMN_INT64(a, d, n, group),
			COLUMN_BOOL(a, d, n, is_optimal), COLUMN_INT64(a, d, n, nodes),
			COLUMN_TEXT(a, d, n, detail)) ||
			       db_later(r->b->db, a, SQL_EVENT_ADD, e,
					COLUMN_INT64(a, events, n, order),
					COLUMN_TEXT(a, events, n, actor),
					COLUMN_TEXT(a, events, n, kind),
					COLUMN_INT64(a, events, n, shipment),
					COLUMN_TEXT(a, events, n, note),
					COLUMN_TEXT(a, events, n, detail))
		       ? -1
		       : 0;
}

int route_write(struct routing *r, struct err *e)
{
	return number(r, e) || write_decisions(r, e) || write_backorders(r, e) ||
			       write_shipments(r, e) || write_notices(r, e)
		       ? -1
		       : 0;
}
