/* door - what the gateway says to whom */
#include "gateway/door.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "core/runtime/loop.h"
#include "core/runtime/metrics.h"
#include "gateway/refusals.h"

enum {
	REFRESH_MS = 2000,
	RETRY_AFTER_S = 10,
	KEY_MIN = 16,
	KEY_MAX = 64,
	PLATFORM_MAX = 40,
	TOPIC_MAX = 200,
};

struct hook_path {
	char platform[PLATFORM_MAX + 1], key[KEY_MAX + 1];
};

/* "/webhook/shopify/<key>" into its parts; -1 when it is none */
static int read_path(const char *path, struct hook_path *out)
{
	static const char prefix[] = "/webhook/";
	static const char key_characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					     "0123456789_-";
	size_t len;

	if (strncmp(path, prefix, sizeof prefix - 1) != 0)
		return -1;
	path += sizeof prefix - 1;
	len = strcspn(path, "/");
	if (len == 0 || len > PLATFORM_MAX || path[len] != '/')
		return -1;
	memcpy(out->platform, path, len);
	out->platform[len] = '\0';
	path += len + 1;
	len = strspn(path, key_characters);
	if (len < KEY_MIN || len > KEY_MAX || path[len] != '\0')
		return -1;
	memcpy(out->key, path, len + 1);
	return 0;
}

static void count(const char *result)
{
	char labels[64];

	snprintf(labels, sizeof labels, "result=\"%s\"", result);
	metric_add(metric_named(METRIC_COUNTER, "waybill_gateway_requests_total", labels,
				"Requests at the public door"),
		   1);
}

static void refuse_because(struct httpd_answer *out, int status, int64_t store_id,
			   const char *reason, const char *error)
{
	*out = (struct httpd_answer){.status = status,
				     .body = status == 405 ? NULL : "refused\n",
				     .retry_after_s = status == 503 ? RETRY_AFTER_S : 0};
	refusal_note(reason, status, store_id, error);
}

static void refuse(struct httpd_answer *out, int status, int64_t store_id, const char *reason)
{
	refuse_because(out, status, store_id, reason, "");
}

static void refuse_method(struct httpd_answer *out, const char *allow)
{
	refuse(out, 405, 0, "method");
	out->allow = allow;
}

void door_refused(int status, void *arg)
{
	struct httpd_answer unused;

	(void)arg;
	if (status == 0)
		count("none"); /* a connection without a request is nobody's fault: not told */
	else
		refuse(&unused, status, 0,
		       status == 408   ? "slow"
		       : status == 413 ? "too_large"
		       : status == 503 ? "overloaded"
				       : "malformed");
}

/* One of a platform's headers; NULL when it has none of that kind or the request lacks it. */
static const char *header(const struct httpd_request *r, const char *name)
{
	return name ? httpd_header(r, name) : NULL;
}

/* The first of two signatures need not be the one that somebody in front has looked at. */
static int has_repeated(const struct httpd_request *r, const struct webhook_headers *names)
{
	const char *const all[] = {names->topic, names->signature, names->domain,
				   names->delivery_id, names->timestamp};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (all[i] && httpd_header_is_repeated(r, all[i]))
			return 1;
	return 0;
}

static void refuse_key(const struct door *door, struct httpd_answer *out)
{
	if (stores_is_recent(door->stores))
		refuse(out, 404, 0, "key");
	else
		out->status = HTTPD_LATER;
}

void door_admit(const struct httpd_request *r, struct httpd_answer *out, void *arg)
{
	struct door *door = arg;
	struct hook_path path;
	struct err unknown = {0};

	if (strcmp(r->path, "/healthz") == 0) {
		if (strcmp(r->method, "GET") != 0)
			refuse_method(out, "GET");
		return;
	}
	const struct platform *platform =
		read_path(r->path, &path) ? NULL : platform_by_name(path.platform, &unknown);

	if (!platform)
		refuse(out, 404, 0, "path");
	else if (strcmp(r->method, "POST") != 0)
		refuse_method(out, "POST");
	else if (has_repeated(r, &platform->webhook_headers))
		refuse(out, 400, 0, "repeated");
	else if (platform->webhook_headers.signature &&
		 !header(r, platform->webhook_headers.signature))
		refuse(out, 401, 0, "signature");
	else if (!stores_find(door->stores, path.platform, path.key))
		refuse_key(door, out);
}

/* The stores that we know are some seconds old: one that was added since is looked for. */
void door_decide(const struct httpd_request *r, struct httpd_answer *out, void *arg)
{
	struct door *door = arg;
	struct hook_path path;
	struct err e = {0};

	read_path(r->path, &path); /* admit() has found it good */
	if (stores_refresh(door->stores, loop_now_ms() + REFRESH_MS, &e))
		refuse_because(out, 503, 0, "stores", e.msg);
	else if (!stores_find(door->stores, path.platform, path.key))
		refuse(out, 404, 0, "key");
}

static struct webhook read_webhook(const struct httpd_request *r, const struct platform *platform)
{
	const struct webhook_headers *names = &platform->webhook_headers;

	return (struct webhook){
		.topic = header(r, names->topic),
		.body = r->body,
		.body_len = r->body_len,
		.signature = header(r, names->signature),
		.domain = header(r, names->domain),
		.delivery_id = header(r, names->delivery_id),
		.timestamp = header(r, names->timestamp),
	};
}

static int is_topic(const char *topic)
{
	size_t len = strlen(topic);

	for (size_t i = 0; i < len; i++)
		if (topic[i] <= ' ' || topic[i] > '~')
			return 0;
	return len > 0 && len <= TOPIC_MAX;
}

struct refusal {
	int status;
	const char *reason; /* NULL: none, it may come in */
	struct err problem;
};

static int is_grave(const struct platform *platform, const struct webhook *hook)
{
	return platform->webhook_is_grave && platform->webhook_is_grave(hook->topic);
}

/*
 * Headers are not signed: whoever has one signed body can put any topic over it. What erases or
 * ends all talk must look like it, and name this store.
 */
static struct refusal check_grave(struct arena *a, const struct hook_store *store,
				  const struct webhook *hook)
{
	struct webhook_event event = {0};
	struct err e = {0};

	if (store->platform->webhook_read(a, hook, &event, &e))
		return (struct refusal){400, "unlike_topic", e};
	if (!event.domain || strcasecmp(event.domain, store->domain) != 0)
		return (struct refusal){401, "other_store", {0}};
	return (struct refusal){0};
}

static struct refusal check(struct arena *a, const struct hook_store *store,
			    const struct webhook *hook)
{
	const struct platform *platform = store->platform;

	if (hook->body_len == 0)
		return (struct refusal){400, "body", {0}};
	if (platform->webhook_verify(hook, store->secrets, store->secret_count))
		return (struct refusal){401, "signature", {0}};
	if (platform->webhook_headers.domain &&
	    (!hook->domain || strcasecmp(hook->domain, store->domain) != 0))
		return (struct refusal){401, "domain", {0}};
	if (platform->webhook_headers.topic && (!hook->topic || !is_topic(hook->topic)))
		return (struct refusal){400, "topic", {0}};
	return is_grave(platform, hook) ? check_grave(a, store, hook) : (struct refusal){0};
}

YIELDS
static void pass_on(struct door *door, const struct httpd_request *r,
		    const struct hook_store *store, const char *topic, struct httpd_answer *out)
{
	int64_t store_id = store->id;
	struct amqp_message message = {
		.routing_key = "wb.ingest",
		.body = r->body,
		.body_len = r->body_len,
		.headers = {[AMQP_KIND] = "webhook",
			    [AMQP_STORE] = arena_printf(r->arena, "%" PRId64, store_id),
			    [AMQP_TOPIC] = topic,
			    [AMQP_SHARED] = store->shares_secret ? "1" : NULL,
			    [AMQP_FIRST_AT] = arena_printf(r->arena, "%" PRId64, wall_now_us())},
	};
	struct err e = {0};

	if (gather_publish(&door->gather, &message, &e)) {
		refuse_because(out, 503, store_id, "broker", e.msg);
		return;
	}
	*out = (struct httpd_answer){.status = 200};
	count("accepted");
}

YIELDS
static void answer_webhook(struct door *door, const struct httpd_request *r,
			   const struct hook_path *path, struct httpd_answer *out)
{
	const struct hook_store *store = stores_find(door->stores, path->platform, path->key);

	if (!store) {
		refuse(out, 404, 0, "key");
		return;
	}
	struct webhook hook = read_webhook(r, store->platform);
	struct refusal refusal = check(r->arena, store, &hook);

	if (refusal.reason) {
		refuse_because(out, refusal.status, store->id, refusal.reason, refusal.problem.msg);
	} else if (!store->is_active && !is_grave(store->platform, &hook)) {
		*out = (struct httpd_answer){.status = 200};
		count("inactive");
	} else {
		pass_on(door, r, store, hook.topic, out);
	}
}

void door_answer(const struct httpd_request *r, struct httpd_answer *out, void *arg)
{
	static struct metric seconds = {.name = "waybill_gateway_seconds",
					.help = "From a webhook's head to its answer",
					.kind = METRIC_HISTOGRAM};
	struct door *door = arg;
	struct hook_path path;

	if (read_path(r->path, &path)) {
		health_answer(r->arena, door->dependencies, door->dependency_count, out);
		return;
	}
	answer_webhook(door, r, &path, out);
	metric_observe_us(&seconds, (loop_now_ms() - r->started_ms) * 1000);
}
