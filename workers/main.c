/*
 * waybill-worker - run one or several roles
 *
 *   waybill-worker [--config FILE] [--unit NAME] [--metrics HOST:PORT] ROLE...
 */
#include "core/domain/mail.h"
#include "core/runtime/durable.h"
#include "core/runtime/http.h"
#include "core/runtime/log.h"
#include "core/runtime/nearest.h"
#include "core/runtime/program.h"
#include "core/runtime/text.h"
#include "core/runtime/worker.h"
#include "workers/roles.h"

enum { ROLES_MAX = 16, PASSWORD_MAX = 1024 };

static const char *role_names(struct arena *a)
{
	const char *text = "roles:";

	for (size_t i = 0; roles[i]; i++)
		text = arena_printf(a, "%s %s", text, roles[i]->name);
	return text;
}

static const struct role *role_by_name(const char *name)
{
	for (size_t i = 0; roles[i]; i++)
		if (strcmp(roles[i]->name, name) == 0)
			return roles[i];
	return NULL;
}

static int no_role(const struct program *p, const char *name)
{
	struct nearest n = nearest_to(name);

	for (size_t i = 0; roles[i]; i++)
		nearest_try(&n, roles[i]->name);
	return nearest_word(&n) ? program_usage(p, "there is no role \"%s\"; did you mean \"%s\"?",
						name, nearest_word(&n))
				: program_usage(p, "there is no role \"%s\"", name);
}

struct choice {
	const struct role *roles[ROLES_MAX];
	size_t count;
};

static int is_chosen(const struct role *role, const struct choice *chosen)
{
	for (size_t i = 0; i < chosen->count; i++)
		if (chosen->roles[i] == role)
			return 1;
	return 0;
}

/* 0, or an exit code */
static int choose(const struct program *p, int argc, char **argv, struct choice *chosen)
{
	for (int i = p->first; i < argc; i++) {
		const struct role *role = role_by_name(argv[i]);

		if (!role)
			return no_role(p, argv[i]);
		if (chosen->count == ROLES_MAX || is_chosen(role, chosen))
			return program_usage(p, "more than one \"%s\"", argv[i]);
		chosen->roles[chosen->count++] = role;
	}
	return chosen->count || p->is_check ? 0 : program_usage(p, "ROLE... is needed");
}

/* The mail server's password: the first line of its file. */
static int read_password(struct arena *a, const char *path, struct secret *out, struct err *e)
{
	char text[PASSWORD_MAX];
	size_t len;

	if (!path[0])
		return 0;
	if (secret_file_read(path, "the mail password", text, sizeof text, &len, e))
		return -1;
	*out = secret_new(a, text, strcspn(text, "\r\n"));
	explicit_bzero(text, sizeof text);
	return out->len ? 0
			: err_final(e, "the mail password file %s is empty", text_cut(path, 150));
}

/* What the process keeps until its end, so that leak checkers see that nothing else is left. */
struct belongings {
	struct arena *arena;
	struct master_key *key;
	struct mail_templates *templates;
};

/* Labels are bought before they are kept: a folder that takes none is found before that. */
static int try_label_store(const struct conf *conf, const struct choice *chosen, struct err *e)
{
	const char *store = conf->labels.store;
	struct err why = {0};

	if (strcmp(store, "database") == 0 ||
	    (chosen->count && !is_chosen(role_by_name("label"), chosen)))
		return 0;
	return durable_try(store, &why)
		       ? err_final(e,
				   "labels.store: %s; units may write below /var/lib/waybill, and "
				   "where a drop-in's ReadWritePaths= says",
				   why.msg)
		       : 0;
}

static int prepare(struct conf *conf, const struct program *p, const struct choice *chosen,
		   struct context *context, struct belongings *own, struct err *e)
{
	if (program_begin(p, conf, e) || secret_key_read(conf->secrets.key_file, &own->key, e) ||
	    mail_templates_load(conf->mail.templates[0] ? conf->mail.templates : NULL,
				&own->templates, e) ||
	    read_password(own->arena, conf->mail.password_file, &context->mail_password, e) ||
	    try_label_store(conf, chosen, e))
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

static int run(const struct program *p, const struct choice *chosen, struct belongings *own)
{
	static struct conf conf;
	struct context context = {0};
	struct err e = {0};

	if (prepare(&conf, p, chosen, &context, own, &e) ||
	    (p->is_check && program_check(p, &conf, &e))) {
		log_start_failure(p->name, e.msg);
		return PROGRAM_FAILED;
	}
	return p->is_check
		       ? 0
		       : worker_run(&context, chosen->roles, chosen->count, p->unit, p->metrics);
}

int main(int argc, char **argv)
{
	struct belongings own = {.arena = arena_new()};
	struct program p = {.name = "waybill-worker",
			    .purpose = "Do the work of one or several roles.",
			    .arguments = "ROLE...",
			    .more = role_names(own.arena),
			    .has_unit = 1};
	struct choice chosen = {0};
	int status = program_options(&p, argc, argv);

	int is_over = status >= 0;

	if (!is_over)
		status = choose(&p, argc, argv, &chosen);
	if (!is_over && status == 0)
		status = run(&p, &chosen, &own);
	mail_templates_free(own.templates);
	secret_key_free(own.key);
	arena_free(own.arena);
	return status;
}
