/* shopify - the platform Shopify, over its Admin GraphQL API; README.md says how it behaves */
#include <string.h>

#include "connectors/shopify/shopify_internal.h"
#include "gen/graphql.h"

static const struct shopify_operation shop_info = {"ShopInfo", GQL_SHOPIFY_SHOP, API_READ};

/* What this version uses. A missing scope hides work instead of failing, so it is looked for. */
static const char *const scopes_needed[] = {
	"read_orders",
	"read_products",  /* a line's variant */
	"read_locations", /* where a fulfillment order is assigned */
	"write_merchant_managed_fulfillment_orders",
	"read_third_party_fulfillment_orders", /* to see that a 3PL has the work */
	"read_fulfillments",		       /* the fulfillments/ webhooks */
};

struct scope {
	const char *handle;
};

struct version {
	const char *handle;
	int is_supported;
};

struct shop {
	const char *name, *currency;
	struct jmap_array scopes;   /* struct scope */
	struct jmap_array versions; /* struct version */
};

static const struct jmap_field shop_fields[] = {
	JMAP_NEED(struct shop, name, "name", JMAP_TEXT),
	JMAP_NEED(struct shop, currency, "currencyCode", JMAP_TEXT),
	{0},
};

static const struct jmap_field scope_fields[] = {
	JMAP_NEED(struct scope, handle, "handle", JMAP_TEXT),
	{0},
};

static const struct jmap_field installation_fields[] = {
	JMAP_LIST(struct shop, scopes, "accessScopes", scope_fields, struct scope),
	{0},
};

static const struct jmap_field version_fields[] = {
	JMAP_NEED(struct version, handle, "handle", JMAP_TEXT),
	JMAP(struct version, is_supported, "supported", JMAP_BOOL),
	{0},
};

static const struct jmap_field check_fields[] = {
	{"shop", JMAP_OBJECT, 1, 0, 0, shop_fields, 0, 0},
	{"currentAppInstallation", JMAP_OBJECT, 1, 0, 0, installation_fields, 0, 0},
	JMAP_LIST(struct shop, versions, "publicApiVersions", version_fields, struct version),
	{0},
};

/* write_x implies read_x. */
static int has_scope(const struct shop *shop, const char *wanted)
{
	const struct scope *scopes = shop->scopes.items;

	for (size_t i = 0; i < shop->scopes.count; i++) {
		const char *handle = scopes[i].handle;

		if (strcmp(handle, wanted) == 0)
			return 1;
		if (strncmp(wanted, "read_", 5) == 0 && strncmp(handle, "write_", 6) == 0 &&
		    strcmp(handle + 6, wanted + 5) == 0)
			return 1;
	}
	return 0;
}

static const char *missing_scopes(struct arena *a, const struct shop *shop)
{
	const char *missing = NULL;

	for (size_t i = 0; i < sizeof scopes_needed / sizeof *scopes_needed; i++) {
		if (has_scope(shop, scopes_needed[i]))
			continue;
		missing = missing ? arena_printf(a, "%s,%s", missing, scopes_needed[i])
				  : scopes_needed[i];
	}
	return missing;
}

/* A version that Shopify no longer has is answered by an older one, silently. */
static const char *version_warning(struct arena *a, const struct shop *shop)
{
	const struct version *versions = shop->versions.items;

	for (size_t i = 0; i < shop->versions.count; i++)
		if (strcmp(versions[i].handle, SHOPIFY_API_VERSION) == 0 &&
		    versions[i].is_supported)
			return NULL;
	return arena_printf(a, "the store does not support API version %s any more",
			    SHOPIFY_API_VERSION);
}

static int shopify_check(struct api *api, struct platform_check *out, struct err *e)
{
	struct shop shop = {0};
	json_t *data = NULL;

	if (shopify_call(api, &shop_info, /* variables= */ NULL, &data, e))
		return -1;
	if (jmap_read(api->arena, data, check_fields, &shop, e))
		return err_prefix(e, "shop");
	*out = (struct platform_check){
		.store_name = shop.name,
		.currency = shop.currency,
		.missing_scopes = missing_scopes(api->arena, &shop),
		.api_version_warning = version_warning(api->arena, &shop),
	};
	return 0;
}

const struct platform shopify_platform = {
	.name = "shopify",
	.default_api_base_format = "https://%s",
	.webhook_headers = {.topic = "X-Shopify-Topic",
			    .signature = "X-Shopify-Hmac-Sha256",
			    .domain = "X-Shopify-Shop-Domain",
			    .delivery_id = "X-Shopify-Webhook-Id",
			    .timestamp = "X-Shopify-Triggered-At"},
	.webhook_verify = shopify_webhook_verify,
	.webhook_is_grave = shopify_webhook_is_grave,
	.webhook_read = shopify_webhook_read,
	.order_fetch = shopify_order_fetch,
	.order_of = shopify_order_of,
	.orders_changed = shopify_orders_changed,
	.may_ship = shopify_may_ship,
	.fulfill = shopify_fulfill,
	.token = shopify_token,
	.check = shopify_check,
};
