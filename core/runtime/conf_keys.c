/* conf_keys - the keys of the configuration file: names, types, defaults, limits */
#include "core/runtime/conf_keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/runtime/arena.h"
#include "core/runtime/db.h"
#include "core/runtime/log.h"
#include "core/runtime/text.h"

#define KEY(section, name, ...)                                                                    \
	{                                                                                          \
#section, #name, .offset = offsetof(struct conf, section.name), __VA_ARGS__        \
	}
#define TEXT(kind, text, text_help) .type = kind, .fallback = text, .help = text_help
#define WHOLE(text, least, most, text_help)                                                        \
	.type = CONF_WHOLE, .fallback = text, .min = least, .max = most, .help = text_help

const struct conf_key conf_keys[] = {
	KEY(database, url, TEXT(CONF_DATABASE_URL, "", "PostgreSQL, as the workers' user"),
	    .environment = "WAYBILL_DB_URL"),
	KEY(database, operator_url_file,
	    TEXT(CONF_FILE, "", "PostgreSQL's url as the operators' role; for people's commands")),
	KEY(database, owner_url_file,
	    TEXT(CONF_FILE, "", "PostgreSQL's url as the owner of the schema; for migrate only")),
	KEY(database, connections, WHOLE("3", 1, 100, "connections per process")),

	KEY(broker, urls, TEXT(CONF_BROKER_URLS, "", "RabbitMQ; several nodes by commas"),
	    .environment = "WAYBILL_AMQP_URL"),
	KEY(broker, prefetch, WHOLE("64", 1, 1000, "messages a worker holds at once")),
	KEY(broker, ingest_prefetch,
	    WHOLE("512", 1, 1000, "the same for ingest, whose messages are one job each")),

	KEY(secrets, key_file, TEXT(CONF_FILE, "", "the master key: 32 bytes in base64")),

	KEY(worker, batch_max, WHOLE("256", 1, 1000, "jobs per transaction, at most")),
	KEY(worker, act_max, WHOLE("256", 1, 1000, "jobs that talk to the outside at once")),
	KEY(worker, away_s,
	    WHOLE("60", 1, 900, "without the database for so long, messages are given back")),

	KEY(gateway, listen, TEXT(CONF_LISTEN, "127.0.0.1:8480", "where webhooks come in")),
	KEY(gateway, body_max_bytes,
	    WHOLE("8388608", 1024, 67108864, "larger webhooks are refused")),
	KEY(gateway, connections, WHOLE("512", 1, 60000, "connections at once")),

	KEY(clock, wait_s,
	    WHOLE("30", 1, 3600, "a row that is due and untaken for this long is published again")),
	KEY(clock, again_s, WHOLE("60", 1, 3600, "a row is published at most once in this time")),
	KEY(clock, interval_ms, WHOLE("1000", 10, 60000, "how often the clock looks")),
	KEY(clock, reconcile_s, WHOLE("300", 1, 86400, "how often a store is swept for changes")),
	KEY(clock, reconcile_overlap_s,
	    WHOLE("600", 0, 86400, "how far each sweep reaches back before the last one")),

	KEY(labels, store,
	    TEXT(CONF_LABEL_STORE, "database",
		 "where labels are kept: \"database\", or a folder's absolute path")),
	KEY(labels, grace_s,
	    WHOLE("300", 300, 86400, "a purchase of unknown outcome is not tried again before")),

	KEY(mail, url, TEXT(CONF_MAIL_URL, "", "SMTP server; empty: no mail is sent")),
	KEY(mail, allow_plain, .type = CONF_YES_NO, .fallback = "no",
	    .help = "may mail go to another machine in clear, if it does not offer TLS?"),
	KEY(mail, user, TEXT(CONF_TEXT, "", "user at the SMTP server; empty: none")),
	KEY(mail, password_file, TEXT(CONF_FILE, "", "that user's password")),
	KEY(mail, templates,
	    TEXT(CONF_DIRECTORY, "", "folder of edited templates; empty: the built-in ones")),

	KEY(privacy, wait_h,
	    WHOLE("48", 0, 600, "an erasure that a store demands waits for so many hours")),

	KEY(http, allow_plain, .type = CONF_YES_NO, .fallback = "no",
	    .help = "may http:// be spoken to other machines?"),
	KEY(http, per_host, WHOLE("16", 1, 256, "requests at once to one host")),

	KEY(log, level, TEXT(CONF_LOG_LEVEL, "info", "err, warn, info or debug")),
	{0},
};

_Static_assert(sizeof conf_keys / sizeof *conf_keys <= CONF_KEYS_MAX, "room for every key");

/* ---- What values may look like ---- */

static int is_any(const char *value)
{
	(void)value;
	return 1;
}

static int is_path(const char *value)
{
	return value[0] == '/';
}

/* A bare name is a credential's. */
static int is_file(const char *value)
{
	return is_path(value) || !strchr(value, '/');
}

static int is_label_store(const char *value)
{
	return strcmp(value, "database") == 0 || is_path(value);
}

/* scheme://something, no blanks, of len bytes */
static int is_url(const char *value, size_t len, const char *scheme)
{
	size_t scheme_len = strlen(scheme);

	return len > scheme_len && strncmp(value, scheme, scheme_len) == 0 &&
	       value[scheme_len] != '/' && strcspn(value, " \t") >= len;
}

static int is_broker_urls(const char *value)
{
	for (;;) {
		size_t len = strcspn(value, ",");

		if (!is_url(value, len, "amqp://") && !is_url(value, len, "amqps://"))
			return 0;
		if (!value[len])
			return 1;
		value += len + 1;
	}
}

static int is_mail_url(const char *value)
{
	size_t len = strlen(value);

	return (is_url(value, len, "smtp://") || is_url(value, len, "smtps://")) &&
	       !strchr(value, '@');
}

static int to_whole(const char *text, int *out)
{
	char *end;

	errno = 0;
	long value = strtol(text, &end, 10);

	if (end == text || *end || errno || value < INT32_MIN || value > INT32_MAX)
		return -1;
	*out = (int)value;
	return 0;
}

static int is_listen(const char *value)
{
	const char *colon = strrchr(value, ':');
	int port;

	return colon && colon > value && strchr("0123456789", colon[1]) &&
	       to_whole(colon + 1, &port) == 0 && port >= 1 && port <= 65535;
}

static int is_log_level(const char *value)
{
	return log_level_by_name(value) >= 0;
}

static int is_yes_no(const char *value)
{
	return strcmp(value, "yes") == 0 || strcmp(value, "no") == 0;
}

static const struct {
	int (*is_valid)(const char *value);
	const char *want;
} types[] = {
	[CONF_TEXT] = {is_any, "text"},
	[CONF_FILE] = {is_file, "an absolute path, or a name in $CREDENTIALS_DIRECTORY"},
	[CONF_DIRECTORY] = {is_path, "an absolute path"},
	[CONF_LABEL_STORE] = {is_label_store, "\"database\" or an absolute path"},
	[CONF_DATABASE_URL] = {db_url_is_valid, "postgresql://user@host/database"},
	[CONF_BROKER_URLS] = {is_broker_urls, "amqp://user:password@host:port/vhost (or amqps://)"},
	[CONF_MAIL_URL] = {is_mail_url, "smtp://host:port (or smtps://)"},
	[CONF_LISTEN] = {is_listen, "host:port"},
	[CONF_LOG_LEVEL] = {is_log_level, "err, warn, info or debug"},
	[CONF_WHOLE] = {is_any, "a whole number"},
	[CONF_YES_NO] = {is_yes_no, "yes or no"},
};

/* ---- Setting ---- */

/* What the configuration's texts live in: as long as the process. */
static struct arena *texts(void)
{
	static struct arena *a;

	if (!a)
		a = arena_new();
	return a;
}

void conf_key_name(const struct conf_key *k, char out[CONF_NAME_BYTES])
{
	snprintf(out, CONF_NAME_BYTES, "%s.%s", k->section, k->name);
}

static int set_whole(const struct conf_key *k, const char *value, int *out, char *wrong,
		     size_t size)
{
	int is_grace = k->offset == offsetof(struct conf, labels.grace_s);
	int least = is_grace && getenv("WAYBILL_TESTING") ? 0 : k->min;
	int number;

	if (to_whole(value, &number) || number < least || number > k->max) {
		text_printf(wrong, size, "%s.%s must be a whole number from %d to %d", k->section,
			    k->name, least, k->max);
		return -1;
	}
	*out = number;
	return 0;
}

static const char *copy_text(const struct conf_key *k, const char *value)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");

	if (k->type == CONF_FILE && *value && !is_path(value) && folder && *folder)
		return arena_printf(texts(), "%s/%s", folder, value);
	return arena_strdup(texts(), value);
}

int conf_key_set(const struct conf_key *k, const char *value, struct conf *out, char *wrong,
		 size_t size)
{
	void *member = (char *)out + k->offset;
	int may_be_empty = !*k->fallback;

	if (k->type == CONF_WHOLE)
		return set_whole(k, value, member, wrong, size);
	if (!types[k->type].is_valid(value) && !(may_be_empty && !*value)) {
		text_printf(wrong, size, "%s.%s must be %s", k->section, k->name,
			    types[k->type].want);
		return -1;
	}
	if (k->type == CONF_YES_NO)
		*(int *)member = strcmp(value, "yes") == 0;
	else
		*(const char **)member = copy_text(k, value);
	return 0;
}

void conf_describe(void)
{
	const char *section = "";

	for (const struct conf_key *k = conf_keys; k->name; k++) {
		if (strcmp(section, k->section) != 0)
			printf("%s[%s]\n", *section ? "\n" : "", k->section);
		section = k->section;
		printf("# %s\n# %s", k->help, types[k->type].want);
		if (k->type == CONF_WHOLE)
			printf(" from %d to %d", k->min, k->max);
		if (k->environment)
			printf("; default: $%s", k->environment);
		printf("\n#%s = %s\n", k->name, k->fallback);
	}
}
