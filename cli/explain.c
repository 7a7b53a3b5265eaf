/*
 * explain - routing decisions in words
 *
 * A decision says for each unit from where it ships, and for each location why it was taken or
 * not. The numbers of a location that was not taken are the best plan that uses it, against the
 * one that was chosen.
 */
#include "cli/explain.h"

#include "core/domain/money.h"
#include "core/runtime/buffer.h"

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "?";
}

static long long number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void add_part(struct buffer *b, const char *text)
{
	if (b->len)
		buffer_text(b, ", ");
	buffer_text(b, text);
}

static const char *plural(long long n)
{
	return n == 1 ? "" : "s";
}

/* A difference of two plans: "ships 2 units less, 1 more shipment, costs 3.20 more". */
static const char *difference(struct cli *cli, const json_t *more, const char *currency)
{
	static const char *const kinds[][2] = {
		{"dropship_units", "from suppliers"},
		{"third_party_units", "from 3PLs"},
	};
	struct buffer b = {.arena = cli->arena};
	long long n = number_of(more, "unshipped");

	if (n)
		add_part(&b, arena_printf(cli->arena, "ships %lld unit%s %s", llabs(n),
					  plural(llabs(n)), n > 0 ? "less" : "more"));
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		n = number_of(more, kinds[i][0]);
		if (n)
			add_part(&b, arena_printf(cli->arena, "%lld unit%s %s %s", llabs(n),
						  plural(llabs(n)), n > 0 ? "more" : "less",
						  kinds[i][1]));
	}
	n = number_of(more, "shipments");
	if (n)
		add_part(&b, arena_printf(cli->arena, "%lld shipment%s %s", llabs(n),
					  plural(llabs(n)), n > 0 ? "more" : "less"));
	n = number_of(more, "cost");
	if (n)
		add_part(&b, arena_printf(cli->arena, "costs %s %s %s",
					  money_format(cli->arena, llabs(n), currency), currency,
					  n > 0 ? "more" : "less"));
	return b.data ? b.data : "as good, but later by priority or number";
}

static void say_items(struct cli *cli, const json_t *items)
{
	const json_t *item;
	size_t i;

	json_array_foreach (items, i, item) {
		const char *sku = text_of(item, "sku");
		const char *where = json_string_value(json_object_get(item, "where"));
		long long waits = number_of(item, "wanted") - number_of(item, "shipped_now");

		if (where)
			cli_say(cli, "  %s: %s", sku, where);
		else if (number_of(item, "shipped_now"))
			cli_say(cli, "  %s: %lld planned, and taken back since", sku,
				number_of(item, "shipped_now"));
		if (waits > 0)
			cli_say(cli, "  %s: %lld wait%s, no location has free stock for it", sku,
				waits, waits == 1 ? "s" : "");
	}
}

static void say_candidate(struct cli *cli, const json_t *c, const char *currency)
{
	const char *reason = text_of(c, "reason"), *code = text_of(c, "location");
	const char *words = difference(cli, json_object_get(c, "more"), currency);

	if (strcmp(reason, "chosen") == 0)
		cli_say(cli, "  %s: chosen", code);
	else if (strcmp(reason, "no_stock") == 0)
		cli_say(cli, "  %s: has none of this free", code);
	else if (strcmp(reason, "excluded") == 0)
		cli_say(cli, "  %s: excluded, %s", code, text_of(c, "why"));
	else if (strcmp(reason, "unpriced") == 0)
		cli_say(cli, "  %s: not priced, nearer ones were%s", code,
			number_of(json_object_get(c, "more"), "shipments")
				? "; at least 1 shipment more"
				: "");
	else if (strcmp(reason, "dearer") == 0)
		cli_say(cli, "  %s: worse: %s", code, words);
	else
		cli_say(cli, "  %s: not needed: %s", code, words);
}

static void say_proof(struct cli *cli, const json_t *decision, const char *currency)
{
	const json_t *value = json_object_get(decision, "value");
	const json_t *bound = json_object_get(decision, "bound"), *best;
	json_t *gap = json_object();
	const char *key;

	if (json_is_true(json_object_get(decision, "optimal"))) {
		cli_say(cli, "  proven: there is no better plan");
		json_decref(gap);
		return;
	}
	json_object_foreach ((json_t *)(uintptr_t)value, key, best)
		json_object_set_new(gap, key,
				    json_integer(number_of(bound, key) - json_integer_value(best)));
	cli_say(cli,
		"  not proven: the search ended after %lld nodes; a better plan is at most this: %s",
		number_of(decision, "nodes"), difference(cli, gap, currency));
	json_decref(gap);
}

static void say_left_out(struct cli *cli, const json_t *decision, const char *key, const char *what)
{
	long long n = number_of(decision, key);

	if (n)
		cli_say(cli, "  and %lld more %s, for which the record has no room", n, what);
}

void explain(struct cli *cli, const json_t *decisions)
{
	const json_t *decision, *candidate;
	size_t i, c;

	json_array_foreach (decisions, i, decision) {
		const char *currency = text_of(decision, "currency");

		cli_say(cli, "%s%s, group %lld", i ? "\n" : "", text_of(decision, "at"),
			number_of(decision, "group"));
		say_items(cli, json_object_get(decision, "items"));
		say_left_out(cli, decision, "items_left_out", "lines and parts of kits");
		cli_say(cli, " locations");
		json_array_foreach (json_object_get(decision, "candidates"), c, candidate)
			say_candidate(cli, candidate, currency);
		say_left_out(cli, decision, "candidates_left_out", "locations");
		say_proof(cli, decision, currency);
	}
	if (json_array_size(decisions) == 0)
		cli_say(cli,
			"nothing has been planned for this order yet; see `waybill order show`");
}
