/* connectors - the one list: a new connector is a folder and a line here */
#include <stddef.h>
#include <string.h>

#include "connectors/carrier.h"
#include "connectors/fulfiller.h"
#include "connectors/platform.h"
#include "core/runtime/text.h"

extern const struct platform shopify_platform, none_platform, null_platform;
extern const struct carrier shippo_carrier, null_carrier;

const struct platform *const platforms[] = {
	&shopify_platform,
	&none_platform,
	&null_platform,
	NULL,
};

const struct carrier *const carriers[] = {
	&shippo_carrier,
	&null_carrier,
	NULL,
};

const struct fulfiller *const fulfillers[] = {
	NULL,
};

/* Each of the three structs begins with its name. */
_Static_assert(offsetof(struct platform, name) == 0, "name comes first");
_Static_assert(offsetof(struct carrier, name) == 0, "name comes first");
_Static_assert(offsetof(struct fulfiller, name) == 0, "name comes first");

static const void *by_name(const void *list, const char *kind, const char *name, struct err *e)
{
	for (const char *const *const *each = list; *each; each++)
		if (strcmp(**each, name) == 0)
			return *each;
	err_set(e, ERR_FINAL, ERR_CODE_NOT_FOUND, "this version has no %s \"%s\"", kind,
		text_cut(name, 40));
	return NULL;
}

const struct platform *platform_by_name(const char *name, struct err *e)
{
	return by_name(platforms, "platform", name, e);
}

const struct carrier *carrier_by_name(const char *name, struct err *e)
{
	return by_name(carriers, "carrier", name, e);
}

const struct fulfiller *fulfiller_by_name(const char *name, struct err *e)
{
	return by_name(fulfillers, "fulfiller", name, e);
}
