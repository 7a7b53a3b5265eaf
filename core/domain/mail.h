/*
 * mail - e-mails to customers: templates and messages
 *
 * A template is a file pair NAME.txt and NAME.html in the language of core/domain/template.h; the first line of
 * NAME.txt is "Subject: ...". Built-in ones are in core/domain/templates; edited ones in a directory replace them,
 * file by file. Names: shipment, backorder, release. docs/mail-templates.md is the merchant's view of it.
 */
#ifndef WAYBILL_MAIL_H
#define WAYBILL_MAIL_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "core/runtime/arena.h"
#include "core/runtime/err.h"
#include "core/runtime/fiber.h"
#include "core/runtime/secret.h"

struct mail_template_text {
	const char *name; /* "shipment.txt"; NULL ends the list */
	const char *text;
};
extern const struct mail_template_text mail_template_texts[];

struct mail_templates;

/*
 * mail_templates_load - the built-in ones, replaced by those of directory (may be NULL)
 *
 * Every template is parsed and rendered once with sample data, strictly: a broken one (unclosed section, a name
 * that does not exist, not UTF-8, larger than 256 KiB, a missing subject) is ERR_FINAL naming file and line, so
 * that it is refused when it is installed, not when it is sent.
 */
int mail_templates_load(const char *directory, struct mail_templates **out, struct err *e);
void mail_templates_free(struct mail_templates *t);

struct mail {
	const char *subject, *text, *html;
};

/*
 * mail_render - fill in data, an object as documented in docs/mail-templates.md
 *
 * data is left as it is; templates see a copy without links that are not of the web, with has_<list> for every list.
 */
int mail_render(struct arena *a, const struct mail_templates *t, const char *name, json_t *data,
		struct mail *out, struct err *e);

struct mail_envelope {
	const char *from_name, *from_address; /* of the store */
	const char *reply_to;		      /* NULL: none */
	const char *to_name, *to_address;
	const char *message_id; /* without <>; the same for every attempt */
	int64_t date_us;	/* the same for every attempt */
};

struct mail_server {
	const char *
		url; /* smtp://host:port or smtps://; see core/runtime/smtp.h for when TLS is used */
	int allow_plain; /* the same */
	const char *user;
	struct secret password;
};

/*
 * mail_send - hand the message to the mail server: multipart/alternative, all ASCII, one recipient
 *
 * No byte of a name, an address or a subject can end a header. ERR_FINAL with ERR_CODE_DATA: the recipient's
 * address is none, or was refused (5yz); with ERR_CODE_HELD: it has letters beyond ASCII, and a person can ask for
 * another. Any other ERR_FINAL concerns more than this mail: the store's own address, the message, the server's
 * url. ERR_RETRY: 4yz, or the server could not be reached; with ERR_CODE_UNKNOWN when the message may have been
 * accepted.
 */
YIELDS
int mail_send(struct arena *a, const struct mail_server *server,
	      const struct mail_envelope *envelope, const struct mail *mail, struct err *e);

#endif
