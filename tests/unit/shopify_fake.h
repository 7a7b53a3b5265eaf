/*
 * shopify_fake - a store that gives prepared answers
 *
 * Defines api_call() for the test that includes this, in place of the real one: the answers are
 * given in order, and what was asked is kept. More calls than answers fail the test; so do answers
 * nobody asked for, in fake_done().
 */
#ifndef WAYBILL_SHOPIFY_FAKE_H
#define WAYBILL_SHOPIFY_FAKE_H

#include <string.h>

#include "connectors/shopify/shopify_internal.h"
#include "tests/unit/unit.h"

enum { FAKE_MAX = 32 };

static struct {
	struct {
		int status;
		const char *body;
		enum err_kind kind; /* not ERR_NONE: the call itself fails, with code */
		enum err_code code;
	} answers[FAKE_MAX];
	struct {
		const char *operation, *url_path, *auth, *body;
		json_t *variables;
		enum api_effect effect;
	} asked[FAKE_MAX];
	size_t answer_count, asked_count;
	struct account account;
	struct api api;
} fake;

static inline struct api *fake_new(struct arena *a)
{
	memset(&fake, 0, sizeof fake);
	fake.account = (struct account){
		.name = "demo.myshopify.com",
		.token = secret_new(a, "shpat_1", 7),
		.client_id = secret_new(a, "client", 6),
		.client_secret = secret_new(a, "s&cret=", 7),
	};
	fake.api = (struct api){.arena = a, .account = &fake.account};
	return &fake.api;
}

static inline void fake_answer(int status, const char *body)
{
	fake.answers[fake.answer_count].status = status;
	fake.answers[fake.answer_count++].body = body;
}

static inline void fake_failure(enum err_kind kind, enum err_code code)
{
	fake.answers[fake.answer_count].kind = kind;
	fake.answers[fake.answer_count++].code = code;
}

static inline void fake_done(void)
{
	assert_int_equal(fake.asked_count, fake.answer_count);
}

/* fake_asked - what call i carried at this path of its variables, as compact JSON */
static inline const char *fake_asked(size_t i, const char *path)
{
	json_t *value = jmap_at(fake.asked[i].variables, path);

	return value ? jmap_dump(fake.api.arena, value) : "null";
}

static void fake_drop(void *json)
{
	json_decref(json);
}

int api_call(struct api *api, const struct api_request *req, struct api_response *res,
	     struct err *e)
{
	size_t i = fake.asked_count++;

	if (i >= fake.answer_count)
		fail_msg("call %zu (%s) was not expected", i, req->operation);
	fake.asked[i].operation = req->operation;
	fake.asked[i].url_path = req->path;
	fake.asked[i].auth = req->auth;
	fake.asked[i].body = req->body;
	fake.asked[i].effect = req->effect;
	if (req->json) {
		fake.asked[i].variables = json_deep_copy(json_object_get(req->json, "variables"));
		arena_defer(api->arena, fake_drop, fake.asked[i].variables);
	}
	if (fake.answers[i].kind != ERR_NONE)
		return err_set(e, fake.answers[i].kind, fake.answers[i].code, "made up");
	*res = (struct api_response){.status = fake.answers[i].status};
	if (!fake.answers[i].body)
		return 0;
	return jmap_parse(api->arena, fake.answers[i].body, strlen(fake.answers[i].body), 1 << 24,
			  &res->json, e);
}

#endif
