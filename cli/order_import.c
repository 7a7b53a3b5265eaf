/*
 * order_import - orders from nowhere
 *
 * The file is compared with what is known before it is published, so that the answer can say what it changes, and
 * so that what would be ignored or misunderstood is refused while somebody is looking. Ingest checks the same
 * again.
 */
#include "cli/cli.h"
#include "cli/file.h"
#include "connectors/platform.h"
#include "core/domain/order.h"
#include "core/runtime/loop.h"
#include "core/runtime/text.h"
#include "core/runtime/timestamp.h"

enum { CONFIRM_MS = 10000 };

/* Columns of core/sql/cli_import_known.sql. */
enum {
	K_PLATFORM,
	K_DOMAIN,
	K_ORDER,
	K_UPDATED,
	K_HASH,
	K_PAYMENT,
	K_TOTAL,
	K_CANCELLED,
	K_LINE,
	K_SKU,
	K_UNITS,
	K_HAS_PARTS,
};

static const struct field import_fields[] = {
	{"store", FIELD_TEXT, .max = 253, .help = "its domain; needed when there are several"},
	{0},
};

/* A bundle of one order's bytes for ingest, confirmed. */
static int publish_order(struct cli *cli, int64_t store, const struct order_doc *doc,
			 const char *text, size_t len, struct err *e)
{
	const struct amqp_message message = {
		.routing_key = "wb.ingest",
		.body = text,
		.body_len = len,
		.headers = {[AMQP_KIND] = "order",
			    [AMQP_STORE] = arena_printf(cli->arena, "%lld", (long long)store),
			    [AMQP_KEY] = doc->source_id},
	};

	if (cli_broker(cli, CONFIRM_MS, e) ||
	    amqp_publish(cli->broker, &message, 1, loop_now_ms() + CONFIRM_MS, e)) {
		cli->status = EXIT_UNREACHABLE;
		return err_prefix(e, "the order was not taken; import it again");
	}
	return 0;
}

static int is_same(const struct order_doc *doc, const struct db_result *known)
{
	unsigned char hash[32];
	char hex[65];

	order_doc_hash(doc, hash);
	for (size_t i = 0; i < sizeof hash; i++)
		snprintf(hex + 2 * i, 3, "%02x", hash[i]);
	return strcmp(hex, db_get_text(known, 0, K_HASH)) == 0;
}

static int is_known(const struct db_result *known)
{
	return !db_is_null(known, 0, K_ORDER);
}

static const struct order_doc_line *line_of(const struct order_doc *doc, const char *source_id)
{
	for (size_t i = 0; i < doc->line_count; i++)
		if (strcmp(doc->lines[i].source_id, source_id) == 0)
			return doc->lines + i;
	return NULL;
}

static int text_differs(const char *one, const char *other)
{
	return strcmp(one ? one : "", other ? other : "") != 0;
}

static int check_lines(const struct order_doc *doc, const struct db_result *known, struct err *e)
{
	for (size_t row = 0; row < known->rows; row++) {
		const char *id = db_get_text(known, row, K_LINE);
		const struct order_doc_line *line = line_of(doc, id);

		if (!line)
			return err_final(
				e,
				"line \"%s\" was imported before and is not in the file; a line "
				"does not vanish: give it \"current_quantity\": 0",
				text_cut(id, 60));
		if (db_get_bool(known, row, K_HAS_PARTS) &&
		    text_differs(line->sku, db_get_text(known, row, K_SKU)))
			return err_final(e,
					 "line \"%s\" is planned as another SKU; give it "
					 "\"current_quantity\": 0 and add a line",
					 text_cut(id, 60));
	}
	return 0;
}

/* May this version follow the one that is known? */
static int check_version(struct cli *cli, const struct order_doc *doc,
			 const struct db_result *known, struct err *e)
{
	int64_t updated_us = db_get_int64(known, 0, K_UPDATED);

	if (doc->updated_at_us < updated_us)
		return err_final(
			e,
			"a version of %s was imported before this one; \"updated_at\" must be "
			"later for a change to be taken",
			timestamp_format(cli->arena, updated_us));
	if (doc->updated_at_us == updated_us && !is_same(doc, known))
		return err_final(
			e,
			"the order was imported before with the same \"updated_at\", %s, and "
			"other content; give a later one",
			timestamp_format(cli->arena, updated_us));
	return check_lines(doc, known, e);
}

static int check_store(const struct db_result *known, struct err *e)
{
	const struct platform *platform = platform_by_name(db_get_text(known, 0, K_PLATFORM), e);

	if (!platform)
		return -1;
	if (platform->takes_imports)
		return 0;
	return err_final(
		e,
		"the store %s is a shop: its orders come from there; import into a store without "
		"a platform (`waybill store add --platform none --domain NAME`), with --store NAME",
		text_cut(db_get_text(known, 0, K_DOMAIN), 60));
}

static void add(json_t *changes, const char *text)
{
	json_array_append_new(changes, json_string(text));
}

static void compare_lines(struct cli *cli, const struct order_doc *doc,
			  const struct db_result *known, json_t *changes)
{
	size_t row;

	for (size_t i = 0; i < doc->line_count; i++) {
		const struct order_doc_line *line = doc->lines + i;
		long long units = (long long)line->current_quantity, had;

		for (row = 0; row < known->rows; row++)
			if (strcmp(db_get_text(known, row, K_LINE), line->source_id) == 0)
				break;
		if (row == known->rows) {
			add(changes, arena_printf(cli->arena, "line %s: new, %lld units",
						  line->source_id, units));
			continue;
		}
		had = (long long)db_get_int64(known, row, K_UNITS);
		if (had != units)
			add(changes, arena_printf(cli->arena, "line %s: %lld units instead of %lld",
						  line->source_id, units, had));
	}
}

/* What a person wants to know first; the rest is one word. */
static json_t *compare(struct cli *cli, const struct order_doc *doc, const struct db_result *known)
{
	json_t *changes = json_array();

	if (is_same(doc, known))
		return changes;
	if (doc->cancelled_at_us && !db_get_bool(known, 0, K_CANCELLED))
		add(changes, "cancelled");
	if (text_differs(payment_status_names[doc->payment], db_get_text(known, 0, K_PAYMENT)))
		add(changes, "payment");
	if (doc->total != db_get_int64(known, 0, K_TOTAL))
		add(changes, "total");
	compare_lines(cli, doc, known, changes);
	if (json_array_size(changes) == 0)
		add(changes, "other facts");
	return changes;
}

static int answer(struct cli *cli, int64_t store, const struct order_doc *doc,
		  const struct db_result *known)
{
	json_t *changes = is_known(known) ? compare(cli, doc, known) : NULL;
	int is_idle = changes && json_array_size(changes) == 0;

	cli->output = json_pack("{s:s, s:s, s:I, s:I, s:s}", "id", doc->source_id, "name",
				doc->name, "store", (json_int_t)store, "lines",
				(json_int_t)doc->line_count, "result",
				!changes  ? "new"
				: is_idle ? "nothing changed"
					  : "changed");
	if (changes)
		json_object_set_new(cli->output, "changes", changes);
	return is_idle;
}

static int order_import(struct cli *cli, struct err *e)
{
	const char *path = cli->args[0];
	struct order_doc doc = {0};
	struct db_result known;
	int64_t store;
	size_t len;
	char *text;

	if (file_read(cli->arena, path, ORDER_JSON_BYTES_MAX, &text, &len, e))
		return -1;
	if (order_doc_from_json(cli->arena, text, len, &doc, e) ||
	    order_doc_check(cli->arena, &doc, e))
		return err_prefix(e, "%s", text_cut(path, 80));
	if (cli_store(cli, cli_get(cli, "store"), &store, e) ||
	    cli_run(cli, SQL_CLI_IMPORT_KNOWN, &known, e, db_int64(cli->arena, store),
		    db_text(doc.source_id)))
		return -1;
	if (check_store(&known, e) || (is_known(&known) && check_version(cli, &doc, &known, e)))
		return -1;
	if (answer(cli, store, &doc, &known)) {
		cli_say(cli, "\nNothing changed: this version is known already.");
		return 0;
	}
	if (publish_order(cli, store, &doc, text, len, e))
		return -1;
	cli_say(cli, "\nTaken. It shows in `waybill order show %s` once a worker has read it.",
		doc.name);
	return 0;
}

const struct command order_import_commands[] = {
	{"order import", "FILE.json", 1, 1, import_fields, order_import,
	 .help = "Take in an order that comes from no shop (docs/order-import.md)"},
	{0},
};
