/* http_target - where a request may lead: by its url, and by the address that a connection is made to */
#include "core/runtime/http_target.h"

#include <arpa/inet.h>
#include <string.h>

#include "core/runtime/inet.h"

static char *url_part(struct arena *a, CURLU *parsed, CURLUPart part)
{
	char *text = NULL;

	if (curl_url_get(parsed, part, &text, CURLU_DEFAULT_PORT))
		return NULL;
	char *copy = arena_strdup(a, text);

	curl_free(text);
	return copy;
}

int http_target_of(struct arena *a, const char *url, enum http_origin origin, int allow_plain,
		   struct http_target *out, struct err *e)
{
	CURLU *parsed = curl_url();

	if (!parsed)
		die("out of memory: a url");
	CURLUcode failed = curl_url_set(parsed, CURLUPART_URL, url, CURLU_DISALLOW_USER);
	const char *scheme = failed ? NULL : url_part(a, parsed, CURLUPART_SCHEME);
	const char *name = failed ? NULL : url_part(a, parsed, CURLUPART_HOST);
	const char *port = failed ? NULL : url_part(a, parsed, CURLUPART_PORT);

	curl_url_cleanup(parsed);
	if (!scheme || !name || !port)
		return err_final(e, "refused a malformed url");
	int is_here = origin != HTTP_ANSWERED && inet_host_is_loopback(name);
	int may_be_plain = is_here || (origin == HTTP_CONFIGURED && allow_plain);

	if (strcmp(scheme, "https") != 0 && (strcmp(scheme, "http") != 0 || !may_be_plain))
		return err_final(e, "refused a url that is not https");
	out->host = arena_printf(a, "%s:%s", name, port);
	out->reach = is_here			 ? REACH_THIS_MACHINE
		     : origin == HTTP_CONFIGURED ? REACH_ANYWHERE
						 : REACH_INTERNET;
	return 0;
}

static int may_reach(struct http_target *target, const struct sockaddr *address)
{
	int may = target->reach == REACH_THIS_MACHINE ? inet_is_loopback(address)
						      : inet_is_public(address);

	target->is_missed |= !may;
	return may;
}

/* A name has become an address. */
static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)purpose;
	if (!may_reach(user, &address->addr))
		return CURL_SOCKET_BAD;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* A kept connection was opened for somebody else. */
static int check_connection(void *user, char *peer, char *own, int peer_port, int own_port)
{
	struct sockaddr_in ip4 = {.sin_family = AF_INET};
	struct sockaddr_in6 ip6 = {.sin6_family = AF_INET6};
	int is_ip4 = inet_pton(AF_INET, peer, &ip4.sin_addr) == 1;

	(void)own;
	(void)peer_port;
	(void)own_port;
	if (!is_ip4 && inet_pton(AF_INET6, peer, &ip6.sin6_addr) != 1)
		return CURL_PREREQFUNC_ABORT;
	return may_reach(user,
			 is_ip4 ? (const struct sockaddr *)&ip4 : (const struct sockaddr *)&ip6)
		       ? CURL_PREREQFUNC_OK
		       : CURL_PREREQFUNC_ABORT;
}

void http_target_guard(struct http_target *target, CURL *easy)
{
	if (target->reach == REACH_ANYWHERE)
		return;
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, target);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, check_connection);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, target);
}

int http_target_missed(const struct http_target *target, struct err *e)
{
	return err_final(e, target->reach == REACH_THIS_MACHINE
				    ? "refused a url that does not lead to this machine"
				    : "refused a url that does not lead to a public address");
}
