/* none - a store without a platform: its orders are imported, and there is nobody to ask or to tell (README.md) */
#include "connectors/platform.h"

static int webhook_verify(const struct webhook *hook, const struct secret *secrets, size_t count)
{
	(void)hook;
	(void)secrets;
	(void)count;
	return -1;
}

static int webhook_read(struct arena *a, const struct webhook *hook, struct webhook_event *out,
			struct err *e)
{
	(void)a;
	(void)hook;
	(void)out;
	return err_set(e, ERR_FINAL, ERR_CODE_DATA, "a webhook for a store without a platform");
}

static int order_fetch(struct api *api, const char *source_id, struct order_doc *out, struct err *e)
{
	(void)api;
	(void)source_id;
	(void)out;
	return err_set(e, ERR_FINAL, ERR_CODE_NOT_FOUND,
		       "the store has no platform: its orders are imported, not fetched");
}

static int orders_changed(struct api *api, int64_t since_us, const char *cursor,
			  struct changed_page *out, struct err *e)
{
	(void)api;
	(void)since_us;
	(void)cursor;
	(void)e;
	*out = (struct changed_page){0};
	return 0;
}

static int may_ship(struct api *api, const struct ship_question *q, struct veto *out, struct err *e)
{
	(void)api;
	(void)q;
	(void)e;
	*out = (struct veto){.kind = VETO_NONE};
	return 0;
}

static int fulfill(struct api *api, const struct fulfillment *f, struct fulfilled *out,
		   struct err *e)
{
	(void)api;
	(void)f;
	(void)e;
	*out = (struct fulfilled){0};
	return 0;
}

static int check(struct api *api, struct platform_check *out, struct err *e)
{
	(void)e;
	*out = (struct platform_check){.store_name = api->account->name};
	return 0;
}

const struct platform none_platform = {
	.name = "none",
	.default_api_base_format = "",
	.takes_imports = 1,
	.webhook_verify = webhook_verify,
	.webhook_read = webhook_read,
	.order_fetch = order_fetch,
	.orders_changed = orders_changed,
	.may_ship = may_ship,
	.fulfill = fulfill,
	.check = check,
};
