/*
 * token - a new access token by the client credentials grant
 *
 * For apps of the merchant's own organisation: the app's id and secret buy a token of 24 hours;
 * there is no refresh token, one simply asks again, so asking twice is harmless.
 */
#include <string.h>

#include "connectors/shopify/shopify_internal.h"

struct grant {
	const char *access_token;
	int64_t expires_in;
};

static const struct jmap_field grant_fields[] = {
	JMAP_NEED(struct grant, access_token, "access_token", JMAP_TEXT),
	JMAP(struct grant, expires_in, "expires_in", JMAP_INT64),
	{0},
};

/* form_escape - application/x-www-form-urlencoded */
static const char *form_escape(struct arena *a, struct secret value)
{
	static const char hex[] = "0123456789ABCDEF";
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
	char *out = arena_alloc(a, value.len * 3 + 1), *to = out;

	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = value.bytes[i];

		if (c != '\0' && strchr(plain, c)) {
			*to++ = (char)c;
		} else {
			*to++ = '%';
			*to++ = hex[c >> 4];
			*to++ = hex[c & 15];
		}
	}
	return out;
}

/* The reason is a word of Shopify's ("app_not_installed"); anything else is not repeated. */
static int refuse(const struct api_response *res, struct err *e)
{
	const char *reason = json_string_value(jmap_at(res->json, "error"));

	if (!reason || strspn(reason, "abcdefghijklmnopqrstuvwxyz_") != strlen(reason))
		reason = "no reason given";
	enum err_code code = strcmp(reason, "app_not_installed") == 0 ||
					     strcmp(reason, "shop_not_permitted") == 0
				     ? ERR_CODE_AUTH
				     : ERR_CODE_NONE;

	return err_set(e, ERR_FINAL, code, "the store refused a token with status %d: %s",
		       res->status, reason);
}

int shopify_token(struct api *api, struct platform_token *out, struct err *e)
{
	const struct account *account = api->account;
	struct api_response res = {0};
	struct grant grant = {0};

	if (account->client_id.len == 0 || account->client_secret.len == 0)
		return err_final(e, "store %s has no client id and secret", account->name);
	struct api_request req = {
		.operation = "token",
		.method = "POST",
		.path = "/admin/oauth/access_token",
		.headers = {"Content-Type: application/x-www-form-urlencoded",
			    "Accept: application/json"},
		.body = arena_printf(api->arena,
				     "grant_type=client_credentials&client_id=%s&client_secret=%s",
				     form_escape(api->arena, account->client_id),
				     form_escape(api->arena, account->client_secret)),
		.effect = API_READ,
	};

	if (api_call(api, &req, &res, e)) {
		if (e && e->code == ERR_CODE_AUTH)
			return err_set(e, ERR_FINAL, ERR_CODE_AUTH,
				       "the store refused the client id or secret");
		return -1;
	}
	if (res.status < 200 || res.status > 299)
		return refuse(&res, e);
	if (!json_is_object(res.json))
		return err_retry(e, "no answer to the request for a token");
	if (jmap_read(api->arena, res.json, grant_fields, &grant, e))
		return err_prefix(e, "token");
	if (!*grant.access_token || grant.expires_in < 0)
		return err_set(e, ERR_FINAL, ERR_CODE_DATA, "token: not a token");
	out->token = secret_new(api->arena, grant.access_token, strlen(grant.access_token));
	out->expires_in_s = grant.expires_in;
	return 0;
}
