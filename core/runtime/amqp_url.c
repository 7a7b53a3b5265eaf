/* amqp_url - addresses of brokers */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/runtime/amqp_internal.h"

struct span {
	const char *start;
	size_t len;
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* A decoded copy, or NULL: too long, a bad escape or a control character. */
static char *decode(struct span s)
{
	char *text = calloc(1, s.len + 1);
	size_t len = 0;

	if (!text)
		die("out of memory: a url");
	for (size_t i = 0; i < s.len; i++) {
		int c = (unsigned char)s.start[i];

		if (c == '%') {
			int high = s.len - i > 2 ? hex_digit(s.start[i + 1]) : -1;
			int low = s.len - i > 2 ? hex_digit(s.start[i + 2]) : -1;

			c = high < 0 || low < 0 ? 0 : high * 16 + low;
			i += 2;
		}
		if (c < ' ' || c == 127 || len == AMQP_NAME_MAX) {
			free(text);
			return NULL;
		}
		text[len++] = (char)c;
	}
	return text;
}

/*
 * Splits s at the first c: what is before it goes to head, what is behind stays in s. 0 if
 * there is none.
 */
static int split(struct span *s, char c, struct span *head)
{
	const char *at = memchr(s->start, c, s->len);

	if (!at)
		return 0;
	*head = (struct span){s->start, (size_t)(at - s->start)};
	*s = (struct span){at + 1, s->len - head->len - 1};
	return 1;
}

static int starts_with(struct span *s, const char *prefix)
{
	size_t len = strlen(prefix);

	if (s->len < len || memcmp(s->start, prefix, len) != 0)
		return 0;
	*s = (struct span){s->start + len, s->len - len};
	return 1;
}

static int is_port(const char *text)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && port > 0 && port <= UINT16_MAX;
}

/* host, host:port, [address]:port */
static int parse_authority(struct span s, struct amqp_endpoint *out, struct err *e)
{
	struct span host = s, port = {out->is_tls ? "5671" : "5672", 4};

	if (starts_with(&s, "[")) {
		if (!split(&s, ']', &host))
			return err_final(e, "broker url: a [ without its ]");
		if (s.len && !starts_with(&s, ":"))
			return err_final(e, "broker url: only :port may follow the ]");
		if (s.len)
			port = s;
	} else if (split(&s, ':', &host)) {
		port = s;
	}
	out->host = decode(host);
	out->port = decode(port);
	if (!out->host || !out->host[0] || strpbrk(out->host, "@/"))
		return err_final(e, "broker url: no host, or a malformed one");
	if (!out->port || !is_port(out->port))
		return err_final(e, "broker url: the port is not a number of 1 to 65535");
	return 0;
}

static int parse_login(struct span login, struct amqp_endpoint *out, struct err *e)
{
	struct span user;

	if (!split(&login, ':', &user))
		return err_final(e, "broker url: no password behind the user");
	out->user = decode(user);
	out->password = decode(login);
	if (!out->user || !out->user[0] || !out->password)
		return err_final(e, "broker url: a malformed user or password; %%-encode what is "
				    "not a letter or digit");
	return 0;
}

static int parse_query(struct span query, struct amqp_endpoint *out, struct err *e)
{
	if (!starts_with(&query, "cacertfile="))
		return err_final(e, "broker url: only cacertfile= may follow the ?");
	out->ca_file = decode(query);
	if (!out->ca_file || !out->ca_file[0] || !out->is_tls)
		return err_final(e, "broker url: cacertfile= takes a path, and amqps://");
	return 0;
}

static int parse(struct span s, struct amqp_endpoint *out, struct err *e)
{
	struct span login = {"guest:guest", 11}, vhost = {"/", 1}, rest, authority;

	if (starts_with(&s, "amqps://"))
		out->is_tls = 1;
	else if (!starts_with(&s, "amqp://"))
		return err_final(e, "broker url: it begins with neither amqp:// nor amqps://");
	rest = s;
	if (split(&rest, '?', &s) && parse_query(rest, out, e))
		return -1;
	rest = s;
	if (split(&rest, '/', &authority)) {
		if (rest.len == 0)
			return err_final(e, "broker url: an empty virtual host; leave the last / "
					    "out, or write %%2f for the default one");
		if (memchr(rest.start, '/', rest.len))
			return err_final(e, "broker url: a / in a virtual host is written %%2f");
		vhost = rest;
		s = authority;
	}
	out->vhost = decode(vhost);
	if (!out->vhost)
		return err_final(e, "broker url: a malformed virtual host");
	split(&s, '@', &login);
	return parse_login(login, out, e) || parse_authority(s, out, e) ? -1 : 0;
}

int amqp_url_parse(const char *url, size_t len, struct amqp_endpoint *out, struct err *e)
{
	struct amqp_endpoint endpoint = {0};

	if (parse((struct span){url, len}, &endpoint, e)) {
		amqp_endpoint_clear(&endpoint);
		return -1;
	}
	*out = endpoint;
	return 0;
}

void amqp_endpoint_clear(struct amqp_endpoint *endpoint)
{
	if (endpoint->password)
		explicit_bzero(endpoint->password, strlen(endpoint->password));
	free(endpoint->host);
	free(endpoint->port);
	free(endpoint->user);
	free(endpoint->password);
	free(endpoint->vhost);
	free(endpoint->ca_file);
	*endpoint = (struct amqp_endpoint){0};
}
