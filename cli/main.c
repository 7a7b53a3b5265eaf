/*
 * waybill - the command line of the people who run Waybill
 *
 * waybill NOUN VERB [ARGUMENTS] [--OPTIONS]
 *
 * Exit codes: 0 done, 1 refused or found wrong, 2 called wrongly, 3 what was named is not there, 4
 * database or broker unreachable.
 */
#include <getopt.h>
#include <stdarg.h>

#include "cli/help.h"
#include "cli/run.h"
#include "core/runtime/http.h"
#include "core/runtime/log.h"
#include "core/runtime/version.h"

enum { OPTIONS_MAX = 64, OPT_CONFIG = 1000, OPT_JSON, OPT_HELP };

__attribute__((format(printf, 2, 3))) static int wrong(const struct command *c, const char *format,
						       ...)
{
	va_list args;

	va_start(args, format);
	fputs("waybill: ", stderr);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "; see `waybill%s%s --help`\n", c ? " " : "", c ? c->words : "");
	return EXIT_USAGE;
}

/* An option that the command does not have. */
static int no_option(const struct cli *cli, const char *given)
{
	const char *name = given + strspn(given, "-");
	const char *meant = help_near_option(cli->arena, cli->command, name);

	return meant ? wrong(cli->command, "there is no option %s here; did you mean --%s?", given,
			     meant)
		     : wrong(cli->command, "there is no option %s here", given);
}

struct line {
	const char *config;
	int wants_help;
};

static size_t make_options(const struct command *c, struct option *options)
{
	size_t n = 0;

	for (; c->fields && c->fields[n].name; n++) {
		if (n == OPTIONS_MAX - 4)
			die("%s has too many options", c->words);
		options[n] = (struct option){c->fields[n].name,
					     c->fields[n].kind == FIELD_FLAG ? no_argument
									     : required_argument,
					     NULL, (int)n};
	}
	options[n] = (struct option){"config", required_argument, NULL, OPT_CONFIG};
	options[n + 1] = (struct option){"json", no_argument, NULL, OPT_JSON};
	options[n + 2] = (struct option){"help", no_argument, NULL, OPT_HELP};
	return n;
}

/* Options and arguments behind the words into cli; 0, or an exit code. */
static int parse(struct cli *cli, struct line *line, int argc, char **argv)
{
	struct option options[OPTIONS_MAX] = {0};
	const struct command *c = cli->command;
	size_t n = make_options(c, options);
	struct err e = {0};

	cli->values = ARENA_ARRAY(cli->arena, const char *, n);
	opterr = 0;
	for (int o; (o = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
		if (o == OPT_CONFIG)
			line->config = optarg;
		else if (o == OPT_JSON)
			cli->is_json = 1;
		else if (o == OPT_HELP || o == 'h')
			line->wants_help = 1;
		else if (o == ':' || (optarg == argv[optind - 1] && strncmp(optarg, "--", 2) == 0))
			return wrong(c, "%s lacks its value", argv[optind - (o == ':' ? 1 : 2)]);
		else if (o == '?')
			return no_option(cli, argv[optind - 1]);
		else if (field_read(cli->arena, c->fields + o, optarg ? optarg : "true",
				    cli->values + o, &e))
			return wrong(c, "--%s", e.msg);
	}
	if (line->wants_help)
		return 0;
	cli->args = argv + optind;
	cli->arg_count = (size_t)(argc - optind);
	for (size_t i = 0; i < n; i++)
		if (c->fields[i].is_required && (!cli->values[i] || !cli->values[i][0]))
			return wrong(c, "--%s is needed", c->fields[i].name);
	if (cli->arg_count < c->args_min)
		return wrong(c, "%s is needed", c->args);
	if (cli->arg_count > c->args_max)
		return wrong(c, "\"%s\" is too much", cli->args[c->args_max]);
	return 0;
}

static int start(struct cli *cli, const char *config)
{
	struct err e = {0};

	if (conf_read(config, &cli->conf, &e)) {
		fprintf(stderr, "waybill: %s\n", e.msg);
		return EXIT_REFUSED;
	}
	log_init("waybill", LOG_ERR);
	secret_init();
	http_init(&(struct http_settings){
		.per_host = cli->conf.http.per_host,
		.allow_plain = cli->conf.http.allow_plain,
		.user_agent = "Waybill",
	});
	return cli_execute(cli);
}

/* --json and --config FILE may stand before the command, too. */
static int lead_options(struct cli *cli, struct line *line, int argc, char **argv)
{
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--json") == 0)
			cli->is_json = 1;
		else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
			line->config = argv[++i];
		else
			break;
	}
	return i;
}

static int is_any(const char *word, const char *one, const char *other, const char *third)
{
	return strcmp(word, one) == 0 || strcmp(word, other) == 0 || strcmp(word, third) == 0;
}

/* "help", "help order", "help order list" and "order --help". */
static int help(int argc, char **argv)
{
	int words;
	const struct command *c = help_find(argc, argv, &words);

	if (argc == 0 || argv[0][0] == '-')
		help_print(stdout);
	else if (c)
		help_print_command(c);
	else if (argc > 1 || help_print_noun(stdout, argv[0]) == 0)
		return help_unknown(argc, argv);
	return 0;
}

/* What stands at the place of a command and is none; -1: a command has to be there. */
static int is_answered(int argc, char **argv)
{
	if (argc == 0) {
		help_print(stderr);
		return EXIT_USAGE;
	}
	if (is_any(argv[0], "--version", "-V", "version")) {
		printf("waybill %s\n", WAYBILL_VERSION);
		return 0;
	}
	if (is_any(argv[0], "--help", "-h", "help"))
		return help(argc - 1, argv + 1);
	if (argc == 2 && is_any(argv[1], "--help", "-h", "help") &&
	    help_print_noun(stdout, argv[0]))
		return 0;
	if (strcmp(argv[0], "--config") == 0)
		return wrong(NULL, "--config lacks its value");
	if (argv[0][0] == '-')
		return wrong(NULL, "there is no option %s before a command", argv[0]);
	return -1;
}

int main(int argc, char **argv)
{
	static struct cli cli;
	struct line line = {0};
	int words = 0;

	cli.arena = arena_new();
	int first = lead_options(&cli, &line, argc, argv);

	cli.command = help_find(argc - first, argv + first, &words);
	if (!cli.command) {
		int status = is_answered(argc - first, argv + first);

		return status >= 0 ? status : help_unknown(argc - first, argv + first);
	}
	/* getopt wants the program's name first: the last of the words stands there. */
	int skipped = first + words - 1;
	int status = parse(&cli, &line, argc - skipped, argv + skipped);

	if (status == 0 && line.wants_help)
		help_print_command(cli.command);
	else if (status == 0)
		status = start(&cli, line.config);
	arena_free(cli.arena);
	return status;
}
