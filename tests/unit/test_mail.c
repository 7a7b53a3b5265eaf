/* mail: templates are checked when they are loaded; no text can break a message */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/domain/mail.h"
#include "core/domain/mail_message.h"
#include "core/runtime/buffer.h"
#include "tests/unit/unit.h"

static const char *built_in(const char *file)
{
	for (const struct mail_template_text *t = mail_template_texts; t->name; t++)
		if (strcmp(t->name, file) == 0)
			return t->text;
	fail_msg("no %s", file);
	return NULL;
}

static struct mail render(struct arena *a, const char *directory, const char *name,
			  const char *data_text)
{
	struct mail_templates *t = NULL;
	struct mail m = {0};
	struct err e = {0};
	json_t *data = json_loads(data_text, 0, NULL);

	assert_non_null(data);
	if (mail_templates_load(directory, &t, &e) || mail_render(a, t, name, data, &m, &e))
		fail_msg("%s: %s", name, e.msg);
	json_decref(data);
	mail_templates_free(t);
	return m;
}

/* ---- templates ---- */

static void a_shipment_mail_lists_what_is_in_it_and_what_is_still_to_follow(void **state)
{
	struct arena *a = arena_new();
	struct mail m = render(a, NULL, "shipment", built_in("sample.json"));

	(void)state;
	assert_string_equal(m.subject, "Your order #1042 from Nordlicht Outdoor is on its way");
	assert_string_equal(
		m.text, "Hello Anna Berg,\n"
			"\n"
			"a parcel of your order #1042 is on its way to Malmö.\n"
			"\n"
			"In this parcel\n"
			"  1 x Trekking tent Kiruna (2 persons, green)\n"
			"  3 x Wool socks\n"
			"\n"
			"DHL Express, tracking number JD014600003SE\n"
			"Follow it here: https://track.example/JD014600003SE\n"
			"\n"
			"Coming in another parcel\n"
			"  2 x Head torch (Black)\n"
			"\n"
			"Still to follow\n"
			"  1 x Camp stove (Gas), expected 2026-12-04\n"
			"  4 x Enamel mug\n"
			"We write again as soon as it leaves us. You do not have to do anything.\n"
			"\n"
			"Your order: https://shop.example/orders/1042\n"
			"\n"
			"Nordlicht Outdoor\n");
	assert_non_null(strstr(m.html, "href=\"https://track.example/JD014600003SE\""));
	assert_non_null(strstr(m.html, "Still to follow"));
	arena_free(a);
}

static void what_is_not_there_leaves_no_trace(void **state)
{
	static const char *const names[] = {"shipment", "backorder", "release"};
	static const char *const traces[] = {"follow", "{{",	  "track", "href",
					     "()",     "Hello ,", "null"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct arena *a = arena_new();
		struct mail m = render(a, NULL, names[i], built_in("sample-least.json"));

		assert_non_null(strstr(m.text, "Hello,\n"));
		assert_non_null(strstr(m.text, "  1 x Wool socks\n"));
		for (size_t j = 0; j < sizeof traces / sizeof *traces; j++)
			if (strstr(m.text, traces[j]) || strstr(m.html, traces[j]))
				fail_msg("%s: %s", names[i], traces[j]);
		arena_free(a);
	}
}

static void a_backorder_mail_has_the_promised_date_if_there_is_one(void **state)
{
	struct arena *a = arena_new();
	struct mail m = render(a, NULL, "backorder", built_in("sample.json"));

	(void)state;
	assert_non_null(strstr(
		m.text,
		"  1 x Trekking tent Kiruna (2 persons, green), expected 2026-12-04\n  3 x Wool socks\n"));
	arena_free(a);
}

static void titles_cannot_break_the_html(void **state)
{
	struct arena *a = arena_new();
	struct mail m = render(
		a, NULL, "shipment",
		"{\"brand\": \"<B>\", \"order\": {\"name\": \"#1\", \"url\": \"javascript:alert(1)\"},"
		" \"parcel\": {\"tracking_number\": \"<script>\","
		"   \"tracking_url\": \"https://x.example/\\\"onclick=\\\"y\"},"
		" \"lines\": [{\"title\": \"5\\\" <img src=x> & more\", \"quantity\": 1}]}");

	(void)state;
	assert_null(strstr(m.html, "<script"));
	assert_null(strstr(m.html, "<img"));
	assert_null(strstr(m.html, "<B>"));
	assert_null(strstr(m.html, "\"onclick"));
	assert_null(strstr(m.html, "javascript"));
	assert_null(strstr(m.text, "javascript"));
	assert_non_null(strstr(m.html, "5&quot; &lt;img src=x&gt; &amp; more"));
	assert_non_null(strstr(m.text, "1 x 5\" <img src=x> & more\n"));
	arena_free(a);
}

static char directory[] = "/tmp/waybill-test-mail-XXXXXX";

static int make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	(void)state;
	return rmdir(directory);
}

static const char *path_of(const char *file)
{
	static char path[256];

	snprintf(path, sizeof path, "%s/%s", directory, file);
	return path;
}

static void put(const char *file, const char *text)
{
	FILE *f = fopen(path_of(file), "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void an_edited_template_replaces_the_built_in_one(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	put("shipment.txt", "\xEF\xBB\xBFSubject: Grüße, {{customer.name}}\r\n\r\nHallo\r\n");
	put("notes~", "an editor's");
	struct mail m = render(a, directory, "shipment", built_in("sample.json"));

	assert_string_equal(m.subject, "Grüße, Anna Berg");
	assert_string_equal(m.text, "Hallo\r\n");
	assert_non_null(strstr(m.html, "Your parcel is on its way"));
	unlink(path_of("shipment.txt"));
	unlink(path_of("notes~"));
	arena_free(a);
}

static void broken_templates_are_refused_when_they_are_installed(void **state)
{
	static const struct {
		const char *file, *text, *want;
	} cases[] = {
		{"shipment.txt", "Hello\n",
		 "shipment.txt:1: the first line has to be \"Subject: ...\""},
		{"shipment.txt", "", "shipment.txt:1: the first line"},
		{"shipment.txt", "Subject: \n\nx\n", "shipment.txt:1: the subject is empty"},
		{"backorder.txt", "Subject: {{customer.name}}\n\nx\n",
		 "backorder.txt:1: the subject is empty"},
		{"release.txt", "Subject: {{oder.name}}\n\nx\n",
		 "release.txt:1: no such name here: oder.name"},
		{"release.txt", "Subject: x\n\nx\n{{oder.name}}\n",
		 "release.txt:4: no such name here: oder.name"},
		{"release.txt", "Subject: {{#order}}\n\nx\n{{/order}}\n",
		 "release.txt:1: a section that is not closed: order"},
		{"shipment.html", "<p>\n\n{{#lines}}<b>\n",
		 "shipment.html:3: a section that is not closed"},
		{"shipment.html", "{{#to_follow}}\n{{tilte}}\n{{/to_follow}}",
		 "shipment.html:2: no such name here: tilte"},
		{"shipment.html", "{{order.street}}",
		 "shipment.html:1: no such name here: order.street"},
		{"shipment.html", "x\n\xE4\n", "shipment.html:2: not UTF-8"},
		{"shipmnet.html", "x", "shipmnet.html: no such template"},
		{"order.txt", "Subject: x\n", "order.txt: no such template"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct mail_templates *t = NULL;
		struct err e = {0};

		put(cases[i].file, cases[i].text);
		if (mail_templates_load(directory, &t, &e) != -1 || e.kind != ERR_FINAL ||
		    strncmp(e.msg, cases[i].want, strlen(cases[i].want)) != 0)
			fail_msg("wanted \"%s\", got \"%s\"", cases[i].want, e.msg);
		assert_null(t);
		unlink(path_of(cases[i].file));
	}
}

static void a_template_that_is_too_large_is_refused(void **state)
{
	static char text[300 * 1024];
	struct mail_templates *t;
	struct err e = {0};

	(void)state;
	memset(text, 'x', sizeof text - 1);
	memcpy(text, "Subject: x\n\n", 12);
	put("shipment.txt", text);
	assert_int_equal(mail_templates_load(directory, &t, &e), -1);
	assert_string_equal(e.msg, "shipment.txt: larger than 262144 bytes");
	unlink(path_of("shipment.txt"));
}

static void a_directory_that_is_none_is_refused(void **state)
{
	struct mail_templates *t;
	struct err e = {0};

	(void)state;
	assert_int_equal(mail_templates_load("/nonexistent", &t, &e), -1);
	assert_int_equal(e.kind, ERR_FINAL);
	assert_non_null(strstr(e.msg, "/nonexistent"));
	assert_int_equal(mkdir(path_of("shipment.txt"), 0700), 0);
	assert_int_equal(mail_templates_load(directory, &t, &e), -1);
	assert_int_equal(e.kind, ERR_FINAL);
	rmdir(path_of("shipment.txt"));
}

/* ---- messages ---- */

static struct mail_envelope envelope(void)
{
	return (struct mail_envelope){
		.from_name = "Nordlicht Outdoor",
		.from_address = "shop@example.com",
		.to_name = "Anna Berg",
		.to_address = "anna@example.net",
		.message_id = "shipment.17@example.com",
		.date_us = 1795408200000000,
	};
}

static const char *compose(struct arena *a, const struct mail_envelope *env, const struct mail *m)
{
	struct err e = {0};
	const char *text = NULL;
	size_t len;

	if (mail_message(a, env, m, &text, &len, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(strlen(text), len);
	for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
		size_t end = strcspn(line, "\r\n");

		assert_true(end <= 76);
		assert_true(line[end] == '\r' && line[end + 1] == '\n');
		for (size_t i = 0; i < end; i++)
			assert_true((line[i] >= ' ' && line[i] < 127) || line[i] == '\t');
	}
	return text;
}

static void a_message_has_these_bytes(void **state)
{
	struct arena *a = arena_new();
	struct mail_envelope env = envelope();
	struct mail m = {
		.subject = "Your order #1042",
		.text = "Hello\n.\n",
		.html = "<p>Hello",
	};

	(void)state;
	env.reply_to = "help@example.com";
	assert_string_equal(compose(a, &env, &m),
			    "Date: Mon, 23 Nov 2026 04:30:00 +0000\r\n"
			    "From: \"Nordlicht Outdoor\" <shop@example.com>\r\n"
			    "Reply-To: <help@example.com>\r\n"
			    "To: \"Anna Berg\" <anna@example.net>\r\n"
			    "Message-ID: <shipment.17@example.com>\r\n"
			    "Subject: Your order #1042\r\n"
			    "Auto-Submitted: auto-generated\r\n"
			    "MIME-Version: 1.0\r\n"
			    "Content-Type: multipart/alternative;\r\n"
			    " boundary=\"=_waybill_alternative\"\r\n"
			    "\r\n"
			    "--=_waybill_alternative\r\n"
			    "Content-Type: text/plain; charset=utf-8\r\n"
			    "Content-Transfer-Encoding: quoted-printable\r\n"
			    "\r\n"
			    "Hello\r\n"
			    ".\r\n"
			    "\r\n"
			    "--=_waybill_alternative\r\n"
			    "Content-Type: text/html; charset=utf-8\r\n"
			    "Content-Transfer-Encoding: quoted-printable\r\n"
			    "\r\n"
			    "<p>Hello\r\n"
			    "\r\n"
			    "--=_waybill_alternative--\r\n");
	arena_free(a);
}

static void bodies_are_quoted_printable(void **state)
{
	static const struct {
		const char *what, *body, *want;
	} cases[] = {
		{"empty", "", ""},
		{"equals sign", "a=b", "a=3Db\r\n"},
		{"letters", "Größe", "Gr=C3=B6=C3=9Fe\r\n"},
		{"blanks at the end of a line", "a \nb\t\nc ", "a=20\r\nb=09\r\nc=20\r\n"},
		{"blank lines", "\n\na\n", "\r\n\r\na\r\n"},
		{"all line ends", "a\r\nb\rc\n", "a\r\nb\r\nc\r\n"},
		{"a boundary", "--=_waybill_alternative--", "--=3D_waybill_alternative--\r\n"},
		{"a long word",
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=\r\naaaaa"
		 "\r\n"},
		{"emoji and the other direction", "📦 מ", "=F0=9F=93=A6 =D7=9E\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct arena *a = arena_new();
		struct mail_envelope env = envelope();
		struct mail m = {.subject = "x", .text = cases[i].body, .html = ""};
		const char *text = compose(a, &env, &m);
		const char *body = strstr(text, "printable\r\n\r\n") + strlen("printable\r\n\r\n");
		const char *end = strstr(body, "\r\n--=_waybill_alternative\r\n");

		assert_non_null(end);
		char *got = arena_strndup(a, body, (size_t)(end - body));

		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s: got \"%s\"", cases[i].what, got);
		arena_free(a);
	}
}

static void names_and_subjects_are_encoded_and_cannot_end_a_header(void **state)
{
	static const struct {
		const char *what, *text, *subject, *to;
	} cases[] = {
		{"plain", "Anna Berg", "Anna Berg", "\"Anna Berg\" "},
		{"quotes", "Anna \"A\" \\ Berg", "Anna \"A\" \\ Berg",
		 "\"Anna \\\"A\\\" \\\\ Berg\" "},
		{"address as name", "Eve <eve@example.org>,", "Eve <eve@example.org>,",
		 "\"Eve <eve@example.org>,\" "},
		{"new header", "Anna\r\nBcc: eve@example.org", "Anna Bcc: eve@example.org",
		 "\"Anna Bcc: eve@example.org\" "},
		{"lone LF and CR", "a\nb\rc", "a b c", "\"a b c\" "},
		{"body", "a\r\n\r\nb", "a b", "\"a b\" "},
		{"controls", "a\x01\x1b[0m\x7f\tb", "a [0m b", "\"a [0m b\" "},
		{"controls beyond ASCII",
		 "a\xC2\x85"
		 "b\xC2\x9B"
		 "c",
		 "a b c", "\"a b c\" "},
		{"blanks around", "  a  b  ", "a b", "\"a b\" "},
		{"letters", "Jürgen", "=?UTF-8?Q?J=C3=BCrgen?=", "=?UTF-8?Q?J=C3=BCrgen?= "},
		{"letters and header", "J\xC3\xBC\r\nBcc: x",
		 "=?UTF-8?Q?J=C3=BC_Bcc=3A_x?=", "=?UTF-8?Q?J=C3=BC_Bcc=3A_x?= "},
		{"looks encoded",
		 "=?UTF-8?Q?=0D=0ABcc:_x?=", "=?UTF-8?B?PT9VVEYtOD9RPz0wRD0wQUJjYzpfeD89?=",
		 "=?UTF-8?B?PT9VVEYtOD9RPz0wRD0wQUJjYzpfeD89?= "},
		{"not UTF-8", "J\xFCrgen", "=?UTF-8?B?Su+/vXJnZW4=?=", "=?UTF-8?B?Su+/vXJnZW4=?= "},
		{"emoji", "📦", "=?UTF-8?B?8J+Tpg==?=", "=?UTF-8?B?8J+Tpg==?= "},
		{"the other direction", "מה", "=?UTF-8?B?157XlA==?=", "=?UTF-8?B?157XlA==?= "},
		{"nothing", "", "", ""},
		{"only controls", "\r\n", "", ""},
		{"long, whole characters in each word", "αααααααααααααααααααααα",
		 "=?UTF-8?B?zrHOsc6xzrHOsc6xzrHOsc6xzrHOsc6xzrHOsc6xzrHOsc6xzrE=?=\r\n"
		 " =?UTF-8?B?zrHOsc6x?=",
		 "=?UTF-8?B?zrHOsc6xzrHOsc6xzrHOsc6xzrHOsc6xzrHOsc6xzrHOsc6xzrE=?=\r\n"
		 " =?UTF-8?B?zrHOsc6x?=\r\n "},
		{"long, mostly ASCII", "a long name, more than fits into one word, é",
		 "=?UTF-8?Q?a_long_name=2C_more_than_fits_into_one_word=2C_=C3=A9?=",
		 "=?UTF-8?Q?a_long_name=2C_more_than_fits_into_one_word=2C_=C3=A9?=\r\n "},
		{"longer, mostly ASCII", "a long long long name, more than fits into one word, é",
		 "=?UTF-8?Q?a_long_long_long_name=2C_more_than_fits_into_one_word?=\r\n"
		 " =?UTF-8?Q?=2C_=C3=A9?=",
		 "=?UTF-8?Q?a_long_long_long_name=2C_more_than_fits_into_one_word?=\r\n"
		 " =?UTF-8?Q?=2C_=C3=A9?=\r\n "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct arena *a = arena_new();
		struct mail_envelope env = envelope();
		struct mail m = {.subject = cases[i].text, .text = "", .html = ""};

		env.from_name = "";
		env.to_name = cases[i].text;
		const char *want = arena_printf(a,
						"From: <shop@example.com>\r\n"
						"To: %s<anna@example.net>\r\n"
						"Message-ID: <shipment.17@example.com>\r\n"
						"Subject: %s\r\n"
						"Auto-Submitted:",
						cases[i].to, cases[i].subject);
		const char *got = strchr(compose(a, &env, &m), '\n') + 1;

		if (strncmp(got, want, strlen(want)) != 0)
			fail_msg("%s: got \"%.300s\"", cases[i].what, got);
		arena_free(a);
	}
}

static void what_is_too_long_is_cut_between_characters(void **state)
{
	struct arena *a = arena_new();
	struct buffer long_text = {.arena = a};
	struct mail_envelope env = envelope();

	(void)state;
	for (int i = 0; i < 5000; i++)
		buffer_text(&long_text, "語");
	struct mail m = {.subject = long_text.data, .text = long_text.data, .html = ""};

	env.from_name = env.to_name = long_text.data;
	const char *text = compose(a, &env, &m);
	const char *body = strstr(text, "\r\n\r\n");
	size_t characters = 0;

	for (const char *p = text; (p = strstr(p, "6Kqe")) && p < body; p++)
		characters++;
	assert_int_equal(characters, 40 + 40 + 100);
	arena_free(a);
}

static void only_addresses_every_server_takes_are_mailed_to(void **state)
{
	static const struct {
		const char *address;
		enum err_code code; /* ERR_CODE_NONE: good */
	} cases[] = {
		{"anna@example.net", ERR_CODE_NONE},
		{"anna.b+shop_1'x@mail-1.example.co.uk", ERR_CODE_NONE},
		{"a@1.example", ERR_CODE_NONE},
		{"a@xn--mnchen-3ya.example", ERR_CODE_NONE},
		{"", ERR_CODE_DATA},
		{"anna", ERR_CODE_DATA},
		{"@example.net", ERR_CODE_DATA},
		{"anna@", ERR_CODE_DATA},
		{"anna@example", ERR_CODE_DATA},
		{"anna@.example.net", ERR_CODE_DATA},
		{"anna@example..net", ERR_CODE_DATA},
		{"anna@example.net.", ERR_CODE_DATA},
		{"anna@-example.net", ERR_CODE_DATA},
		{"anna@exa_mple.net", ERR_CODE_DATA},
		{"anna@[127.0.0.1]", ERR_CODE_DATA},
		{".anna@example.net", ERR_CODE_DATA},
		{"anna.@example.net", ERR_CODE_DATA},
		{"an..na@example.net", ERR_CODE_DATA},
		{"an na@example.net", ERR_CODE_DATA},
		{"\"an na\"@example.net", ERR_CODE_DATA},
		{"anna@example.net>", ERR_CODE_DATA},
		{"<anna@example.net>", ERR_CODE_DATA},
		{"anna@example.net,eve@example.org", ERR_CODE_DATA},
		{"anna@eve@example.net", ERR_CODE_DATA},
		{"anna@example.net\r\nRCPT TO:<eve@example.org>", ERR_CODE_DATA},
		{"anna\n@example.net", ERR_CODE_DATA},
		{"anna@example.net ", ERR_CODE_DATA},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1@example.net",
		 ERR_CODE_DATA},
		{"a@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.net",
		 ERR_CODE_DATA},
		{"jürgen@example.net", ERR_CODE_HELD},
		{"anna@münchen.example", ERR_CODE_HELD},
		{"anna@example.net\xFF", ERR_CODE_HELD},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct err e = {0};
		int failed = mail_address_check(cases[i].address, &e);

		if (!failed != (cases[i].code == ERR_CODE_NONE) || e.code != cases[i].code ||
		    (failed && e.kind != ERR_FINAL) || strstr(e.msg, "anna"))
			fail_msg("%s: %s (%s)", cases[i].address, err_code_name(e.code), e.msg);
	}
}

static void a_message_id_that_is_none_is_our_own_mistake(void **state)
{
	static const char *const ids[] = {"",	   "a",	    "@b",    "a@",
					  "a@b@c", "<a@b>", "a b@c", "a@b\r\nBcc: x"};

	(void)state;
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
		struct arena *a = arena_new();
		struct mail_envelope env = envelope();
		struct mail m = {.subject = "x", .text = "", .html = ""};
		struct err e = {0};
		const char *text;
		size_t len;

		env.message_id = ids[i];
		assert_int_equal(mail_message(a, &env, &m, &text, &len, &e), -1);
		assert_int_equal(e.kind, ERR_BUG);
		arena_free(a);
	}
}

static void send_to_nobody(void *arg)
{
	struct arena *a = arena_new();
	struct mail_server server = {.url = "smtp://127.0.0.1:1"};
	struct mail_envelope env = envelope();
	struct mail m = {.subject = "x", .text = "", .html = ""};
	struct err e = {0};

	(void)arg;
	env.to_address = "jürgen@example.net";
	assert_int_equal(mail_send(a, &server, &env, &m, &e), -1);
	assert_int_equal(e.kind, ERR_FINAL);
	assert_int_equal(e.code, ERR_CODE_HELD);
	env.to_address = "anna";
	assert_int_equal(mail_send(a, &server, &env, &m, &e), -1);
	assert_int_equal(e.code, ERR_CODE_DATA);
	env.to_address = "anna@example.net";
	env.from_address = "shop";
	assert_int_equal(mail_send(a, &server, &env, &m, &e), -1);
	assert_int_equal(e.kind, ERR_FINAL);
	assert_int_equal(e.code, ERR_CODE_NONE);
	env.from_address = "shop@example.com";
	assert_int_equal(mail_send(a, &server, &env, &m, &e), -1);
	assert_int_equal(e.kind, ERR_RETRY);
	assert_int_equal(e.code, ERR_CODE_DISCONNECTED);
	arena_free(a);
}

static void a_bad_address_is_held_before_and_a_good_one_waits_for_the_server(void **state)
{
	(void)state;
	run_in_fiber(send_to_nobody, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_shipment_mail_lists_what_is_in_it_and_what_is_still_to_follow),
		cmocka_unit_test(what_is_not_there_leaves_no_trace),
		cmocka_unit_test(a_backorder_mail_has_the_promised_date_if_there_is_one),
		cmocka_unit_test(titles_cannot_break_the_html),
		cmocka_unit_test(an_edited_template_replaces_the_built_in_one),
		cmocka_unit_test(broken_templates_are_refused_when_they_are_installed),
		cmocka_unit_test(a_template_that_is_too_large_is_refused),
		cmocka_unit_test(a_directory_that_is_none_is_refused),
		cmocka_unit_test(a_message_has_these_bytes),
		cmocka_unit_test(bodies_are_quoted_printable),
		cmocka_unit_test(names_and_subjects_are_encoded_and_cannot_end_a_header),
		cmocka_unit_test(what_is_too_long_is_cut_between_characters),
		cmocka_unit_test(only_addresses_every_server_takes_are_mailed_to),
		cmocka_unit_test(a_message_id_that_is_none_is_our_own_mistake),
		cmocka_unit_test(a_bad_address_is_held_before_and_a_good_one_waits_for_the_server),
	};

	return cmocka_run_group_tests_name("mail", tests, make_directory, remove_directory);
}
