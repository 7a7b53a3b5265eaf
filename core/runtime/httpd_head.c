/*
 * httpd_head - heads that two readers could understand differently (RFC 9112, sections 5 and 6)
 *
 * A proxy in front that believes the other of two lengths hands us the end of one request as the
 * beginning of the next. So what is ambiguous is refused rather than read in one of the ways.
 * libmicrohttpd itself takes a bare LF as the end of a line and joins folded lines, without a way
 * to see it afterwards: that is left to the proxy.
 */
#include <string.h>
#include <strings.h>

#include "core/runtime/httpd_internal.h"

struct head {
	int lengths, codings, hosts, is_bad;
};

/* Letters, digits and some signs: what a header's name consists of. A blank before the colon is none. */
static int is_token(const char *name)
{
	static const char characters[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
					 "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return *name && name[strspn(name, characters)] == '\0';
}

static int has_control(const char *value)
{
	for (; *value; value++)
		if (((unsigned char)*value < ' ' && *value != '\t') || *value == 127)
			return 1;
	return 0;
}

static enum MHD_Result look(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct head *head = arg;

	(void)kind;
	if (!is_token(name) || !value || has_control(value))
		head->is_bad = 1;
	else if (strcasecmp(name, "Content-Length") == 0)
		head->lengths++;
	else if (strcasecmp(name, "Host") == 0)
		head->hosts++;
	else if (strcasecmp(name, "Transfer-Encoding") == 0) {
		head->codings++;
		head->is_bad |= strcasecmp(value, "chunked") != 0;
	}
	return MHD_YES;
}

int head_is_ambiguous(const struct request *r)
{
	struct head head = {0};

	MHD_get_connection_values(r->connection, MHD_HEADER_KIND, look, &head);
	return head.is_bad || head.lengths + head.codings > 1 || head.hosts > 1;
}

struct repeat {
	const char *name;
	int times;
};

static enum MHD_Result count(void *arg, enum MHD_ValueKind kind, const char *name,
			     const char *value)
{
	struct repeat *repeat = arg;

	(void)kind;
	(void)value;
	repeat->times += strcasecmp(name, repeat->name) == 0;
	return MHD_YES;
}

const char *httpd_header(const struct httpd_request *r, const char *name)
{
	const struct request *request = (const struct request *)r;

	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

int httpd_header_is_repeated(const struct httpd_request *r, const char *name)
{
	const struct request *request = (const struct request *)r;
	struct repeat repeat = {.name = name};

	MHD_get_connection_values(request->connection, MHD_HEADER_KIND, count, &repeat);
	return repeat.times > 1;
}
