/*
 * http_server - a web server on loopback that does what a table says, for unit tests
 *
 * It runs in threads of its own, one per connection.
 */
#ifndef WAYBILL_HTTP_SERVER_H
#define WAYBILL_HTTP_SERVER_H

#include <stddef.h>

enum {
	SERVER_CLOSE = 1,	/* after the answer */
	SERVER_SILENT = 2,	/* no answer until the client goes away */
	SERVER_DRIBBLE = 4,	/* header lines for ever */
	SERVER_DIE_IF_KEPT = 8, /* a second request on a connection gets a closed connection */
	SERVER_MEET = 16,	/* answers only once http_server_meet requests are here together */
};

struct http_page {
	const char *path;
	const char *answer; /* as on the wire */
	int flags;
};

struct http_server_books {
	int connections, requests;
	int most_at_once;
	char last_request[8192]; /* head and the body that came with it */
};

/*
 * http_server_start - pages end with {0} and stay the caller's. Returns the base url:
 * "http://127.0.0.1:port"
 */
const char *http_server_start(const struct http_page *pages, int meet);

/* http_server_books - counted since the start or the last call */
struct http_server_books http_server_books(void);

void http_server_stop(void);

#endif
