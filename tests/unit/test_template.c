/* template: what comes out, and what is refused where */
#include <jansson.h>
#include <string.h>

#include "core/domain/template.h"
#include "tests/unit/unit.h"

static const char data_text[] =
	"{\"name\": \"Anna\", \"n\": 9007199254740993, \"html\": \"<b a='1' c=\\\"2\\\">&</b>\","
	" \"empty\": \"\", \"null\": null, \"yes\": true, \"no\": false, \"none\": [],"
	" \"deep\": {\"er\": {\"x\": \"found\"}, \"name\": \"inner\"},"
	" \"list\": [{\"a\": \"1\", \"opt\": \"o\"}, {\"a\": \"2\"}], \"words\": [\"w\"],"
	" \"tricky\": \"{{name}}\", \"control\": \"a\\r\\nb\\u0001c\\td\\u007f\"}";

static struct template_source source_of(const char *text)
{
	return (struct template_source){
		.file = "t.html", .line = 1, .text = text, .len = strlen(text)};
}

static const char *render(struct arena *a, const char *text, enum template_kind kind)
{
	struct template_source source = source_of(text);
	struct template *t;
	struct err e = {0};
	const char *out = NULL;
	json_t *data = json_loads(data_text, 0, NULL);

	assert_non_null(data);
	if (template_parse(a, &source, kind, &t, &e) || template_render(a, t, data, &out, &e))
		fail_msg("%s: %s", text, e.msg);
	json_decref(data);
	return out;
}

static void holes_are_filled(void **state)
{
	static const struct {
		const char *what, *template, *want;
	} cases[] = {
		{"nothing", "", ""},
		{"only text", "a } b { c", "a } b { c"},
		{"name", "Hello {{name}}!", "Hello Anna!"},
		{"blanks in the tag", "{{ name }}{{# yes }}y{{/ yes }}", "Annay"},
		{"large number", "{{n}}", "9007199254740993"},
		{"escaped", "{{html}}", "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;&lt;/b&gt;"},
		{"not escaped", "{{{html}}}", "<b a='1' c=\"2\">&</b>"},
		{"dotted", "{{deep.er.x}}", "found"},
		{"missing is empty", "[{{nobody}}{{deep.nobody.x}}{{name.x}}{{null}}{{empty}}]",
		 "[]"},
		{"object and list are not printed", "[{{deep}}{{list}}{{yes}}]", "[]"},
		{"list", "{{#list}}{{a}},{{/list}}", "1,2,"},
		{"missing in one element", "{{#list}}{{a}}{{#opt}}!{{/opt}}{{/list}}", "1!2"},
		{"list of words", "{{#words}}x{{name}}{{/words}}", "xAnna"},
		{"empty list", "[{{#none}}x{{/none}}{{^none}}nothing{{/none}}]", "[nothing]"},
		{"true and false",
		 "{{#yes}}y{{/yes}}{{#no}}n{{/no}}{{^no}}N{{/no}}{{^yes}}x{{/yes}}", "yN"},
		{"text and number as condition",
		 "{{#name}}a{{/name}}{{#n}}b{{/n}}{{#empty}}c{{/empty}}", "ab"},
		{"object opens its names", "{{#deep}}{{name}}{{n}}{{/deep}}",
		 "inner9007199254740993"},
		{"comment", "a{{! {{name}b }}c", "ac"},
		{"comment over lines", "a\n{{! one\ntwo }}\nb", "a\nb"},
		{"tags alone on their line", "a\n  {{#list}}\n- {{a}}\n\t{{/list}}  \nb\n",
		 "a\n- 1\n- 2\nb\n"},
		{"first and last line", "{{#yes}}\nx\n{{/yes}}", "x\n"},
		{"Windows' lines", "a\r\n{{#yes}}\r\nx\r\n{{/yes}}\r\nb", "a\r\nx\r\nb"},
		{"a variable keeps its line", "a\n{{name}}\nb", "a\nAnna\nb"},
		{"two tags keep their line", "a\n{{#yes}} {{/yes}}\nb", "a\n \nb"},
		{"control characters", "{{control}}", "a \nb c\td "},
		{"a value is not a template", "{{tricky}}", "{{name}}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct arena *a = arena_new();
		const char *got = render(a, cases[i].template, TEMPLATE_HTML);

		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s: got \"%s\"", cases[i].what, got);
		arena_free(a);
	}
}

static void text_is_not_escaped(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(render(a, "{{html}}", TEMPLATE_TEXT), "<b a='1' c=\"2\">&</b>");
	arena_free(a);
}

static void broken_templates_are_refused_with_file_and_line(void **state)
{
	static const struct {
		const char *template, *want;
	} cases[] = {
		{"a\n{{#list}}\nb", "t.html:2: a section that is not closed: list"},
		{"{{#a}}\n{{#b}}\n{{/a}}", "t.html:3: closes a section that is not open: a"},
		{"a\n\n{{/list}}", "t.html:3: closes a section that is not open: list"},
		{"\n{{name", "t.html:2: a tag that is not closed on its line"},
		{"{{name\n}}", "t.html:1: a tag that is not closed on its line"},
		{"{{{name}}", "t.html:1: a tag that is not closed on its line"},
		{"\n\n{{! never closed", "t.html:3: a tag that is not closed on its line"},
		{"{{}}", "t.html:1: not a name:"},
		{"{{a b}}", "t.html:1: not a name: a b"},
		{"{{a..b}}", "t.html:1: not a name: a..b"},
		{"{{.a}}", "t.html:1: not a name: .a"},
		{"{{a.}}", "t.html:1: not a name: a."},
		{"{{#a-b}}{{/a-b}}", "t.html:1: not a name: a-b"},
		{"x\n{{>part}}", "t.html:2: there are no partials"},
		{"{{&name}}", "t.html:1: there are no partials"},
		{"{{=<% %>=}}", "t.html:1: there are no partials"},
		{"a\nb\xFF", "t.html:2: not UTF-8"},
		{"a\nb\xC3", "t.html:2: not UTF-8"},
		{"\xED\xA0\x80", "t.html:1: not UTF-8"},
		{"a\nb\nc\x01", "t.html:3: a control character"},
		{"{{#yes}}{{#yes}}{{#yes}}{{#yes}}{{#yes}}{{#yes}}{{#yes}}{{#yes}}{{#yes}}"
		 "{{#yes}}{{#yes}}{{#yes}}{{#yes}}{{#yes}}{{#yes}}{{#yes}}\n{{#yes}}",
		 "t.html:2: too many sections inside of each other: yes"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct arena *a = arena_new();
		struct template_source source = source_of(cases[i].template);
		struct template *t;
		struct err e = {0};

		if (template_parse(a, &source, TEMPLATE_HTML, &t, &e) != -1 ||
		    e.kind != ERR_FINAL ||
		    strncmp(e.msg, cases[i].want, strlen(cases[i].want)) != 0)
			fail_msg("%s: wanted \"%s\", got \"%s\"", cases[i].template, cases[i].want,
				 e.msg);
		arena_free(a);
	}
}

static void a_nul_or_too_many_bytes_are_refused(void **state)
{
	static char large[TEMPLATE_BYTES_MAX + 1];
	struct arena *a = arena_new();
	struct template_source source = {.file = "t.txt", .line = 1, .text = "a\n\0b", .len = 4};
	struct template *t;
	struct err e = {0};

	(void)state;
	assert_int_equal(template_parse(a, &source, TEMPLATE_TEXT, &t, &e), -1);
	assert_string_equal(e.msg, "t.txt:2: a control character");
	memset(large, 'x', sizeof large);
	source.text = large;
	source.len = sizeof large;
	assert_int_equal(template_parse(a, &source, TEMPLATE_TEXT, &t, &e), -1);
	assert_string_equal(e.msg, "t.txt: larger than 262144 bytes");
	source.len--;
	assert_int_equal(template_parse(a, &source, TEMPLATE_TEXT, &t, &e), 0);
	arena_free(a);
}

static void a_check_finds_names_that_do_not_exist_in_any_branch(void **state)
{
	static const struct {
		const char *template, *want; /* NULL: good */
	} cases[] = {
		{"{{name}}{{#list}}{{a}}{{opt}}{{name}}{{/list}}{{deep.er.x}}", NULL},
		{"{{^yes}}{{name}}{{/yes}}{{#no}}{{name}}{{/no}}", NULL},
		{"a\n{{nmae}}", "t.html:2: no such name here: nmae"},
		{"{{deep.er.y}}", "t.html:1: no such name here: deep.er.y"},
		{"\n{{#lits}}{{/lits}}", "t.html:2: no such name here: lits"},
		{"{{^lits}}{{/lits}}", "t.html:1: no such name here: lits"},
		{"{{a}}", "t.html:1: no such name here: a"},
		{"{{#no}}\n{{nmae}}{{/no}}", "t.html:2: no such name here: nmae"},
		{"{{^yes}}\n{{nmae}}{{/yes}}", "t.html:2: no such name here: nmae"},
		{"{{^list}}{{a}}{{/list}}", "t.html:1: no such name here: a"},
		{"{{list}}", "t.html:1: not a text or a number: list"},
		{"{{deep}}", "t.html:1: not a text or a number: deep"},
		{"{{yes}}", "t.html:1: not a text or a number: yes"},
		{"{{#none}}{{/none}}", "t.html:1: an empty list in the sample: none"},
	};
	json_t *sample = json_loads(data_text, 0, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct arena *a = arena_new();
		struct template_source source = source_of(cases[i].template);
		struct template *t;
		struct err e = {0};

		assert_int_equal(template_parse(a, &source, TEMPLATE_HTML, &t, &e), 0);
		int failed = template_check(t, sample, &e);

		if (!failed != !cases[i].want ||
		    (failed && (e.kind != ERR_FINAL || strcmp(e.msg, cases[i].want) != 0)))
			fail_msg("%s: got \"%s\"", cases[i].template, e.msg);
		arena_free(a);
	}
	json_decref(sample);
}

static void what_comes_out_has_an_end(void **state)
{
	static const char *const templates[] = {
		"{{#l}}{{#l}}{{#l}}x{{/l}}{{/l}}{{/l}}",
		"{{#l}}{{#l}}{{#l}}{{#no}}{{/no}}{{/l}}{{/l}}{{/l}}",
		"{{#l}}{{big}}{{/l}}",
	};
	json_t *data = json_object(), *list = json_array();
	char big[20001];

	(void)state;
	memset(big, 'b', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	for (int i = 0; i < 1000; i++)
		json_array_append_new(list, json_object());
	json_object_set_new(data, "l", list);
	json_object_set_new(data, "big", json_string(big));
	for (size_t i = 0; i < sizeof templates / sizeof *templates; i++) {
		struct arena *a = arena_new();
		struct template_source source = source_of(templates[i]);
		struct template *t;
		struct err e = {0};
		const char *out;

		assert_int_equal(template_parse(a, &source, TEMPLATE_TEXT, &t, &e), 0);
		assert_int_equal(template_render(a, t, data, &out, &e), -1);
		assert_int_equal(e.kind, ERR_FINAL);
		assert_string_equal(e.msg, "t.html:1: what comes out is too large");
		arena_free(a);
	}
	json_decref(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holes_are_filled),
		cmocka_unit_test(text_is_not_escaped),
		cmocka_unit_test(broken_templates_are_refused_with_file_and_line),
		cmocka_unit_test(a_nul_or_too_many_bytes_are_refused),
		cmocka_unit_test(a_check_finds_names_that_do_not_exist_in_any_branch),
		cmocka_unit_test(what_comes_out_has_an_end),
	};

	return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
