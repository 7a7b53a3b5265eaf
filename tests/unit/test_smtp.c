/* smtp: each stage's refusal and silence means what it should; against a scripted server in a child process */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/runtime/loop.h"
#include "core/runtime/smtp.h"
#include "tests/unit/unit.h"

#define CLOSE NULL /* the server hangs up instead of answering */
#define SILENT ""  /* the server says nothing until the client hangs up */

struct script {
	const char *greeting, *ehlo, *auth, *mail, *rcpt, *data, *end;
};

static const struct script obedient = {
	.greeting = "220 ready\r\n",
	.ehlo = "250-here\r\n250 SIZE\r\n",
	.auth = "235 2.7.0 welcome\r\n",
	.mail = "250 2.1.0 ok\r\n",
	.rcpt = "250 2.1.5 ok\r\n",
	.data = "354 go on\r\n",
	.end = "250 2.0.0 taken\r\n",
};

static void answer(FILE *client, const char *text)
{
	char rest[256];

	if (!text)
		_exit(0);
	if (!*text) {
		while (fgets(rest, sizeof rest, client))
			;
		_exit(0);
	}
	if (fputs(text, client) < 0 || fflush(client))
		_exit(0);
}

/* What arrives between DATA and the final dot goes to books as it came. */
static _Noreturn void serve(int listener, const struct script *s, int books)
{
	FILE *client = fdopen(accept(listener, NULL, NULL), "r+");
	char line[4096];
	int in_message = 0;

	alarm((unsigned int)patience_ms(20000) / 1000);
	if (!client)
		_exit(1);
	answer(client, s->greeting);
	while (fgets(line, sizeof line, client)) {
		if (in_message) {
			if (strcmp(line, ".\r\n") == 0) {
				in_message = 0;
				answer(client, s->end);
			} else if (write(books, line, strlen(line)) < 0) {
				_exit(1);
			}
		} else if (strncmp(line, "EHLO", 4) == 0) {
			answer(client, s->ehlo);
		} else if (strcmp(line, "AUTH PLAIN\r\n") == 0) {
			answer(client, "334 \r\n");
		} else if (strcmp(line, "AHdheWJpbGwAc2VjcmV0\r\n") == 0) {
			answer(client, s->auth);
		} else if (strcmp(line, "MAIL FROM:<shop@example.com>\r\n") == 0) {
			answer(client, s->mail);
		} else if (strcmp(line, "RCPT TO:<anna@example.net>\r\n") == 0) {
			answer(client, s->rcpt);
		} else if (strcmp(line, "DATA\r\n") == 0) {
			answer(client, s->data);
			in_message = 1;
		} else if (strcmp(line, "QUIT\r\n") == 0) {
			_exit(0);
		} else {
			answer(client, "500 5.5.2 what?\r\n");
		}
	}
	_exit(0);
}

struct trial {
	struct smtp_server server;
	struct smtp_message message;
	struct err e;
	int result;
	char got[256 * 1024]; /* what the server took as the message */
	size_t got_len;
};

static void send_one(void *arg)
{
	struct trial *t = arg;
	struct arena *a = arena_new();

	t->result = smtp_send(a, &t->server, &t->message, &t->e);
	arena_free(a);
}

static int listen_on_loopback(char *url, size_t size)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(listener, 100), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	snprintf(url, size, "smtp://127.0.0.1:%d", (int)ntohs(address.sin_port));
	return listener;
}

/* What the server's url calls this machine. */
static const char *server_host = "127.0.0.1";
static int allow_plain;

static struct trial *try_message(const struct script *s, const char *text)
{
	static struct trial t;
	FILE *books = tmpfile();
	char url[64];
	int listener = listen_on_loopback(url, sizeof url);

	assert_non_null(books);
	pid_t child = fork();

	if (child == 0)
		serve(listener, s, fileno(books));
	close(listener);
	memset(&t, 0, sizeof t);
	int port = (int)strtol(strrchr(url, ':') + 1, NULL, 10);

	snprintf(url, sizeof url, "smtp://%s:%d", server_host, port);
	t.server = (struct smtp_server){.url = url, .allow_plain = allow_plain, .timeout_ms = 400};
	if (strstr(s->ehlo, "AUTH")) {
		t.server.user = "waybill";
		t.server.password = (struct secret){(const unsigned char *)"secret", 6};
	}
	t.message = (struct smtp_message){
		.from = "shop@example.com",
		.to = "anna@example.net",
		.text = text,
		.len = strlen(text),
	};
	run_in_fiber(send_one, &t);
	/* The loop may have seen the child's end before. */
	if (waitpid(child, NULL, 0) != child)
		assert_int_equal(errno, ECHILD);
	rewind(books);
	t.got_len = fread(t.got, 1, sizeof t.got - 1, books);
	t.got[t.got_len] = '\0';
	fclose(books);
	return &t;
}

static void an_accepted_message_arrives_whole(void **state)
{
	struct trial *t = try_message(&obedient, "Subject: hello\r\n\r\nline\r\n");

	(void)state;
	assert_int_equal(t->result, 0);
	assert_string_equal(t->got, "Subject: hello\r\n\r\nline\r\n");
}

static void dots_at_the_start_of_lines_cannot_end_the_message(void **state)
{
	struct trial *t =
		try_message(&obedient, "\r\n.\r\n..\r\n.x\r\nRCPT TO:<eve@example.org>\r\n");

	(void)state;
	assert_int_equal(t->result, 0);
	assert_string_equal(t->got, "\r\n..\r\n...\r\n..x\r\nRCPT TO:<eve@example.org>\r\n");
}

static void a_large_message_arrives_whole(void **state)
{
	static char text[200 * 1024 + 1];

	(void)state;
	for (size_t i = 0; i < sizeof text - 1; i++)
		text[i] = "a long line of text, sixty-four bytes of it, again and again..\r\n"[i %
											       64];
	struct trial *t = try_message(&obedient, text);

	assert_int_equal(t->result, 0);
	assert_int_equal(t->got_len, sizeof text - 1);
	assert_memory_equal(t->got, text, sizeof text - 1);
}

static void every_answer_and_every_silence_is_judged_by_its_stage(void **state)
{
	static const struct {
		const char *what;
		const char *stage, *says;
		enum err_kind kind;
		enum err_code code;
		const char *text; /* part of the error's text */
	} cases[] = {
		{"busy", "greeting", "421 4.3.2 later\r\n", ERR_RETRY, ERR_CODE_DISCONNECTED, NULL},
		{"hangs up at once", "greeting", CLOSE, ERR_RETRY, ERR_CODE_DISCONNECTED, NULL},
		{"silent at once", "greeting", SILENT, ERR_RETRY, ERR_CODE_TIMEOUT, NULL},
		{"sender off", "mail", "451 4.7.1 x\r\n", ERR_RETRY, ERR_CODE_NONE,
		 "put the sender off: 451 4.7.1"},
		{"sender refused", "mail", "553 5.7.1 x\r\n", ERR_FINAL, ERR_CODE_NONE,
		 "refused the sender: 553 5.7.1"},
		{"login wanted", "mail", "530 5.7.0 x\r\n", ERR_RETRY, ERR_CODE_AUTH, NULL},
		{"grey listed", "rcpt", "450 4.2.0 x\r\n", ERR_RETRY, ERR_CODE_NONE,
		 "put the recipient off: 450"},
		{"nobody there", "rcpt", "550-5.1.1 <anna@example.net>\r\n550 5.1.1 unknown\r\n",
		 ERR_FINAL, ERR_CODE_DATA, "refused the recipient: 550 5.1.1"},
		{"no code but text", "rcpt", "550 anna@example.net is unknown\r\n", ERR_FINAL,
		 ERR_CODE_DATA, "refused the recipient: 550"},
		{"rcpt lost", "rcpt", CLOSE, ERR_RETRY, ERR_CODE_DISCONNECTED, NULL},
		{"not smtp", "rcpt", "hello there\r\n", ERR_RETRY, ERR_CODE_DISCONNECTED, NULL},
		{"out of place", "rcpt", "354 go on\r\n", ERR_RETRY, ERR_CODE_DISCONNECTED, NULL},
		{"no data", "data", "554 5.5.1 x\r\n", ERR_FINAL, ERR_CODE_NONE,
		 "refused the message: 554"},
		{"spam", "end", "554 5.7.1 x\r\n", ERR_FINAL, ERR_CODE_NONE,
		 "refused the message: 554 5.7.1"},
		{"full", "end", "452 4.3.1 x\r\n", ERR_RETRY, ERR_CODE_NONE,
		 "put the message off: 452 4.3.1"},
		{"lost after the dot", "end", CLOSE, ERR_RETRY, ERR_CODE_UNKNOWN, NULL},
		{"silent after the dot", "end", SILENT, ERR_RETRY, ERR_CODE_UNKNOWN, NULL},
		{"nonsense after the dot", "end", "what\r\n", ERR_RETRY, ERR_CODE_UNKNOWN, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct script s = obedient;
		const char *stage = cases[i].stage;

		*(strcmp(stage, "greeting") == 0 ? &s.greeting
		  : strcmp(stage, "mail") == 0	 ? &s.mail
		  : strcmp(stage, "rcpt") == 0	 ? &s.rcpt
		  : strcmp(stage, "data") == 0	 ? &s.data
						 : &s.end) = cases[i].says;
		struct trial *t = try_message(&s, "Subject: x\r\n\r\n");

		if (t->result != -1 || t->e.kind != cases[i].kind || t->e.code != cases[i].code ||
		    (cases[i].text && !strstr(t->e.msg, cases[i].text)) || strstr(t->e.msg, "anna"))
			fail_msg("%s: got %d %s %s: %s", cases[i].what, t->result,
				 err_kind_name(t->e.kind), err_code_name(t->e.code), t->e.msg);
	}
}

static void a_refused_login_is_told_apart(void **state)
{
	struct script s = obedient;

	(void)state;
	s.ehlo = "250-here\r\n250 AUTH PLAIN\r\n";
	struct trial *t = try_message(&s, "Subject: x\r\n\r\n");

	assert_int_equal(t->result, 0);
	s.auth = "535 5.7.8 no\r\n";
	t = try_message(&s, "Subject: x\r\n\r\n");
	assert_int_equal(t->e.kind, ERR_RETRY);
	assert_int_equal(t->e.code, ERR_CODE_AUTH);
}

/* 0.0.0.0 leads here, too, but is no loopback address. */
static void nothing_goes_in_clear_to_another_machine_unless_allowed(void **state)
{
	static const char login[] = "250-here\r\n250 AUTH PLAIN\r\n";
	static const struct {
		const char *host;
		int allow_plain;
		const char *ehlo;
		int is_sent;
	} cases[] = {
		{"0.0.0.0", 0, "250 here\r\n", 0}, {"0.0.0.0", 1, "250 here\r\n", 1},
		{"0.0.0.0", 0, login, 0},	   {"0.0.0.0", 1, login, 0},
		{"127.0.0.1", 0, login, 1},	   {"[::ffff:127.0.0.1]", 0, login, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct script s = obedient;

		s.ehlo = cases[i].ehlo;
		server_host = cases[i].host;
		allow_plain = cases[i].allow_plain;
		struct trial *t = try_message(&s, "Subject: x\r\n\r\nAda Lovelace\r\n");

		print_message("  %s %d: %s\n", server_host, allow_plain, t->e.msg);
		assert_int_equal(t->result, cases[i].is_sent ? 0 : -1);
		assert_int_equal(t->got_len > 0, cases[i].is_sent);
		if (!cases[i].is_sent) {
			assert_int_equal(t->e.kind, ERR_RETRY);
			assert_non_null(strstr(t->e.msg, "STARTTLS"));
		}
	}
	server_host = "127.0.0.1";
	allow_plain = 0;
}

struct crowd {
	struct trial patient,
		hasty; /* the first that come; those behind them, who give up long before */
};

static void send_many(void *arg)
{
	struct crowd *crowd = arg;
	struct fiber_group g = {0};

	for (int i = 0; i < 3 * SMTP_AT_ONCE; i++)
		fiber_group_start(&g, "mail", send_one,
				  i < SMTP_AT_ONCE ? &crowd->patient : &crowd->hasty);
	assert_int_equal(fiber_group_wait(&g, loop_now_ms() + patience_ms(20000), NULL), 0);
}

static void a_server_is_not_flooded_with_connections(void **state)
{
	char url[64];
	int listener = listen_on_loopback(url, sizeof url), connections = 0;
	struct trial t = {.message = {.from = "a@example.com", .to = "b@example.com", .text = ""}};
	struct crowd crowd = {t, t};

	(void)state;
	crowd.patient.server = (struct smtp_server){.url = url, .timeout_ms = 1000};
	crowd.hasty.server = (struct smtp_server){.url = url, .timeout_ms = 100};
	run_in_fiber(send_many, &crowd);
	assert_int_equal(crowd.patient.e.code, ERR_CODE_TIMEOUT);
	assert_int_equal(crowd.hasty.e.code, ERR_CODE_TIMEOUT);
	assert_int_equal(fcntl(listener, F_SETFL, O_NONBLOCK), 0);
	for (int fd; (fd = accept(listener, NULL, NULL)) >= 0; close(fd))
		connections++;
	assert_int_equal(connections, SMTP_AT_ONCE);
	close(listener);
}

static void an_endless_answer_ends_the_conversation(void **state)
{
	static char endless[8192];
	struct script s = obedient;

	(void)state;
	memset(endless, 'x', sizeof endless - 1);
	memcpy(endless, "250 ", 4);
	s.rcpt = endless;
	struct trial *t = try_message(&s, "Subject: x\r\n\r\n");

	assert_int_equal(t->e.kind, ERR_RETRY);
	assert_int_equal(t->e.code, ERR_CODE_DISCONNECTED);
}

static void a_line_without_crlf_never_reaches_a_server(void **state)
{
	static const char *const texts[] = {"a\nb\r\n", "a\r\n.\nb\r\n", "a\rb\r\n", "a\r\r\n",
					    "a"};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct trial t = {
			.server = {.url = "smtp://127.0.0.1:1", .timeout_ms = 400},
			.message = {.from = "a@example.com", .to = "b@example.com"},
		};

		t.message.text = texts[i];
		t.message.len = strlen(texts[i]);
		run_in_fiber(send_one, &t);
		assert_int_equal(t.e.kind, ERR_BUG);
	}
}

static void an_address_cannot_bring_a_command(void **state)
{
	struct trial t = {
		.server = {.url = "smtp://127.0.0.1:1", .timeout_ms = 400},
		.message = {.from = "a@example.com",
			    .to = "b@example.com>\r\nRCPT TO:<eve@example.org",
			    .text = ""},
	};

	(void)state;
	run_in_fiber(send_one, &t);
	assert_int_equal(t.e.kind, ERR_BUG);
}

static void only_smtp_is_spoken(void **state)
{
	struct trial t = {
		.server = {.url = "http://127.0.0.1:1", .timeout_ms = 400},
		.message = {.from = "a@example.com", .to = "b@example.com", .text = ""},
	};

	(void)state;
	run_in_fiber(send_one, &t);
	assert_int_equal(t.e.kind, ERR_FINAL);
	assert_non_null(strstr(t.e.msg, "url"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_accepted_message_arrives_whole),
		cmocka_unit_test(dots_at_the_start_of_lines_cannot_end_the_message),
		cmocka_unit_test(a_large_message_arrives_whole),
		cmocka_unit_test(every_answer_and_every_silence_is_judged_by_its_stage),
		cmocka_unit_test(a_refused_login_is_told_apart),
		cmocka_unit_test(nothing_goes_in_clear_to_another_machine_unless_allowed),
		cmocka_unit_test(a_server_is_not_flooded_with_connections),
		cmocka_unit_test(an_endless_answer_ends_the_conversation),
		cmocka_unit_test(a_line_without_crlf_never_reaches_a_server),
		cmocka_unit_test(an_address_cannot_bring_a_command),
		cmocka_unit_test(only_smtp_is_spoken),
	};

	return cmocka_run_group_tests_name("smtp", tests, NULL, NULL);
}
