/* smtp - hand one message to a mail server (RFC 5321), for fibers */
#include "core/runtime/smtp.h"

#include <curl/curl.h>
#include <string.h>

#include "core/runtime/buffer.h"
#include "core/runtime/curl_loop.h"
#include "core/runtime/inet.h"
#include "core/runtime/loop.h"
#include "core/runtime/text.h"

enum {
	TIMEOUT_MS = 60000,
	CONNECT_TIMEOUT_MS = 15000,
	LINE_MAX_BYTES = 2048, /* of an answer; RFC 5321 allows 512 */
	LINES_MAX = 100,       /* of one answer */
};

struct session {
	CURL *easy;
	int64_t deadline_ms;
	int is_message_out; /* the final dot is on its way: no answer means that nobody knows */
	char line[LINE_MAX_BYTES];
	size_t used; /* bytes in line that are not consumed yet */
};

static struct {
	int talking;
	struct fiber_queue waiting;
} state;

enum stage { SENDER, RECIPIENT, MESSAGE };

struct answer {
	int code;
	char detail[16]; /* enhanced status code " 5.1.1" (RFC 3463), or empty */
};

/* The connection is of no use any more; what that means depends on how far the message got. */
static int lost(const struct session *s, const char *why, struct err *e)
{
	if (s->is_message_out)
		return err_set(e, ERR_RETRY, ERR_CODE_UNKNOWN,
			       "no answer of the mail server to the message: %s", why);
	return err_set(e, ERR_RETRY, ERR_CODE_DISCONNECTED, "lost the mail server: %s", why);
}

YIELDS
static int wait_for(const struct session *s, int events, struct err *e)
{
	struct err waiting = {0};

	if (curl_loop_wait(s->easy, events, s->deadline_ms, &waiting) == 0)
		return 0;
	if (waiting.code == ERR_CODE_CANCELLED && !s->is_message_out) {
		if (e)
			*e = waiting;
		return -1;
	}
	return lost(s, waiting.msg, e);
}

YIELDS
static int send_all(const struct session *s, const char *text, size_t len, struct err *e)
{
	while (len) {
		size_t sent = 0;
		CURLcode result = curl_easy_send(s->easy, text, len, &sent);

		if (result == CURLE_AGAIN) {
			if (wait_for(s, EV_WRITE, e))
				return -1;
			continue;
		}
		if (result)
			return lost(s, curl_easy_strerror(result), e);
		text += sent;
		len -= sent;
	}
	return 0;
}

/* Moves the next line, without its end, to the front of s->line and says how long it is with its end. */
YIELDS
static int read_line(struct session *s, size_t *len, struct err *e)
{
	for (;;) {
		char *end = memchr(s->line, '\n', s->used);
		size_t got = 0;

		if (end) {
			*len = (size_t)(end - s->line) + 1;
			return 0;
		}
		if (s->used == sizeof s->line)
			return lost(s, "its answer has no end", e);
		CURLcode result =
			curl_easy_recv(s->easy, s->line + s->used, sizeof s->line - s->used, &got);

		if (result == CURLE_AGAIN) {
			if (wait_for(s, EV_READ, e))
				return -1;
			continue;
		}
		if (result)
			return lost(s, curl_easy_strerror(result), e);
		if (got == 0)
			return lost(s, "it closed the connection", e);
		s->used += got;
	}
}

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "5.1.1" at the beginning of an answer's text */
static void read_detail(const char *text, size_t len, struct answer *out)
{
	size_t end = 0, dots = 0;

	while (end < len && (is_digit(text[end]) || text[end] == '.'))
		dots += text[end++] == '.';
	if (dots == 2 && end + 2 < sizeof out->detail)
		text_printf(out->detail, sizeof out->detail, " %s", text_cut(text, end));
}

/* One answer may have several lines: "250-first", "250 last". */
YIELDS
static int read_answer(struct session *s, struct answer *out, struct err *e)
{
	*out = (struct answer){0};
	for (int lines = 0; lines < LINES_MAX; lines++) {
		const char *l = s->line;
		size_t len = 0;

		if (read_line(s, &len, e))
			return -1;
		if (len < 4 || !is_digit(l[0]) || !is_digit(l[1]) || !is_digit(l[2]))
			return lost(s, "its answer is not SMTP", e);
		out->code = (l[0] - '0') * 100 + (l[1] - '0') * 10 + (l[2] - '0');
		int is_last = l[3] != '-';

		if (len > 4)
			read_detail(l + 4, len - 4, out);
		s->used -= len;
		memmove(s->line, s->line + len, s->used);
		if (is_last)
			return 0;
	}
	return lost(s, "its answer has no end", e);
}

/* expected: 2 for 2yz, 3 for 3yz. The recipient is the caller's data; the rest concerns every message. */
YIELDS
static int expect(struct session *s, int expected, enum stage stage, struct err *e)
{
	static const char *const names[] = {
		[SENDER] = "the sender",
		[RECIPIENT] = "the recipient",
		[MESSAGE] = "the message",
	};
	enum err_code code = stage == RECIPIENT ? ERR_CODE_DATA : ERR_CODE_NONE;
	const char *what = names[stage];
	struct answer got;

	if (read_answer(s, &got, e))
		return -1;
	if (got.code / 100 == expected)
		return 0;
	if (got.code == 530)
		return err_set(e, ERR_RETRY, ERR_CODE_AUTH,
			       "the mail server wants a login or TLS: %d%s", got.code, got.detail);
	if (got.code / 100 == 4)
		return err_retry(e, "the mail server put %s off: %d%s", what, got.code, got.detail);
	if (got.code / 100 == 5)
		return err_set(e, ERR_FINAL, code, "the mail server refused %s: %d%s", what,
			       got.code, got.detail);
	return lost(s, "its answer is out of place", e);
}

YIELDS
static int command(struct arena *a, struct session *s, const char *text, int expected,
		   enum stage stage, struct err *e)
{
	const char *line = arena_printf(a, "%s\r\n", text);

	if (send_all(s, line, strlen(line), e))
		return -1;
	return expect(s, expected, stage, e);
}

/* The message as it goes over the wire: a dot before dots at the start of lines, and the final dot. */
static int wrap(struct arena *a, const struct smtp_message *m, struct buffer *out, struct err *e)
{
	const char *line = m->text, *end = m->text + m->len;

	if (m->len > SMTP_MESSAGE_MAX)
		return err_final(e, "cannot send a message of %zu bytes", m->len);
	*out = (struct buffer){.arena = a};
	while (line < end) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t len = newline ? (size_t)(newline - line) + 1 : 0;

		/* A lone CR or LF ends a line for some servers and not for others: no way in for a second message. */
		if (len < 2 || memchr(line, '\r', len) != newline - 1 || memchr(line, '\0', len))
			return err_bug(e, "a line of a message does not end with CRLF");
		if (*line == '.')
			buffer_char(out, '.');
		buffer_add(out, line, len);
		line += len;
	}
	buffer_text(out, ".\r\n");
	return 0;
}

static int is_address_safe(const char *address)
{
	for (const char *c = address; *c; c++)
		if (*c <= ' ' || *c >= 127 || *c == '<' || *c == '>')
			return 0;
	return *address != '\0';
}

YIELDS
static int transact(struct arena *a, struct session *s, const struct smtp_message *m,
		    const struct buffer *wire, struct err *e)
{
	const char *from = arena_printf(a, "MAIL FROM:<%s>", m->from);
	const char *to = arena_printf(a, "RCPT TO:<%s>", m->to);

	if (command(a, s, from, 2, SENDER, e) || command(a, s, to, 2, RECIPIENT, e) ||
	    command(a, s, "DATA", 3, MESSAGE, e))
		return -1;
	/* All but the final dot first: until that is sent, a lost connection surely delivered nothing. */
	if (send_all(s, wire->data, wire->len - 3, e))
		return -1;
	s->is_message_out = 1;
	if (send_all(s, wire->data + wire->len - 3, 3, e))
		return -1;
	return expect(s, 2, MESSAGE, e);
}

static int connect_failed(CURL *easy, CURLcode result, struct err *e)
{
	long code = 0;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
	if (curl_loop_kind(result) != ERR_RETRY)
		return err_set(e, curl_loop_kind(result), ERR_CODE_NONE,
			       "cannot use the url of the mail server: %s",
			       curl_easy_strerror(result));
	switch ((int)result) {
	case CURLE_LOGIN_DENIED:
		return err_set(e, ERR_RETRY, ERR_CODE_AUTH,
			       "the mail server refused the login: %ld", code);
	case CURLE_USE_SSL_FAILED:
		return err_retry(e,
				 "the mail server does not offer STARTTLS, and mail is not sent in "
				 "clear; see mail.allow_plain");
	default:
		return err_set(e, ERR_RETRY, ERR_CODE_DISCONNECTED,
			       "could not reach the mail server: %s (%ld)",
			       curl_easy_strerror(result), code);
	}
}

static void cleanup(void *easy)
{
	curl_easy_cleanup(easy);
}

static CURL *new_handle(struct arena *a, const struct smtp_server *server)
{
	CURL *easy = curl_loop_easy();
	int has_user = server->user && *server->user;
	long tls = inet_url_is_loopback(server->url)  ? CURLUSESSL_NONE
		   : has_user || !server->allow_plain ? CURLUSESSL_ALL
						      : CURLUSESSL_TRY;

	arena_defer(a, cleanup, easy);
	curl_easy_setopt(easy, CURLOPT_URL, server->url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
	curl_easy_setopt(easy, CURLOPT_USE_SSL, tls);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (has_user) {
		curl_easy_setopt(easy, CURLOPT_USERNAME, server->user);
		curl_easy_setopt(easy, CURLOPT_PASSWORD, (const char *)server->password.bytes);
	}
	return easy;
}

YIELDS
static int take_turn(int64_t deadline_ms, struct err *e)
{
	while (state.talking >= SMTP_AT_ONCE)
		if (fiber_queue_wait(&state.waiting, deadline_ms, e))
			return err_prefix(e, "waiting for a turn at the mail server");
	state.talking++;
	return 0;
}

static void give_turn(void)
{
	state.talking--;
	fiber_queue_wake_one(&state.waiting);
}

YIELDS
static int converse(struct arena *a, struct session *s, const struct smtp_message *message,
		    const struct buffer *wire, struct err *e)
{
	CURLcode result = CURLE_OK;
	size_t sent;

	if (curl_loop_connect(s->easy, s->deadline_ms, &result, e))
		return err_prefix(e, "could not reach the mail server");
	if (result)
		return connect_failed(s->easy, result, e);
	int failed = transact(a, s, message, wire, e);

	/* Politeness only: nobody waits for the answer. */
	curl_easy_send(s->easy, "QUIT\r\n", 6, &sent);
	curl_loop_disconnect(s->easy);
	return failed;
}

int smtp_send(struct arena *a, const struct smtp_server *server, const struct smtp_message *message,
	      struct err *e)
{
	struct session s = {
		.deadline_ms =
			loop_now_ms() + (server->timeout_ms ? server->timeout_ms : TIMEOUT_MS),
	};
	struct buffer wire;

	if (!is_address_safe(message->from) || !is_address_safe(message->to))
		return err_bug(e, "an address that was not checked");
	if (wrap(a, message, &wire, e) || take_turn(s.deadline_ms, e))
		return -1;
	s.easy = new_handle(a, server);
	int failed = converse(a, &s, message, &wire, e);

	give_turn();
	return failed;
}
