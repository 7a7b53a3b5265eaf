/*
 * graphql - the one call every operation goes through
 *
 * Shopify answers 200 to nearly everything; whether it went well stands in four layers: the HTTP
 * status (api_call judges it), errors[] with a code, userErrors[] inside a payload, and a payload
 * that is null without a reason. The second layer is judged here, the last two by whoever knows the
 * operation.
 */
#include <stdlib.h>
#include <string.h>

#include "connectors/shopify/shopify_internal.h"

enum { JITTER_MS = 500, THROTTLED_MS = 2000, THROTTLED_MS_MAX = 60000, USER_ERRORS_MAX = 3 };

static const char graphql_path[] = "/admin/api/" SHOPIFY_API_VERSION "/graphql.json";

static const char *text_at(json_t *object, const char *path, const char *otherwise)
{
	const char *text = json_string_value(jmap_at(object, path));

	return text ? text : otherwise;
}

const struct jmap_field shopify_page_fields[] = {
	JMAP(struct shopify_page, has_next, "hasNextPage", JMAP_BOOL),
	JMAP(struct shopify_page, end_cursor, "endCursor", JMAP_TEXT),
	{0},
};

const char *shopify_next(const struct shopify_page *page)
{
	return page->has_next ? page->end_cursor : NULL;
}

/*
 * How long until the bucket holds what was asked for. Fibers of many workers wait for the same
 * bucket: spread them.
 */
static int throttled_ms(json_t *answer)
{
	json_t *cost = jmap_at(answer, "extensions.cost");
	double requested = json_number_value(jmap_at(cost, "requestedQueryCost"));
	double available = json_number_value(jmap_at(cost, "throttleStatus.currentlyAvailable"));
	double rate = json_number_value(jmap_at(cost, "throttleStatus.restoreRate"));
	double wait_ms = THROTTLED_MS;

	if (rate > 0 && requested > available)
		wait_ms = (requested - available) / rate * 1000;
	if (wait_ms > THROTTLED_MS_MAX)
		wait_ms = THROTTLED_MS_MAX;
	return (int)wait_ms + 1 + (int)arc4random_uniform(JITTER_MS);
}

static int is_one_of(const char *code, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(code, *list) == 0)
			return 1;
	return 0;
}

static int unknown_or_retry(enum api_effect effect)
{
	return effect == API_EFFECT ? ERR_CODE_UNKNOWN : ERR_CODE_NONE;
}

static int judge_error(const struct shopify_operation *operation, json_t *answer, json_t *error,
		       struct err *e)
{
	/* Theirs to mend, or the merchant's; every other code is about what we wrote. */
	static const char *const theirs[] = {"INTERNAL_SERVER_ERROR", "TIMEOUT",
					     "SERVICE_UNAVAILABLE", NULL};
	static const char *const closed[] = {"SHOP_INACTIVE", "FORBIDDEN", "UNAUTHORIZED", NULL};
	const char *code = text_at(error, "extensions.code", "");
	const char *message = text_at(error, "message", "no message");

	if (strcmp(code, "THROTTLED") == 0) {
		err_set(e, ERR_RETRY, ERR_CODE_RATE_LIMIT, "%s: throttled", operation->name);
		if (e)
			e->retry_after_ms = throttled_ms(answer);
		return -1;
	}
	if (strcmp(code, "ACCESS_DENIED") == 0)
		return err_final(e, "%s: the store denies access: %s", operation->name,
				 text_at(error, "extensions.requiredAccess", message));
	if (is_one_of(code, theirs))
		return err_set(e, ERR_RETRY, (enum err_code)unknown_or_retry(operation->effect),
			       "%s: could not be answered (%s, request %s)", operation->name, code,
			       text_at(error, "extensions.requestId", "unnamed"));
	if (is_one_of(code, closed))
		return err_final(e, "%s: refused: %s", operation->name, code);
	return err_bug(e, "%s: %s%s%s", operation->name, code, *code ? ": " : "", message);
}

static int judge(const struct shopify_operation *operation, const struct api_response *res,
		 json_t **data, struct err *e)
{
	json_t *errors = jmap_at(res->json, "errors");

	if (!json_is_object(res->json))
		return err_set(e, ERR_RETRY, (enum err_code)unknown_or_retry(operation->effect),
			       "%s: no answer in an answer with status %d", operation->name,
			       res->status);
	if (json_array_size(errors) > 0)
		return judge_error(operation, res->json, json_array_get(errors, 0), e);
	/* What is not GraphQL's puts plain text there: {"errors": "Not Found"}. */
	if (res->status < 200 || res->status > 299)
		return err_final(e, "%s: refused with status %d: %s", operation->name, res->status,
				 text_at(res->json, "errors", "no reason given"));
	*data = jmap_at(res->json, "data");
	if (!json_is_object(*data))
		return err_set(e, ERR_RETRY, (enum err_code)unknown_or_retry(operation->effect),
			       "%s: an answer without data", operation->name);
	return 0;
}

int shopify_call(struct api *api, const struct shopify_operation *operation, json_t *variables,
		 json_t **data, struct err *e)
{
	const struct secret *token = &api->account->token;
	struct api_response res = {0};

	if (token->len == 0) {
		json_decref(variables);
		return err_set(e, ERR_RETRY, ERR_CODE_AUTH, "%s: there is no access token yet",
			       operation->name);
	}
	json_t *body = json_pack("{s:s, s:o}", "query", operation->document, "variables",
				 variables ? variables : json_object());
	struct api_request req = {
		.operation = operation->name,
		.method = "POST",
		.path = graphql_path,
		.auth = arena_printf(api->arena, "X-Shopify-Access-Token: %s",
				     (const char *)token->bytes),
		.json = body,
		.effect = operation->effect,
	};

	if (!body)
		return err_bug(e, "%s: variables that are not UTF-8", operation->name);
	int result = api_call(api, &req, &res, e);

	json_decref(body);
	return result ? -1 : judge(operation, &res, data, e);
}

const char *shopify_user_errors(struct arena *a, json_t *payload)
{
	json_t *errors = jmap_at(payload, "userErrors");
	size_t count = json_array_size(errors);
	const char *text = NULL;

	for (size_t i = 0; i < count && i < USER_ERRORS_MAX; i++) {
		const char *message =
			text_at(json_array_get(errors, i), "message", "refused without a reason");

		text = text ? arena_printf(a, "%s; %s", text, message) : arena_strdup(a, message);
	}
	return text;
}
