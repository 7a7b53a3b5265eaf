/* err - what went wrong, and what to do about it */
#include "core/runtime/err.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/runtime/log.h"
#include "core/runtime/text.h"

__attribute__((format(printf, 4, 0))) static int fill(struct err *e, enum err_kind kind,
						      enum err_code code, const char *format,
						      va_list args)
{
	if (e) {
		e->kind = kind;
		e->code = code;
		e->retry_after_ms = 0;
		text_vprintf(e->msg, sizeof e->msg, format, args);
	}
	return -1;
}

int err_retry(struct err *e, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill(e, ERR_RETRY, ERR_CODE_NONE, format, args);
	va_end(args);
	return -1;
}

int err_final(struct err *e, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill(e, ERR_FINAL, ERR_CODE_NONE, format, args);
	va_end(args);
	return -1;
}

int err_bug(struct err *e, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill(e, ERR_BUG, ERR_CODE_NONE, format, args);
	va_end(args);
	return -1;
}

int err_set(struct err *e, enum err_kind kind, enum err_code code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill(e, kind, code, format, args);
	va_end(args);
	return -1;
}

int err_prefix(struct err *e, const char *format, ...)
{
	char text[sizeof e->msg];
	va_list args;

	if (!e)
		return -1;
	va_start(args, format);
	size_t used = text_vprintf(text, sizeof text, format, args);
	va_end(args);
	text_printf(text + used, sizeof text - used, ": %s", e->msg);
	memcpy(e->msg, text, sizeof text);
	return -1;
}

const char *err_kind_name(enum err_kind kind)
{
	switch (kind) {
	case ERR_NONE:
		return "none";
	case ERR_RETRY:
		return "retry";
	case ERR_FINAL:
		return "final";
	case ERR_BUG:
		return "bug";
	}
	return "bug";
}

const char *err_code_name(enum err_code code)
{
	switch (code) {
	case ERR_CODE_NONE:
		return "none";
	case ERR_CODE_RATE_LIMIT:
		return "rate_limit";
	case ERR_CODE_AUTH:
		return "auth";
	case ERR_CODE_UNKNOWN:
		return "unknown_outcome";
	case ERR_CODE_TIMEOUT:
		return "timeout";
	case ERR_CODE_CANCELLED:
		return "cancelled";
	case ERR_CODE_NOT_FOUND:
		return "not_found";
	case ERR_CODE_CONFLICT:
		return "conflict";
	case ERR_CODE_DATA:
		return "data";
	case ERR_CODE_HELD:
		return "held";
	case ERR_CODE_DISCONNECTED:
		return "disconnected";
	}
	return "none";
}

void die(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	text_vprintf(text, sizeof text, format, args);
	va_end(args);
	log_line(LOG_CRIT, "event=abort reason=%s", log_quote(text));
	abort();
}
