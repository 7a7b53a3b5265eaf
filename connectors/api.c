/* api - the connectors' one door to the outside world */
#include "connectors/api.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "core/runtime/inet.h"
#include "core/runtime/jmap.h"
#include "core/runtime/log.h"
#include "core/runtime/loop.h"
#include "core/runtime/metrics.h"

enum { TIMEOUT_MS = 30000, TIME_NEEDED_MS = 1000 };

/* How a call ended, for the metrics; the words are label values. */
static const char *result_name(int failed, int status, const struct err *e)
{
	if (!failed)
		return status < 300 ? "ok" : "refused";
	if (e->code != ERR_CODE_NONE)
		return err_code_name(e->code);
	return err_kind_name(e->kind);
}

static void record(const struct api *api, const struct api_request *req,
		   const struct http_response *answer, int failed, int64_t took_ms,
		   const struct err *e)
{
	struct arena *a = api->arena;
	const char *connector = api->account->connector;
	const char *result = result_name(failed, answer->status, e);

	metric_add(metric_named(METRIC_COUNTER, "waybill_api_calls_total",
				arena_printf(a, "connector=\"%s\",operation=\"%s\",result=\"%s\"",
					     connector, req->operation, result),
				"Calls to outside services"),
		   1);
	metric_observe_us(metric_named(METRIC_HISTOGRAM, "waybill_api_seconds",
				       arena_printf(a, "connector=\"%s\"", connector),
				       "How long outside services took to answer"),
			  took_ms * 1000);
	log_line(failed ? LOG_INFO : LOG_DEBUG,
		 "event=api_call connector=%s operation=%s account=%" PRId64
		 " result=%s status=%d ms=%" PRId64 " request_id=%s",
		 connector, req->operation, api->account->id, result, answer->status, took_ms,
		 log_quote(answer->request_id ? answer->request_id : ""));
}

static int is_below(const char *base, const char *url)
{
	size_t len = strlen(base);

	return strncmp(url, base, len) == 0 && (url[len] == '/' || url[len] == '\0');
}

static int build(const struct api *api, const struct api_request *req, struct http_request *out,
		 struct err *e)
{
	struct arena *a = api->arena;
	int64_t left_ms = api->deadline_ms ? api->deadline_ms - loop_now_ms() : INT32_MAX;
	int timeout_ms = req->timeout_ms ? req->timeout_ms : TIMEOUT_MS;
	size_t n = 0;

	if (left_ms < TIME_NEEDED_MS)
		return err_set(e, ERR_RETRY, ERR_CODE_TIMEOUT, "no time left to ask");
	if (req->url && req->auth && !is_below(api->account->api_base, req->url))
		return err_bug(e, "a token for an url of somebody else");
	out->method = req->method;
	out->origin = !req->url					     ? HTTP_CONFIGURED
		      : inet_url_is_loopback(api->account->api_base) ? HTTP_ANSWERED_HERE
								     : HTTP_ANSWERED;
	out->url = req->url ? req->url : arena_printf(a, "%s%s", api->account->api_base, req->path);
	out->timeout_ms = left_ms < timeout_ms ? (int)left_ms : timeout_ms;
	out->is_read = req->effect == API_READ;
	if (req->auth)
		out->headers[n++] = req->auth;
	for (size_t i = 0; i < sizeof req->headers / sizeof *req->headers && req->headers[i]; i++)
		out->headers[n++] = req->headers[i];
	if (!req->wants_bytes)
		out->headers[n++] = "Accept: application/json";
	if (req->json) {
		out->headers[n++] = "Content-Type: application/json";
		out->body = jmap_dump(a, req->json);
	} else {
		out->body = req->body;
	}
	out->body_len = out->body ? strlen(out->body) : 0;
	return 0;
}

/* The service may have acted, or it may not: for a read that is no more than a failure. */
static int uncertain(const struct api_request *req, const struct http_response *answer,
		     struct err *e, const char *what)
{
	err_set(e, ERR_RETRY, req->effect == API_EFFECT ? ERR_CODE_UNKNOWN : ERR_CODE_NONE,
		"%s with status %d", what, answer->status);
	e->retry_after_ms = answer->retry_after_ms;
	return -1;
}

static int judge_status(const struct api_request *req, const struct http_response *answer,
			struct err *e)
{
	int status = answer->status;

	switch (status) {
	case 400:
	case 404:
	case 409:
	case 422:
		return 0;
	case 401:
		return err_set(e, ERR_RETRY, ERR_CODE_AUTH, "refused our credential");
	case 429:
		err_set(e, ERR_RETRY, ERR_CODE_RATE_LIMIT, "asks for fewer calls");
		e->retry_after_ms = answer->retry_after_ms;
		return -1;
	case 402:
	case 403:
	case 423:
	case 430:
		return err_final(e, "the account is closed to us: status %d", status);
	case 408:
		return uncertain(req, answer, e, "failed");
	default:
		if (status >= 200 && status < 300)
			return 0;
		/* Only what is known as a refusal says that nothing was done. */
		if (status >= 500 || req->effect == API_EFFECT)
			return uncertain(req, answer, e, "failed");
		return err_final(e, "refused with status %d: is the account's address right?",
				 status);
	}
}

static int read_json(const struct api *api, const struct api_request *req,
		     const struct http_response *answer, json_t **out, struct err *e)
{
	struct err why = {0};
	int is_html =
		answer->content_type && strncasecmp(answer->content_type, "text/html", 9) == 0;

	if (answer->body_len == 0 ||
	    jmap_parse(api->arena, answer->body, answer->body_len, HTTP_BODY_MAX, out, &why) == 0)
		return 0;
	if (answer->status >= 400)
		return 0;
	return uncertain(req, answer, e,
			 is_html ? "answered with HTML"
				 : arena_printf(api->arena, "gave a wrong answer (%s)", why.msg));
}

static int judge(const struct api *api, const struct api_request *req,
		 const struct http_response *answer, struct api_response *res, struct err *e)
{
	json_t *json = NULL;

	if (judge_status(req, answer, e) ||
	    (!req->wants_bytes && read_json(api, req, answer, &json, e)))
		return -1;
	*res = (struct api_response){
		.status = answer->status,
		.json = json,
		.bytes = answer->body,
		.len = answer->body_len,
		.content_type = answer->content_type,
		.retry_after_ms = answer->retry_after_ms,
		.request_id = answer->request_id,
	};
	return 0;
}

int api_call(struct api *api, const struct api_request *req, struct api_response *res,
	     struct err *e)
{
	struct http_request request = {0};
	struct http_response answer = {0};
	struct err why = {0};
	int64_t started_ms = loop_now_ms();
	int failed = build(api, req, &request, &why);

	if (!failed && http_call(api->arena, &request, &answer, &why)) {
		failed = -1;
		if (why.code == ERR_CODE_DATA)
			uncertain(req, &answer, &why, "gave too large an answer");
	} else if (!failed) {
		failed = judge(api, req, &answer, res, &why);
	}
	record(api, req, &answer, failed, loop_now_ms() - started_ms, &why);
	if (failed && e) {
		*e = why;
		err_prefix(e, "%s %s", api->account->connector, req->operation);
	}
	return failed;
}
