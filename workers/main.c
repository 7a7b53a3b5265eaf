/*
 * waybill-worker - run one or several roles
 *
 *   waybill-worker [--config FILE] [--unit NAME] [--metrics HOST:PORT] ROLE...
 */
#include <getopt.h>

#include "core/domain/mail.h"
#include "core/runtime/http.h"
#include "core/runtime/log.h"
#include "core/runtime/worker.h"
#include "workers/roles.h"

enum { EXIT_USAGE = 2, ROLES_MAX = 16, PASSWORD_MAX = 1024 };

static void usage(FILE *out)
{
	fprintf(out,
		"usage: waybill-worker [OPTION...] ROLE...\n"
		"\n"
		"  --config FILE  configuration (default: $WAYBILL_CONFIG, /etc/waybill/waybill.conf)\n"
		"  --unit NAME    this worker's name on this host, the same after a restart\n"
		"  --metrics HOST:PORT  serve /metrics and /healthz there\n"
		"  --check        read the configuration and the templates, then end\n"
		"  --help\n"
		"\n"
		"roles:");
	for (size_t i = 0; roles[i]; i++)
		fprintf(out, " %s", roles[i]->name);
	fprintf(out, "\n\n");
	conf_describe();
}

static const struct role *role_by_name(const char *name)
{
	for (size_t i = 0; roles[i]; i++)
		if (strcmp(roles[i]->name, name) == 0)
			return roles[i];
	return NULL;
}

static int is_chosen(const struct role *role, const struct role *const *chosen, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (chosen[i] == role)
			return 1;
	return 0;
}

static int complain(const struct err *e)
{
	log_start_failure("waybill-worker", e->msg);
	return 1;
}

/* The mail server's password: the first line of its file. */
static int read_password(struct arena *a, const char *path, struct secret *out, struct err *e)
{
	char line[PASSWORD_MAX];

	if (!path[0])
		return 0;
	FILE *file = fopen(path, "re");

	if (!file || !fgets(line, sizeof line, file)) {
		if (file)
			fclose(file);
		return err_final(e, "cannot read the mail password file %s", path);
	}
	fclose(file);
	*out = secret_new(a, line, strcspn(line, "\r\n"));
	explicit_bzero(line, sizeof line);
	return 0;
}

/* What the process keeps until its end, so that leak checkers see that nothing else is left. */
struct belongings {
	struct arena *arena;
	struct master_key *key;
	struct mail_templates *templates;
};

static int prepare(struct conf *conf, const char *path, struct context *context,
		   struct belongings *own, struct err *e)
{
	if (conf_read(path, conf, e))
		return -1;
	log_init("waybill-worker", (enum log_level)log_level_by_name(conf->log.level));
	secret_init();
	if (!conf->secrets.key_file[0])
		return err_final(e, "secrets.key_file is not set; `waybill setup` makes the key");
	if (secret_key_read(conf->secrets.key_file, &own->key, e) ||
	    mail_templates_load(conf->mail.templates[0] ? conf->mail.templates : NULL,
				&own->templates, e) ||
	    read_password(own->arena, conf->mail.password_file, &context->mail_password, e))
		return -1;
	context->conf = conf;
	context->key = own->key;
	context->templates = own->templates;
	http_init(&(struct http_settings){
		.per_host = conf->http.per_host,
		.allow_plain = conf->http.allow_plain,
		.user_agent = "Waybill",
	});
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},  {"unit", required_argument, NULL, 'u'},
		{"metrics", required_argument, NULL, 'm'}, {"check", no_argument, NULL, 'k'},
		{"help", no_argument, NULL, 'h'},	   {NULL, 0, NULL, 0},
	};
	const struct role *chosen[ROLES_MAX];
	const char *config = NULL, *unit = NULL, *metrics = NULL;
	size_t count = 0;
	int only_check = 0;

	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (c == 'c') {
			config = optarg;
		} else if (c == 'u') {
			unit = optarg;
		} else if (c == 'm') {
			metrics = optarg;
		} else if (c == 'k') {
			only_check = 1;
		} else {
			usage(c == 'h' ? stdout : stderr);
			return c == 'h' ? 0 : EXIT_USAGE;
		}
	}
	for (int i = optind; i < argc; i++) {
		const struct role *role = role_by_name(argv[i]);

		if (!role || count == ROLES_MAX || is_chosen(role, chosen, count)) {
			fprintf(stderr, "waybill-worker: %s \"%s\"; see --help\n",
				role ? "more than one" : "there is no role", argv[i]);
			return EXIT_USAGE;
		}
		chosen[count++] = role;
	}
	static struct conf conf;
	struct context context = {0};
	struct err e = {0};

	if (count == 0 && !only_check) {
		usage(stderr);
		return EXIT_USAGE;
	}
	struct belongings own = {.arena = arena_new()};
	int status = 0;

	if (prepare(&conf, config, &context, &own, &e))
		status = complain(&e);
	else if (!only_check)
		status = worker_run(&context, chosen, count, unit, metrics);
	mail_templates_free(own.templates);
	secret_key_free(own.key);
	arena_free(own.arena);
	return status;
}
