/*
 * webhook - signatures, topics, and what the bodies behind them say
 *
 * A webhook is a hint; an order's own body is taken at its word when it is whole (order_body.c).
 */
#include <string.h>

#include "connectors/shopify/shopify_internal.h"

enum { BODY_MAX = 16 * 1024 * 1024, PRIVACY_ORDERS_MAX = 10000, HMAC_BYTES = 32 };

/* ---- the signature ---- */

int shopify_webhook_verify(const struct webhook *hook, const struct secret *secrets, size_t count)
{
	unsigned char given[HMAC_BYTES], expected[HMAC_BYTES];
	size_t len = 0;
	int is_good = 0;

	if (!hook->signature ||
	    base64_decode(hook->signature, strlen(hook->signature), given, sizeof given, &len))
		return -1;
	if (len != sizeof given)
		return -1;
	/* Every secret is tried, so that time does not tell which one fits. */
	for (size_t i = 0; i < count; i++) {
		if (secrets[i].len == 0)
			continue;
		hmac_sha256(secrets[i], hook->body, hook->body_len, expected);
		is_good |= bytes_equal(given, expected, sizeof given);
	}
	return is_good ? 0 : -1;
}

static const char *id_at(struct arena *a, json_t *object, const char *path)
{
	return shopify_id_json(a, jmap_at(object, path));
}

/* The host of an order's status page: the store's own, unless the shop has a domain of its own. */
static const char *host_at(struct arena *a, json_t *json, const char *key)
{
	static const char scheme[] = "https://";
	const char *url = json_string_value(json_object_get(json, key));

	if (!url || strncmp(url, scheme, sizeof scheme - 1) != 0)
		return NULL;
	url += sizeof scheme - 1;
	return arena_strndup(a, url, strcspn(url, "/?#"));
}

static int read_order(struct arena *a, json_t *json, struct webhook_event *out, struct err *e)
{
	out->domain = host_at(a, json, "order_status_url");
	return shopify_order_body(a, json, out, e);
}

/* ---- bodies that only say where to look ---- */

static int read_part(struct arena *a, json_t *json, struct webhook_event *out, struct err *e)
{
	out->kind = WEBHOOK_FETCH;
	out->order_id = id_at(a, json, "order_id");
	return out->order_id
		       ? 0
		       : err_set(e, ERR_FINAL, ERR_CODE_DATA, "order_id: missing or not an id");
}

static int read_edit(struct arena *a, json_t *json, struct webhook_event *out, struct err *e)
{
	return read_part(a, jmap_at(json, "order_edit"), out, e);
}

/*
 * Thin bodies: global ids and a status. Whichever fulfillment order is named, its order is the
 * same.
 */
static int read_fulfillment_order(struct arena *a, json_t *json, struct webhook_event *out,
				  struct err *e)
{
	static const char *const paths[] = {"fulfillment_order.id", "moved_fulfillment_order.id",
					    "original_fulfillment_order.id",
					    "submitted_fulfillment_order.id",
					    "fulfillment_order_merges.fulfillment_order.id"};

	out->kind = WEBHOOK_FETCH;
	for (size_t i = 0; i < sizeof paths / sizeof *paths && !out->fulfillment_order_id; i++)
		out->fulfillment_order_id = id_at(a, json, paths[i]);
	if (!out->fulfillment_order_id)
		return err_set(e, ERR_FINAL, ERR_CODE_DATA,
			       "fulfillment_order.id: missing or not an id");
	return 0;
}

/* ---- bodies of the gravest topics ---- */

/*
 * What such a body always has, and what only its siblings have: a signed body must do no harm under
 * another of these topics.
 */
struct shape {
	const char *id, *domain, *object, *list; /* NULL: it has none */
	const char *alien[4];
};

static int check_shape(struct arena *a, json_t *json, const struct shape *shape,
		       struct webhook_event *out, struct err *e)
{
	if (!id_at(a, json, shape->id))
		return err_set(e, ERR_FINAL, ERR_CODE_DATA, "%s: missing or not an id", shape->id);
	out->domain = arena_strdup(a, json_string_value(json_object_get(json, shape->domain)));
	if (!out->domain)
		return err_set(e, ERR_FINAL, ERR_CODE_DATA, "%s: missing", shape->domain);
	if (shape->object && !json_is_object(json_object_get(json, shape->object)))
		return err_set(e, ERR_FINAL, ERR_CODE_DATA, "%s: missing", shape->object);
	if (shape->list && !json_is_array(json_object_get(json, shape->list)))
		return err_set(e, ERR_FINAL, ERR_CODE_DATA, "%s: not a list", shape->list);
	for (size_t i = 0; i < sizeof shape->alien / sizeof *shape->alien && shape->alien[i]; i++)
		if (json_object_get(json, shape->alien[i]))
			return err_set(e, ERR_FINAL, ERR_CODE_DATA,
				       "%s: does not belong into this topic", shape->alien[i]);
	return 0;
}

static int read_uninstalled(struct arena *a, json_t *json, struct webhook_event *out, struct err *e)
{
	static const struct shape shape = {.id = "id", .domain = "myshopify_domain"};

	out->kind = WEBHOOK_UNINSTALLED;
	return check_shape(a, json, &shape, out, e);
}

static int read_privacy(struct arena *a, json_t *json, enum privacy_request which,
			const struct shape *shape, struct webhook_event *out, struct err *e)
{
	json_t *ids = shape->list ? json_object_get(json, shape->list) : NULL;
	size_t count = json_array_size(ids);
	const char **orders = ARENA_ARRAY(a, const char *, count);

	if (check_shape(a, json, shape, out, e))
		return -1;
	if (count > PRIVACY_ORDERS_MAX)
		return err_set(e, ERR_FINAL, ERR_CODE_DATA, "%s: more than %d", shape->list,
			       PRIVACY_ORDERS_MAX);
	for (size_t i = 0; i < count; i++) {
		orders[i] = shopify_id_json(a, json_array_get(ids, i));
		if (!orders[i])
			return err_set(e, ERR_FINAL, ERR_CODE_DATA, "%s[%zu]: not an id",
				       shape->list, i);
	}
	out->kind = WEBHOOK_PRIVACY;
	out->privacy = which;
	out->privacy_orders = orders;
	out->privacy_order_count = count;
	return 0;
}

static int read_data_request(struct arena *a, json_t *json, struct webhook_event *out,
			     struct err *e)
{
	static const struct shape shape = {.id = "shop_id",
					   .domain = "shop_domain",
					   .object = "customer",
					   .list = "orders_requested",
					   .alien = {"orders_to_redact"}};

	return read_privacy(a, json, PRIVACY_DATA_REQUEST, &shape, out, e);
}

static int read_customer_redact(struct arena *a, json_t *json, struct webhook_event *out,
				struct err *e)
{
	static const struct shape shape = {.id = "shop_id",
					   .domain = "shop_domain",
					   .object = "customer",
					   .list = "orders_to_redact",
					   .alien = {"orders_requested", "data_request"}};

	return read_privacy(a, json, PRIVACY_CUSTOMER_REDACT, &shape, out, e);
}

static int read_shop_redact(struct arena *a, json_t *json, struct webhook_event *out, struct err *e)
{
	static const struct shape shape = {
		.id = "shop_id",
		.domain = "shop_domain",
		.alien = {"customer", "orders_to_redact", "orders_requested", "data_request"}};

	return read_privacy(a, json, PRIVACY_SHOP_REDACT, &shape, out, e);
}

/* ---- topics ---- */

/* A topic that ends in '/' is a whole family. */
static const struct topic {
	const char *name;
	int (*read)(struct arena *a, json_t *json, struct webhook_event *out, struct err *e);
	int is_grave; /* it erases, or ends all talk */
} topics[] = {
	{"orders/create", read_order, 0},
	{"orders/updated", read_order, 0},
	{"orders/paid", read_order, 0},
	{"orders/cancelled", read_order, 0},
	{"orders/edited", read_edit, 0},
	{"refunds/create", read_part, 0},
	{"fulfillments/create", read_part, 0},
	{"fulfillments/update", read_part, 0},
	{"fulfillment_orders/", read_fulfillment_order, 0},
	{"fulfillment_holds/", read_fulfillment_order, 0},
	{"app/uninstalled", read_uninstalled, 1},
	{"customers/data_request", read_data_request, 1},
	{"customers/redact", read_customer_redact, 1},
	{"shop/redact", read_shop_redact, 1},
};

static const struct topic *topic_of(const char *name)
{
	for (size_t i = 0; i < sizeof topics / sizeof *topics; i++) {
		size_t len = strlen(topics[i].name);

		if (topics[i].name[len - 1] == '/' ? strncmp(name, topics[i].name, len) == 0
						   : strcmp(name, topics[i].name) == 0)
			return &topics[i];
	}
	return NULL;
}

int shopify_webhook_is_grave(const char *name)
{
	const struct topic *topic = topic_of(name);

	return topic && topic->is_grave;
}

int shopify_webhook_read(struct arena *a, const struct webhook *hook, struct webhook_event *out,
			 struct err *e)
{
	const struct topic *topic = hook->topic ? topic_of(hook->topic) : NULL;
	json_t *json = NULL;

	*out = (struct webhook_event){.kind = WEBHOOK_IGNORED};
	if (!topic)
		return 0;
	/* A document is many times its text; many wait to be written, none needs its document any more. */
	struct arena *document = arena_new();
	int failed = jmap_parse(document, hook->body, hook->body_len, BODY_MAX, &json, e) ||
		     topic->read(a, json, out, e);

	arena_free(document);
	return failed ? err_prefix(e, "%s", topic->name) : 0;
}
