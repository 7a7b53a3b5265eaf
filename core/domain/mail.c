/* mail - e-mails to customers: templates and messages */
#include "core/domain/mail.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "core/domain/mail_message.h"
#include "core/domain/template.h"
#include "core/runtime/smtp.h"

static const char *const names[] = {"shipment", "backorder", "release"};

enum { NAME_COUNT = sizeof names / sizeof *names };

struct mail_templates {
	struct arena *arena;
	struct {
		struct template *subject, *text, *html;
	} of[NAME_COUNT];
};

static const char *built_in(const char *file)
{
	for (const struct mail_template_text *t = mail_template_texts; t->name; t++)
		if (strcmp(t->name, file) == 0)
			return t->text;
	return NULL;
}

/* The merchant's text of a template; NULL in *text when there is none. */
static int read_edited(struct arena *a, const char *directory, const char *file, const char **text,
		       size_t *len, struct err *e)
{
	const char *path = arena_printf(a, "%s/%s", directory, file);
	FILE *f = fopen(path, "re");
	size_t max = TEMPLATE_BYTES_MAX + 1; /* one more than allowed, to see that it is more */
	char *bytes;

	*text = NULL;
	if (!f && errno == ENOENT)
		return 0;
	if (!f)
		return err_final(e, "cannot read %s: %m", path);
	bytes = arena_alloc(a, max + 1);
	*len = fread(bytes, 1, max, f);
	int is_bad = ferror(f);

	fclose(f);
	if (is_bad)
		return err_final(e, "cannot read %s", path);
	if (*len == max)
		return err_set(e, ERR_FINAL, ERR_CODE_DATA, "%s: larger than %d bytes", file,
			       (int)TEMPLATE_BYTES_MAX);
	*text = bytes;
	return 0;
}

static int find_text(struct arena *a, const char *directory, const char *file,
		     struct template_source *out, struct err *e)
{
	*out = (struct template_source){.file = file, .line = 1};
	if (directory && read_edited(a, directory, file, &out->text, &out->len, e))
		return -1;
	if (!out->text) {
		out->text = built_in(file);
		if (!out->text)
			return err_bug(e, "no built-in template %s", file);
		out->len = strlen(out->text);
	}
	/* Editors on Windows put a byte order mark first. */
	if (out->len >= 3 && memcmp(out->text, "\xEF\xBB\xBF", 3) == 0) {
		out->text += 3;
		out->len -= 3;
	}
	return 0;
}

/* Takes the line "Subject: ..." and the empty one after it off the text. */
static int split_subject(struct template_source *text, struct template_source *subject,
			 struct err *e)
{
	static const char key[] = "Subject: ";
	const char *newline = memchr(text->text, '\n', text->len);

	if (!newline || text->len < strlen(key) || memcmp(text->text, key, strlen(key)) != 0)
		return err_set(e, ERR_FINAL, ERR_CODE_DATA,
			       "%s:1: the first line has to be \"Subject: ...\"", text->file);
	*subject = *text;
	subject->text += strlen(key);
	subject->len = (size_t)(newline - subject->text) - (newline[-1] == '\r');
	text->len -= (size_t)(newline + 1 - text->text);
	text->text = newline + 1;
	text->line = 2;
	while (text->len && (text->text[0] == '\n' || text->text[0] == '\r')) {
		text->line += text->text[0] == '\n';
		text->text++;
		text->len--;
	}
	return 0;
}

static int load_one(struct mail_templates *t, size_t i, const char *directory, struct err *e)
{
	struct template_source text, html, subject;
	const char *text_file = arena_printf(t->arena, "%s.txt", names[i]);
	const char *html_file = arena_printf(t->arena, "%s.html", names[i]);

	if (find_text(t->arena, directory, text_file, &text, e) ||
	    find_text(t->arena, directory, html_file, &html, e) ||
	    split_subject(&text, &subject, e) ||
	    template_parse(t->arena, &subject, TEMPLATE_TEXT, &t->of[i].subject, e) ||
	    template_parse(t->arena, &text, TEMPLATE_TEXT, &t->of[i].text, e) ||
	    template_parse(t->arena, &html, TEMPLATE_HTML, &t->of[i].html, e))
		return -1;
	return 0;
}

static void free_json(void *json)
{
	json_decref(json);
}

static int is_web_address(const json_t *value)
{
	const char *text = json_string_value(value);

	return text && (strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0);
}

/* Links that are none of the web ("javascript:...") are taken out, at any depth jansson has let in. */
static void drop_bad_links(json_t *value)
{
	const char *key;
	json_t *member;
	size_t index;

	json_object_foreach (value, key, member) {
		size_t len = strlen(key);
		int is_link = len >= 3 && strcmp(key + len - 3, "url") == 0;

		if (is_link && !is_web_address(member))
			json_object_set_new(value, key, json_null());
		else
			drop_bad_links(member);
	}
	json_array_foreach (value, index, member)
		drop_bad_links(member);
}

/*
 * The data as templates see it: a copy with has_<list> for each list, because a section over a list repeats and a
 * heading must not.
 */
static json_t *prepare(struct arena *a, json_t *data)
{
	json_t *copy = json_deep_copy(data);
	const char *key;
	json_t *member;

	if (!copy)
		die("out of memory: a mail's data");
	arena_defer(a, free_json, copy);
	drop_bad_links(copy);
	json_object_foreach (data, key, member)
		if (json_is_array(member))
			json_object_set_new(copy, arena_printf(a, "has_%s", key),
					    json_boolean(json_array_size(member) > 0));
	return copy;
}

static int is_blank(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '\0';
}

static int render(struct arena *a, const struct mail_templates *t, size_t i, json_t *data,
		  struct mail *out, struct err *e)
{
	struct mail m;

	if (template_render(a, t->of[i].subject, data, &m.subject, e) ||
	    template_render(a, t->of[i].text, data, &m.text, e) ||
	    template_render(a, t->of[i].html, data, &m.html, e))
		return -1;
	if (is_blank(m.subject))
		return err_set(e, ERR_FINAL, ERR_CODE_DATA, "%s.txt:1: the subject is empty",
			       names[i]);
	*out = m;
	return 0;
}

/* sample.json has everything that may be there, sample-least.json what always is. */
static json_t *sample(struct arena *a, const char *file, struct err *e)
{
	const char *text = built_in(file);
	json_t *json = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;

	if (!json) {
		err_bug(e, "no built-in %s", file);
		return NULL;
	}
	arena_defer(a, free_json, json);
	return prepare(a, json);
}

static int try_all(struct arena *a, const struct mail_templates *t, struct err *e)
{
	json_t *most = sample(a, "sample.json", e);
	json_t *least = sample(a, "sample-least.json", e);
	struct mail m;

	if (!most || !least)
		return -1;
	for (size_t i = 0; i < NAME_COUNT; i++)
		if (template_check(t->of[i].subject, most, e) ||
		    template_check(t->of[i].text, most, e) ||
		    template_check(t->of[i].html, most, e) || render(a, t, i, most, &m, e) ||
		    render(a, t, i, least, &m, e))
			return -1;
	return 0;
}

static int has_suffix(const char *text, const char *suffix)
{
	size_t len = strlen(text), suffix_len = strlen(suffix);

	return len >= suffix_len && strcmp(text + len - suffix_len, suffix) == 0;
}

/* A file with a misspelt name would be ignored without a word. */
static int check_directory(const char *directory, struct err *e)
{
	DIR *d = opendir(directory);
	struct dirent *entry;
	int failed = 0;

	if (!d)
		return err_final(e, "cannot read the templates' directory %s: %m", directory);
	while (!failed && (entry = readdir(d))) {
		const char *file = entry->d_name;

		if (file[0] != '.' && (has_suffix(file, ".txt") || has_suffix(file, ".html")) &&
		    !built_in(file))
			failed = err_set(e, ERR_FINAL, ERR_CODE_DATA,
					 "%s: no such template; there are shipment, backorder and "
					 "release, each with .txt and .html",
					 file);
	}
	closedir(d);
	return failed;
}

int mail_templates_load(const char *directory, struct mail_templates **out, struct err *e)
{
	struct arena *scratch = arena_new();
	struct arena *a = arena_new();
	struct mail_templates *t = ARENA_NEW(a, struct mail_templates);
	int failed = directory && check_directory(directory, e);

	t->arena = a;
	for (size_t i = 0; i < NAME_COUNT && !failed; i++)
		failed = load_one(t, i, directory, e);
	if (!failed)
		failed = try_all(scratch, t, e);
	arena_free(scratch);
	if (failed) {
		mail_templates_free(t);
		return -1;
	}
	*out = t;
	return 0;
}

void mail_templates_free(struct mail_templates *t)
{
	if (t)
		arena_free(t->arena);
}

int mail_render(struct arena *a, const struct mail_templates *t, const char *name, json_t *data,
		struct mail *out, struct err *e)
{
	for (size_t i = 0; i < NAME_COUNT; i++)
		if (strcmp(names[i], name) == 0)
			return render(a, t, i, prepare(a, data), out, e);
	return err_bug(e, "no template %s", name);
}

int mail_send(struct arena *a, const struct mail_server *server,
	      const struct mail_envelope *envelope, const struct mail *mail, struct err *e)
{
	struct smtp_server to = {
		.url = server->url,
		.allow_plain = server->allow_plain,
		.user = server->user,
		.password = server->password,
	};
	struct smtp_message message = {.from = envelope->from_address, .to = envelope->to_address};

	if (mail_message(a, envelope, mail, &message.text, &message.len, e))
		return -1;
	return smtp_send(a, &to, &message, e);
}
