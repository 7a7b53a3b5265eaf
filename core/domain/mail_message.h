/* mail_message - the text of an e-mail (RFC 5322, 2045-2047), safe whatever the names in it are */
#ifndef WAYBILL_MAIL_MESSAGE_H
#define WAYBILL_MAIL_MESSAGE_H

#include <stddef.h>

#include "core/domain/mail.h"

/*
 * mail_address_check - is this an address we send to?
 *
 * ASCII dot-atom @ domain name with at least two labels, lengths as RFC 5321 says: what every mail server takes.
 * Addresses with other letters would need a server with SMTPUTF8: ERR_FINAL with ERR_CODE_HELD, so that a person
 * can ask for another one. Anything else is ERR_FINAL with ERR_CODE_DATA. The text never holds the address.
 */
int mail_address_check(const char *address, struct err *e);

/*
 * mail_message - one message: multipart/alternative, quoted-printable, all ASCII, lines of at most 76 bytes, CRLF
 *
 * The same input gives the same bytes. In names and subject control characters become blanks, what is not UTF-8
 * becomes U+FFFD, and what is too long is cut between characters. ERR_BUG: a Message-ID that is none. A bad
 * recipient is as from mail_address_check(), a bad sender is ERR_FINAL without a code.
 */
int mail_message(struct arena *a, const struct mail_envelope *envelope, const struct mail *mail,
		 const char **text, size_t *len, struct err *e);

#endif
