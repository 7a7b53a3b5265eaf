/* inet - whose addresses these are: this machine's, or the public internet's */
#include "core/runtime/inet.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#include "core/runtime/err.h"

struct network {
	unsigned char prefix[16];
	int bits;
};

/* IANA's registry of special-purpose IPv4 addresses, and what is above them. */
static const struct network special_ip4[] = {
	{{0}, 8},	      /* this network */
	{{10}, 8},	      /* private */
	{{100, 64}, 10},      /* shared: carriers' NAT */
	{{127}, 8},	      /* loopback */
	{{169, 254}, 16},     /* link-local: cloud metadata */
	{{172, 16}, 12},      /* private */
	{{192, 0, 0}, 24},    /* protocol assignments */
	{{192, 0, 2}, 24},    /* documentation */
	{{192, 88, 99}, 24},  /* 6to4 relays, gone */
	{{192, 168}, 16},     /* private */
	{{198, 18}, 15},      /* benchmarks */
	{{198, 51, 100}, 24}, /* documentation */
	{{203, 0, 113}, 24},  /* documentation */
	{{224}, 3},	      /* multicast, reserved, broadcast */
};
static const struct network global_ip6 = {{0x20}, 3};
/* What of it is not routed as itself. */
static const struct network special_ip6[] = {
	{{0x20, 0x01, 0x00}, 23},	/* protocol assignments, Teredo */
	{{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
	{{0x20, 0x02}, 16},		/* 6to4 */
	{{0x3f, 0xff}, 20},		/* documentation */
};
static const struct network loopback_ip4 = {{127}, 8};
static const struct network loopback_ip6 = {{[15] = 1}, 128};
static const struct network mapped = {{[10] = 0xff, 0xff}, 96};
static const struct network nat64 = {{0x00, 0x64, 0xff, 0x9b}, 96};

static int is_in(const unsigned char *address, const struct network *n)
{
	int bytes = n->bits / 8, rest = n->bits % 8;

	return memcmp(address, n->prefix, (size_t)bytes) == 0 &&
	       (rest == 0 || (address[bytes] ^ n->prefix[bytes]) >> (8 - rest) == 0);
}

static int is_in_any(const unsigned char *address, const struct network *networks, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_in(address, &networks[i]))
			return 1;
	return 0;
}

/* The IPv4 address, also one within IPv6; *ip6 the other; both NULL: neither. */
static const unsigned char *bytes_of(const struct sockaddr *address, const unsigned char **ip6)
{
	*ip6 = NULL;
	if (address->sa_family == AF_INET)
		return (const unsigned char *)&((const struct sockaddr_in *)(const void *)address)
			->sin_addr;
	if (address->sa_family != AF_INET6)
		return NULL;
	*ip6 = ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr;
	return is_in(*ip6, &mapped) || is_in(*ip6, &nat64) ? *ip6 + 12 : NULL;
}

int inet_is_loopback(const struct sockaddr *address)
{
	const unsigned char *ip6, *ip4 = bytes_of(address, &ip6);

	return ip4 ? is_in(ip4, &loopback_ip4) : ip6 && is_in(ip6, &loopback_ip6);
}

int inet_is_public(const struct sockaddr *address)
{
	const unsigned char *ip6, *ip4 = bytes_of(address, &ip6);

	if (ip4)
		return !is_in_any(ip4, special_ip4, sizeof special_ip4 / sizeof *special_ip4);
	return ip6 && is_in(ip6, &global_ip6) &&
	       !is_in_any(ip6, special_ip6, sizeof special_ip6 / sizeof *special_ip6);
}

int inet_host_is_loopback(const char *host)
{
	struct sockaddr_in ip4 = {.sin_family = AF_INET};
	struct sockaddr_in6 ip6 = {.sin6_family = AF_INET6};
	char literal[INET6_ADDRSTRLEN] = "";
	size_t len = strlen(host);

	if (strcasecmp(host, "localhost") == 0)
		return 1;
	if (len > 2 && host[0] == '[' && host[len - 1] == ']' && len - 2 < sizeof literal)
		memcpy(literal, host + 1, len - 2);
	if (inet_pton(AF_INET6, literal[0] ? literal : host, &ip6.sin6_addr) == 1)
		return inet_is_loopback((const struct sockaddr *)&ip6);
	return inet_pton(AF_INET, host, &ip4.sin_addr) == 1 &&
	       inet_is_loopback((const struct sockaddr *)&ip4);
}

int inet_url_is_loopback(const char *url)
{
	CURLU *parsed = curl_url();
	char *host = NULL;

	if (!parsed)
		die("out of memory: a url");
	int is = curl_url_set(parsed, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
		 curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
		 inet_host_is_loopback(host);

	curl_free(host);
	curl_url_cleanup(parsed);
	return is;
}
