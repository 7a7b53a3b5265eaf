/* mail_message - the text of an e-mail (RFC 5322, 2045-2047), safe whatever the names in it are */
#include "core/domain/mail_message.h"

#include <string.h>
#include <time.h>

#include "core/runtime/buffer.h"
#include "core/runtime/secret.h"
#include "core/runtime/utf8.h"

enum {
	LOCAL_PART_MAX = 64, /* RFC 5321, 4.5.3.1 */
	ADDRESS_MAX = 254,
	LABEL_MAX = 63,
	NAME_BYTES_MAX = 120,
	SUBJECT_BYTES_MAX = 300,
	HEADER_LINE_MAX = 76,
	WORD_BYTES_MAX = 55, /* of the coded text in an encoded word: fits behind "Subject: " */
	BODY_LINE_MAX = 76,
};

/* "=_" never stands in quoted-printable text. */
#define BOUNDARY "=_waybill_alternative"

static int is_alphanumeric(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static int is_dot_atom(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '.' && i > 0 && i + 1 < len && text[i - 1] != '.')
			continue;
		if (text[i] == '\0' || text[i] == '.' ||
		    (!is_alphanumeric((unsigned char)text[i]) &&
		     !strchr("!#$%&'*+-/=?^_`{|}~", text[i])))
			return 0;
	}
	return len > 0;
}

static int is_domain(const char *text)
{
	size_t labels = 0;

	for (;;) {
		size_t len = strcspn(text, ".");

		if (len == 0 || len > LABEL_MAX || text[0] == '-' || text[len - 1] == '-')
			return 0;
		for (size_t i = 0; i < len; i++)
			if (!is_alphanumeric((unsigned char)text[i]) && text[i] != '-')
				return 0;
		labels++;
		if (!text[len])
			return labels >= 2;
		text += len + 1;
	}
}

int mail_address_check(const char *address, struct err *e)
{
	const char *at = strrchr(address, '@');

	for (const char *c = address; *c; c++)
		if ((unsigned char)*c >= 0x80)
			return err_set(e, ERR_FINAL, ERR_CODE_HELD,
				       "cannot mail to an address with letters beyond ASCII; "
				       "ask for another one");
	if (!at || at - address > LOCAL_PART_MAX || strlen(address) > ADDRESS_MAX ||
	    !is_dot_atom(address, (size_t)(at - address)) || !is_domain(at + 1))
		return err_set(e, ERR_FINAL, ERR_CODE_DATA, "not an e-mail address");
	return 0;
}

static int is_control(const char *character, size_t len)
{
	unsigned char first = (unsigned char)character[0];

	return first < ' ' || first == 127 ||
	       (len == 2 && first == 0xC2 && (unsigned char)character[1] < 0xA0);
}

/* One line of at most max bytes: no control characters, all UTF-8, single blanks. */
static char *clean(struct arena *a, const char *text, size_t max)
{
	struct buffer out = {.arena = a};
	size_t len = strlen(text), at = 0;

	while (at < len && out.len < max) {
		size_t step = utf8_length(text + at, len - at);

		if (step == 0) {
			buffer_text(&out, "\xEF\xBF\xBD");
			step = 1;
		} else if (is_control(text + at, step) || text[at] == ' ') {
			if (out.len && out.data[out.len - 1] != ' ')
				buffer_char(&out, ' ');
		} else if (out.len + step > max) {
			break;
		} else {
			buffer_add(&out, text + at, step);
		}
		at += step;
	}
	while (out.len && out.data[out.len - 1] == ' ')
		out.data[--out.len] = '\0';
	return out.data ? out.data : arena_strdup(a, "");
}

/* Does the text mean itself in a header? */
static int is_plain(const char *text)
{
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c >= 127)
			return 0;
	return !strstr(text, "=?");
}

/* Does this byte mean itself in an encoded word of either kind? */
static int is_plain_byte(unsigned char c)
{
	return is_alphanumeric(c) || c == ' ';
}

static size_t quoted_length(const char *text, size_t len)
{
	size_t quoted = len;

	for (size_t i = 0; i < len; i++)
		quoted += is_plain_byte((unsigned char)text[i]) ? 0 : 2;
	return quoted;
}

static size_t base64_length(size_t len)
{
	return (len + 2) / 3 * 4;
}

static const char *quoted(struct arena *a, const char *text, size_t len)
{
	struct buffer out = {.arena = a};

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (is_plain_byte(c))
			buffer_char(&out, c == ' ' ? '_' : (char)c);
		else
			buffer_printf(&out, "=%02X", (unsigned)c);
	}
	return out.data;
}

/* Encoded words of RFC 2047, each with whole characters and on a line of its own; the shorter of the two encodings. */
static void add_words(struct buffer *out, const char *text)
{
	size_t len = strlen(text), at = 0;
	int is_base64 = quoted_length(text, len) > base64_length(len);

	while (at < len) {
		size_t bytes = 0, step;

		while ((step = utf8_length(text + at + bytes, len - at - bytes)) &&
		       (is_base64 ? base64_length(bytes + step)
				  : quoted_length(text + at, bytes + step)) <= WORD_BYTES_MAX)
			bytes += step;
		const char *word = is_base64 ? base64_encode(out->arena, text + at, bytes)
					     : quoted(out->arena, text + at, bytes);

		at += bytes;
		buffer_printf(out, "=?UTF-8?%c?%s?=%s", is_base64 ? 'B' : 'Q', word,
			      at < len ? "\r\n " : "");
	}
}

static void add_subject(struct buffer *out, const char *text)
{
	char *subject = clean(out->arena, text, SUBJECT_BYTES_MAX);

	if (is_plain(subject) && strlen("Subject: ") + strlen(subject) <= HEADER_LINE_MAX) {
		buffer_printf(out, "Subject: %s\r\n", subject);
		return;
	}
	buffer_text(out, "Subject: ");
	add_words(out, subject);
	buffer_text(out, "\r\n");
}

/* A display name: a quoted string when it is plain, else encoded words. */
static void add_phrase(struct buffer *out, const char *name)
{
	if (!is_plain(name) || strlen(name) > HEADER_LINE_MAX / 2) {
		add_words(out, name);
		return;
	}
	buffer_char(out, '"');
	for (const char *c = name; *c; c++) {
		if (*c == '"' || *c == '\\')
			buffer_char(out, '\\');
		buffer_char(out, *c);
	}
	buffer_char(out, '"');
}

static void add_mailbox(struct buffer *out, const char *header, const char *name,
			const char *address)
{
	char *shown = clean(out->arena, name ? name : "", NAME_BYTES_MAX);
	struct buffer line = {.arena = out->arena};

	buffer_printf(&line, "%s: ", header);
	if (*shown) {
		add_phrase(&line, shown);
		buffer_text(&line,
			    line.len + strlen(address) + 3 > HEADER_LINE_MAX ? "\r\n " : " ");
	}
	buffer_printf(&line, "<%s>\r\n", address);
	buffer_add(out, line.data, line.len);
}

static void add_date(struct buffer *out, int64_t date_us)
{
	static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t seconds = (time_t)(date_us / 1000000);
	struct tm utc;

	gmtime_r(&seconds, &utc);
	buffer_printf(out, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n", days[utc.tm_wday],
		      utc.tm_mday, months[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
		      utc.tm_sec);
}

/* Does the blank at text end its line? Some servers strip those. */
static int is_line_end(const char *text)
{
	return text[1] == '\0' || text[1] == '\n' || text[1] == '\r';
}

/* Quoted-printable (RFC 2045, 6.7). CRLF, LF and CR each end a line. */
static void add_body(struct buffer *out, const char *text)
{
	size_t column = 0;

	for (const char *p = text; *p; p++) {
		unsigned char c = (unsigned char)*p;
		char coded[4] = {*p, '\0'};

		if (c == '\r' && p[1] == '\n')
			continue;
		if (c == '\n' || c == '\r') {
			buffer_text(out, "\r\n");
			column = 0;
			continue;
		}
		if (c == '=' || c > 126 || (c < ' ' && c != '\t') ||
		    ((c == ' ' || c == '\t') && is_line_end(p)))
			snprintf(coded, sizeof coded, "=%02X", (unsigned)c);
		if (column + strlen(coded) > BODY_LINE_MAX - 1) {
			buffer_text(out, "=\r\n");
			column = 0;
		}
		buffer_text(out, coded);
		column += strlen(coded);
	}
	if (column)
		buffer_text(out, "\r\n");
}

static void add_part(struct buffer *out, const char *type, const char *text)
{
	buffer_printf(out,
		      "--" BOUNDARY "\r\n"
		      "Content-Type: %s; charset=utf-8\r\n"
		      "Content-Transfer-Encoding: quoted-printable\r\n"
		      "\r\n",
		      type);
	add_body(out, text);
	buffer_text(out, "\r\n");
}

/* left@right of visible ASCII without what could end it */
static int is_message_id(const char *id)
{
	const char *at = strchr(id, '@');

	for (const char *c = id; *c; c++)
		if (*c <= ' ' || (unsigned char)*c >= 127 || strchr("<>()[]\\,;:\"", *c))
			return 0;
	return at && at > id && at[1] && !strchr(at + 1, '@') && strlen(id) < 200;
}

int mail_message(struct arena *a, const struct mail_envelope *envelope, const struct mail *mail,
		 const char **text, size_t *len, struct err *e)
{
	struct buffer out = {.arena = a};

	if (mail_address_check(envelope->from_address, NULL) ||
	    (envelope->reply_to && mail_address_check(envelope->reply_to, NULL)))
		return err_final(e,
				 "the store's sender address is not one that can be mailed from");
	if (mail_address_check(envelope->to_address, e))
		return err_prefix(e, "recipient");
	if (!is_message_id(envelope->message_id))
		return err_bug(e, "not a message id");
	add_date(&out, envelope->date_us);
	add_mailbox(&out, "From", envelope->from_name, envelope->from_address);
	if (envelope->reply_to)
		add_mailbox(&out, "Reply-To", NULL, envelope->reply_to);
	add_mailbox(&out, "To", envelope->to_name, envelope->to_address);
	buffer_printf(&out, "Message-ID: <%s>\r\n", envelope->message_id);
	add_subject(&out, mail->subject);
	/* RFC 3834: so that nobody's holiday notice answers it. */
	buffer_text(&out, "Auto-Submitted: auto-generated\r\n"
			  "MIME-Version: 1.0\r\n"
			  "Content-Type: multipart/alternative;\r\n"
			  " boundary=\"" BOUNDARY "\"\r\n"
			  "\r\n");
	add_part(&out, "text/plain", mail->text);
	add_part(&out, "text/html", mail->html);
	buffer_text(&out, "--" BOUNDARY "--\r\n");
	*text = out.data;
	*len = out.len;
	return 0;
}
