/*
 * http - one HTTP exchange at a time, for fibers (libcurl multi on the loop)
 *
 * libcurl sends a request again by itself when a kept connection turns out to be dead before any
 * byte of the answer. For a request that buys something this would be a second purchase, if the
 * server died between acting and answering. So a body goes through callbacks that refuse to be read
 * twice, and a request without a body that is not a read gets a fresh connection.
 */
#include "core/runtime/http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/runtime/curl_loop.h"
#include "core/runtime/decimal.h"
#include "core/runtime/http_target.h"
#include "core/runtime/loop.h"
#include "core/runtime/timestamp.h"

enum {
	TIMEOUT_MS = 30000,
	CONNECT_TIMEOUT_MS = 10000,
	KEEP_S = 50, /* idle connections; servers commonly close after 60 s */
	RETRY_AFTER_MAX_MS = 24 * 3600 * 1000,
	STATUS_TOO_MANY = 429,
};

/* Requests at once to one host. Lives while somebody uses or waits for it. */
struct host {
	struct host *next;
	char *name;
	int used; /* by requests on their way and by those that wait */
	int running;
	struct fiber_queue queue;
};

static struct {
	struct http_settings settings;
	struct host *hosts;
	int running;
	struct fiber_queue queue;
	CURL **idle; /* easy handles for reuse */
	size_t idle_count;
} state = {.settings = {.per_host = 16, .total = 128, .user_agent = "waybill"}};

struct exchange {
	struct arena *arena;
	const struct http_request *request;
	struct http_response *response;
	size_t body_max;
	int is_read;
	size_t sent; /* of the request's body */
	char *body;
	size_t len, size;
	int is_too_large;
	struct http_target target;
	int window_left_ms; /* of the other side's rate limit */
};

void http_init(const struct http_settings *settings)
{
	state.settings = *settings;
	if (!state.settings.per_host)
		state.settings.per_host = 16;
	if (!state.settings.total)
		state.settings.total = 128;
	if (!state.settings.user_agent)
		state.settings.user_agent = "waybill";
	curl_multi_setopt(curl_loop_multi(), CURLMOPT_MAXCONNECTS, (long)state.settings.total);
}

static int is_printable(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		if ((*c < ' ' && *c != '\t') || *c == 127)
			return 0;
	return 1;
}

static int check_request(const struct http_request *request, struct err *e)
{
	static const char methods[] = " GET POST PUT DELETE PATCH ";
	const char *found = strstr(methods, request->method);

	if (!found || found[-1] != ' ' || found[strlen(request->method)] != ' ')
		return err_bug(e, "a request with an unknown method");
	for (int i = 0; i < HTTP_HEADERS_MAX && request->headers[i]; i++)
		if (!is_printable(request->headers[i]) || !strchr(request->headers[i], ':'))
			return err_bug(e, "refused a header: it is not one line \"Name: value\"");
	return 0;
}

int http_check_url(const char *url, struct err *e)
{
	struct arena *a = arena_new();
	struct http_target ignored;
	int failed =
		http_target_of(a, url, HTTP_CONFIGURED, state.settings.allow_plain, &ignored, e);

	arena_free(a);
	return failed;
}

static struct host *host_of(const char *name)
{
	struct host *h = state.hosts;

	while (h && strcasecmp(h->name, name) != 0)
		h = h->next;
	if (!h) {
		h = calloc(1, sizeof *h);
		if (!h || !(h->name = strdup(name)))
			die("out of memory: a host");
		h->next = state.hosts;
		state.hosts = h;
	}
	h->used++;
	return h;
}

static void host_release(struct host *h)
{
	struct host **link = &state.hosts;

	if (--h->used)
		return;
	while (*link != h)
		link = &(*link)->next;
	*link = h->next;
	free(h->name);
	free(h);
}

/* One more running, once there is room. */
YIELDS
static int slot_take(int *running, int limit, struct fiber_queue *queue, int64_t deadline_ms,
		     struct err *e)
{
	while (*running >= limit)
		if (fiber_queue_wait(queue, deadline_ms, e))
			return -1;
	(*running)++;
	return 0;
}

static void slot_give(int *running, struct fiber_queue *queue)
{
	(*running)--;
	fiber_queue_wake_one(queue);
}

static size_t send_body(char *to, size_t size, size_t count, void *user)
{
	struct exchange *x = user;
	size_t part = size * count, left = x->request->body_len - x->sent;

	if (part > left)
		part = left;
	if (part)
		memcpy(to, x->request->body + x->sent, part);
	x->sent += part;
	return part;
}

/* libcurl asks to start the body anew in order to send the request again. */
static int rewind_body(void *user, curl_off_t offset, int origin)
{
	struct exchange *x = user;

	if (origin != SEEK_SET || offset != 0 || (x->sent && !x->is_read))
		return CURL_SEEKFUNC_FAIL;
	x->sent = 0;
	return CURL_SEEKFUNC_OK;
}

static size_t receive_body(char *data, size_t size, size_t count, void *user)
{
	struct exchange *x = user;
	size_t part = size * count;

	if (part > x->body_max - x->len) {
		x->is_too_large = 1;
		return 0;
	}
	if (x->len + part + 1 > x->size) {
		size_t larger = x->size ? x->size : 4096;

		while (larger < x->len + part + 1)
			larger *= 2;
		char *grown = realloc(x->body, larger);

		if (!grown)
			die("out of memory: an answer of %zu bytes", larger);
		x->body = grown;
		x->size = larger;
	}
	memcpy(x->body + x->len, data, part);
	x->len += part;
	return part;
}

/* The value of a header line when it has this name. */
static const char *header_value(const char *line, const char *name)
{
	size_t len = strlen(name);

	if (strncasecmp(line, name, len) != 0 || line[len] != ':')
		return NULL;
	line += len + 1;
	return line + strspn(line, " \t");
}

static int clamp_ms(int64_t ms)
{
	return (int)(ms < 0 ? 0 : ms > RETRY_AFTER_MAX_MS ? RETRY_AFTER_MAX_MS : ms);
}

/* Seconds, with decimals at Shopify, or a date. */
static int retry_after_ms(const char *value)
{
	int64_t ms, at_us;

	if (decimal_parse(value, strlen(value), 3, &ms) == 0)
		return clamp_ms(ms);
	if (timestamp_parse_mail(value, strlen(value), &at_us) == 0)
		return clamp_ms((at_us - wall_now_us()) / 1000);
	return 0;
}

static size_t receive_header(char *data, size_t size, size_t count, void *user)
{
	struct exchange *x = user;
	size_t len = size * count;
	const char *value;
	char line[256]; /* what is longer, or not ASCII, is not for us */
	size_t kept = len < sizeof line ? len : sizeof line - 1;
	int64_t ms;

	memcpy(line, data, kept);
	line[kept] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	for (char *c = line; *c; c++)
		if (*c != '\t' && (*c < ' ' || *c > '~'))
			*c = '?';
	if (strncmp(line, "HTTP/", 5) == 0)
		*x->response =
			(struct http_response){0}; /* an answer of 1xx may have come before */
	else if ((value = header_value(line, "content-type")))
		x->response->content_type = arena_strdup(x->arena, value);
	else if ((value = header_value(line, "x-request-id")) ||
		 (value = header_value(line, "x-ep-request-uuid")))
		x->response->request_id = arena_strdup(x->arena, value);
	else if ((value = header_value(line, "retry-after")) ||
		 (value = header_value(line, "x-retry-after")))
		x->response->retry_after_ms = retry_after_ms(value);
	else if ((value = header_value(line, "x-rate-limit-time-reset-ms")) &&
		 text_to_int64(value, strlen(value), &ms) == 0)
		x->window_left_ms = clamp_ms(ms);
	return len;
}

static struct curl_slist *header_list(const struct http_request *request)
{
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");

	if (!request->body_len)
		list = curl_slist_append(list, "Content-Type:");
	for (int i = 0; list && i < HTTP_HEADERS_MAX && request->headers[i]; i++)
		list = curl_slist_append(list, request->headers[i]);
	if (!list)
		die("out of memory: headers");
	return list;
}

static CURL *easy_take(void)
{
	return state.idle_count ? state.idle[--state.idle_count] : curl_loop_easy();
}

static void easy_give(CURL *easy)
{
	if (!state.idle)
		state.idle = calloc((size_t)state.settings.total, sizeof *state.idle);
	if (!state.idle || state.idle_count == (size_t)state.settings.total) {
		curl_easy_cleanup(easy);
		return;
	}
	curl_easy_reset(easy);
	state.idle[state.idle_count++] = easy;
}

static void set_up(CURL *easy, struct exchange *x, struct curl_slist *headers)
{
	const struct http_request *request = x->request;

	curl_easy_setopt(easy, CURLOPT_URL, request->url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
	curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)KEEP_S);
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(easy, CURLOPT_USERAGENT, state.settings.user_agent);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, receive_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, x);
	http_target_guard(&x->target, easy);
	if (request->body || request->method[0] == 'P') { /* a length of 0 is said, too */
		curl_easy_setopt(easy, CURLOPT_POST, 1L);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
		curl_easy_setopt(easy, CURLOPT_READFUNCTION, send_body);
		curl_easy_setopt(easy, CURLOPT_READDATA, x);
		curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, rewind_body);
		curl_easy_setopt(easy, CURLOPT_SEEKDATA, x);
	}
	if (!x->is_read && !request->body_len)
		curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

/* Why there is no answer, and whether the other side may have the request. */
static int judge_failure(CURL *easy, const struct exchange *x, CURLcode result, struct err *e)
{
	long sent_bytes = 0;

	curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &sent_bytes);
	enum err_code code = sent_bytes && !x->is_read ? ERR_CODE_UNKNOWN : ERR_CODE_DISCONNECTED;

	if (x->is_too_large)
		return err_set(e, ERR_FINAL, ERR_CODE_DATA,
			       "refused an answer of more than %zu bytes", x->body_max);
	if (x->target.is_missed)
		return http_target_missed(&x->target, e);
	if (!sent_bytes && curl_loop_kind(result) != ERR_RETRY)
		return err_set(e, curl_loop_kind(result), ERR_CODE_NONE, "cannot ask: %s",
			       curl_easy_strerror(result));
	return err_set(e, ERR_RETRY, code, "no answer%s: %s", sent_bytes ? " to what was sent" : "",
		       curl_easy_strerror(result));
}

/* The wait ended before libcurl did. */
static int judge_wait(CURL *easy, const struct exchange *x, struct err *e)
{
	long sent_bytes = 0;

	curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &sent_bytes);
	if (sent_bytes && !x->is_read && e->kind == ERR_RETRY)
		e->code = ERR_CODE_UNKNOWN;
	return err_prefix(e, sent_bytes ? "waiting for an answer" : "connecting");
}

YIELDS
static int exchange(struct exchange *x, int64_t deadline_ms, struct err *e)
{
	CURL *easy = easy_take();
	struct curl_slist *headers = header_list(x->request);
	CURLcode result = CURLE_OK;
	struct err why = {0};
	long status = 0;

	set_up(easy, x, headers);
	int failed = curl_loop_perform(easy, deadline_ms, &result, &why);

	if (failed)
		judge_wait(easy, x, &why);
	else if (result != CURLE_OK)
		failed = judge_failure(easy, x, result, &why);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	x->response->status = (int)status;
	easy_give(easy);
	curl_slist_free_all(headers);
	if (failed) {
		free(x->body);
		if (e)
			*e = why;
		return -1;
	}
	if (x->body) {
		x->body[x->len] = '\0';
		arena_defer(x->arena, free, x->body);
	}
	if (status == STATUS_TOO_MANY && !x->response->retry_after_ms)
		x->response->retry_after_ms = x->window_left_ms;
	x->response->body = x->body ? x->body : "";
	x->response->body_len = x->len;
	return 0;
}

int http_call(struct arena *a, const struct http_request *request, struct http_response *response,
	      struct err *e)
{
	int64_t deadline_ms =
		loop_now_ms() + (request->timeout_ms ? request->timeout_ms : TIMEOUT_MS);
	struct exchange x = {
		.arena = a,
		.request = request,
		.response = response,
		.body_max = request->body_max ? request->body_max : HTTP_BODY_MAX,
		.is_read = request->is_read || strcmp(request->method, "GET") == 0,
	};
	int failed = -1;

	if (check_request(request, e) || http_target_of(a, request->url, request->origin,
							state.settings.allow_plain, &x.target, e))
		return -1;
	struct host *h = host_of(x.target.host);

	if (slot_take(&h->running, state.settings.per_host, &h->queue, deadline_ms, e)) {
		err_prefix(e, "waiting for the host's turn");
	} else {
		if (slot_take(&state.running, state.settings.total, &state.queue, deadline_ms, e)) {
			err_prefix(e, "waiting for a turn");
		} else {
			failed = exchange(&x, deadline_ms, e);
			slot_give(&state.running, &state.queue);
		}
		slot_give(&h->running, &h->queue);
	}
	host_release(h);
	return failed;
}
