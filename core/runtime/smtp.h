/*
 * smtp - hand one message to a mail server (RFC 5321), for fibers
 *
 * libcurl connects, greets, turns TLS on and logs in; the rest is spoken here, because libcurl would wait for the end
 * of a message inside of the library (see curl_loop.h), and because only who sent the final dot knows what a lost
 * answer means.
 */
#ifndef WAYBILL_SMTP_H
#define WAYBILL_SMTP_H

#include <stddef.h>

#include "core/runtime/arena.h"
#include "core/runtime/err.h"
#include "core/runtime/fiber.h"
#include "core/runtime/secret.h"

enum {
	SMTP_MESSAGE_MAX = 4 * 1024 * 1024,
	SMTP_AT_ONCE = 8, /* conversations of one process; servers refuse more than some tens */
};

struct smtp_server {
	/*
	 * smtp://host:port or smtps://host:port. Over smtp:// STARTTLS is demanded; not of a server on loopback, whose
	 * certificate names something else.
	 */
	const char *url;
	int allow_plain; /* without STARTTLS, too, if the server does not offer it and there is no user */
	const char *user; /* NULL or empty: no login */
	struct secret password;
	int timeout_ms; /* whole exchange, waiting for a turn included; 0: 60 000 */
};

struct smtp_message {
	const char *from, *to; /* addresses as mail_address_check() accepts them */
	const char *text;      /* lines end with CRLF */
	size_t len;	       /* at most SMTP_MESSAGE_MAX */
};

/*
 * smtp_send - deliver to one recipient; 0 when the server took the message over
 *
 * ERR_FINAL: refused (5yz), with ERR_CODE_DATA when it was the recipient; or the url is none. ERR_RETRY: 4yz, or
 * the server could not be reached or spoken with; with ERR_CODE_AUTH when it refused the login, with
 * ERR_CODE_UNKNOWN when the whole message was sent and no answer came, so that it may have been delivered. Texts
 * carry the server's codes, never its words: they tend to repeat the address.
 */
YIELDS
int smtp_send(struct arena *a, const struct smtp_server *server, const struct smtp_message *message,
	      struct err *e);

#endif
