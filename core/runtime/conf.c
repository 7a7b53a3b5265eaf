/*
 * conf - the configuration file: INI, strict
 *
 * libinih takes lines apart; what it would let pass (lines that are cut or continued, keys given
 * twice, sections nobody knows) is refused here. libinih's buffer limits a line to 198 bytes.
 */
#include "core/runtime/conf.h"

#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/runtime/conf_keys.h"
#include "core/runtime/nearest.h"
#include "core/runtime/text.h"

static const char default_path[] = "/etc/waybill/waybill.conf";

struct reading {
	const char *path;
	FILE *file;
	int line;
	unsigned char is_given[CONF_KEYS_MAX];
	struct conf *out;
	int failed;
	struct err *e;
};

static int refuse(struct reading *r, const char *what)
{
	r->failed = 1;
	return err_final(r->e, "%s:%d: %s", r->path, r->line, what);
}

/* ---- Names ---- */

static int unknown_key(struct reading *r, const char *name)
{
	struct nearest meant = nearest_to(name);

	for (const struct conf_key *k = conf_keys; k->name; k++) {
		char known[CONF_NAME_BYTES];

		conf_key_name(k, known);
		nearest_try(&meant, known);
	}
	const char *word = nearest_word(&meant);

	r->failed = 1;
	return word ? err_final(r->e, "%s:%d: unknown key \"%s\"; did you mean \"%s\"?", r->path,
				r->line, name, word)
		    : err_final(r->e, "%s:%d: unknown key \"%s\"", r->path, r->line, name);
}

static int is_section(const char *name, size_t len)
{
	for (const struct conf_key *k = conf_keys; k->name; k++)
		if (strlen(k->section) == len && memcmp(k->section, name, len) == 0)
			return 1;
	return 0;
}

/* ---- The file ---- */

/*
 * libinih asks for the next line. What it is given is one whole, well-formed line; else this ends
 * the file.
 */
static char *next_line(char *line, int size, void *stream)
{
	struct reading *r = stream;

	if (r->failed || !fgets(line, size, r->file))
		return NULL;
	size_t len = strlen(line);

	r->line++;
	if (len + 1 == (size_t)size && line[len - 1] != '\n') {
		refuse(r, "the line is too long; 198 bytes are the most");
		return NULL;
	}
	if (len == 0 || (line[len - 1] != '\n' && !feof(r->file))) {
		refuse(r, "the line holds a NUL byte");
		return NULL;
	}
	if ((line[0] == ' ' || line[0] == '\t') && line[strspn(line, " \t\r\n")]) {
		refuse(r, "the line begins with a blank; a value is one line");
		return NULL;
	}
	if (line[0] == '[') {
		size_t name_len = strcspn(line + 1, "]\r\n");

		if (line[1 + name_len] == ']' && !is_section(line + 1, name_len)) {
			refuse(r, "unknown section; docs/configuration.md lists them");
			return NULL;
		}
	}
	return line;
}

/* libinih found a key. Its answer 1 is "fine". */
static int take_key(void *user, const char *section, const char *name, const char *value)
{
	struct reading *r = user;
	char full[256], wrong[160];

	if (r->failed)
		return 0;
	text_printf(full, sizeof full, "%s%s%s", section, *section ? "." : "", name);
	for (size_t i = 0; conf_keys[i].name; i++) {
		const struct conf_key *k = &conf_keys[i];

		if (strcmp(k->section, section) != 0 || strcmp(k->name, name) != 0)
			continue;
		if (r->is_given[i]++) {
			text_printf(wrong, sizeof wrong, "%s is given twice", full);
			return refuse(r, wrong) == 0;
		}
		if (conf_key_set(k, value, r->out, wrong, sizeof wrong))
			return refuse(r, wrong) == 0;
		return 1;
	}
	return unknown_key(r, full) == 0;
}

static int read_file(struct reading *r)
{
	r->file = fopen(r->path, "re");
	if (!r->file)
		return err_final(r->e, "cannot read the configuration %s: %s", r->path,
				 strerror(errno));
	int bad_line = ini_parse_stream(next_line, r, take_key, r);
	int read_failed = ferror(r->file);

	fclose(r->file);
	if (r->failed)
		return -1;
	if (read_failed)
		return err_final(r->e, "cannot read the configuration %s", r->path);
	if (bad_line) {
		r->line = bad_line;
		return refuse(r, "neither [section] nor key = value");
	}
	return 0;
}

/* ---- The whole ---- */

/* The environment, else the default, for what the file does not say. */
static int fill_up(struct reading *r)
{
	for (size_t i = 0; conf_keys[i].name; i++) {
		const struct conf_key *k = &conf_keys[i];
		const char *from = k->environment ? getenv(k->environment) : NULL;
		char wrong[160];

		if (r->is_given[i])
			continue;
		if (from && *from) {
			if (conf_key_set(k, from, r->out, wrong, sizeof wrong))
				return err_final(r->e, "$%s: %s", k->environment, wrong);
		} else if (conf_key_set(k, k->fallback, r->out, wrong, sizeof wrong)) {
			return err_bug(r->e, "default: %s", wrong);
		}
	}
	return 0;
}

int conf_read(const char *path, struct conf *out, struct err *e)
{
	struct conf conf = {0};
	const char *from = getenv("WAYBILL_CONFIG");
	struct reading r = {.path = path, .out = &conf, .e = e};

	if (!r.path && from && *from)
		r.path = from;
	/* One that is there and cannot be reached is an error, not none. */
	if (!r.path && (access(default_path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR)))
		r.path = default_path;
	if ((r.path && read_file(&r)) || fill_up(&r))
		return -1;
	conf.path = r.path ? r.path : "";
	*out = conf;
	return 0;
}

/* ---- Who may read it ---- */

static int is_private(const char *path, struct err *e)
{
	struct stat st;

	if (!path[0] || stat(path, &st) || !(st.st_mode & (S_IRWXO | S_IWGRP)))
		return 1;
	err_final(e, "others can read or change %s, which holds secrets: chmod 640 (or 600) it",
		  text_cut(path, 150));
	return 0;
}

int conf_is_private(const struct conf *conf, struct err *e)
{
	if (!is_private(conf->path, e))
		return 0;
	for (const struct conf_key *k = conf_keys; k->name; k++)
		if (k->type == CONF_FILE &&
		    !is_private(*(const char *const *)((const char *)conf + k->offset), e))
			return 0;
	return 1;
}

int conf_has_servers(const struct conf *conf, struct err *e)
{
	const char *missing = !conf->database.url[0]  ? "database.url"
			      : !conf->broker.urls[0] ? "broker.urls"
						      : NULL;

	if (missing)
		err_final(e, "%s is not set; see docs/configuration.md", missing);
	return !missing;
}
