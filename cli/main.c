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

#include "cli/run.h"
#include "core/runtime/http.h"
#include "core/runtime/log.h"
#include "core/runtime/version.h"

enum { OPTIONS_MAX = 64, OPT_CONFIG = 1000, OPT_JSON, OPT_HELP };

static const struct command *const tables[] = {
	install_commands,	doctor_commands,  merchant_commands,   store_commands,
	store_map_commands,	carrier_commands, location_commands,   item_commands,
	stock_commands,		order_commands,	  order_work_commands, shipment_commands,
	shipment_work_commands, due_commands,	  dead_commands,       audit_commands,
};

static void print_commands(FILE *out, const char *noun)
{
	size_t len = noun ? strlen(noun) : 0;

	for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
		for (const struct command *c = tables[t]; c->words; c++)
			if (!noun || (strncmp(c->words, noun, len) == 0 && c->words[len] == ' '))
				fprintf(out, "  %-20s  %s\n", c->words, c->help);
}

static void print_help(FILE *out)
{
	fprintf(out, "usage: waybill COMMAND [ARGUMENTS] [--config FILE] [--json]\n"
		     "       waybill COMMAND --help\n\n");
	print_commands(out, NULL);
	fprintf(out, "\nConfiguration: --config FILE, else $WAYBILL_CONFIG, else "
		     "/etc/waybill/waybill.conf.\n"
		     "Exit codes: 0 done, 1 refused, 2 called wrongly, 3 not found, "
		     "4 database or broker unreachable.\n");
}

static void print_usage(const struct command *c)
{
	printf("usage: waybill %s%s%s [OPTIONS]\n\n%s\n\n", c->words, c->args[0] ? " " : "",
	       c->args, c->help);
	for (const struct field *f = c->fields; f && f->name; f++) {
		const char *takes = field_takes(f);
		int width = printf("  --%s %s", f->name, takes);

		printf("%*s %s%s%s\n", width < 30 ? 30 - width : 0, "", f->help ? f->help : "",
		       f->help && f->is_required ? "; " : "", f->is_required ? "needed" : "");
	}
	printf("  --config FILE\n  --json\n");
}

/* The command whose words stand at the beginning; *words: how many. NULL: there is none. */
static const struct command *find(int argc, char **argv, int *words)
{
	for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
		for (const struct command *c = tables[t]; c->words; c++) {
			size_t first = strcspn(c->words, " ");
			const char *second = c->words[first] ? c->words + first + 1 : NULL;

			if (argc < 1 || strlen(argv[0]) != first ||
			    strncmp(argv[0], c->words, first) != 0)
				continue;
			if (second && (argc < 2 || strcmp(argv[1], second) != 0))
				continue;
			*words = second ? 2 : 1;
			return c;
		}
	return NULL;
}

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

/* "waybill stock --help": the commands of a noun. */
static int help_noun(char **argv, int argc)
{
	if (argc < 2 || strcmp(argv[1], "--help") != 0)
		return 0;
	print_commands(stdout, argv[0]);
	return 1;
}

static int unknown(char **argv, int argc)
{
	if (help_noun(argv, argc))
		return 0;
	fprintf(stderr, "waybill: there is no command \"%s\"; there are:\n", argc ? argv[0] : "");
	print_commands(stderr, argc ? argv[0] : NULL);
	fputs("see `waybill --help`\n", stderr);
	return EXIT_USAGE;
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
	for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (o == OPT_CONFIG)
			line->config = optarg;
		else if (o == OPT_JSON)
			cli->is_json = 1;
		else if (o == OPT_HELP)
			line->wants_help = 1;
		else if (o == '?' || (optarg == argv[optind - 1] && strncmp(optarg, "--", 2) == 0))
			return wrong(c, "\"%s\" is no option here, or lacks its value",
				     argv[optind - 1]);
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

int main(int argc, char **argv)
{
	static struct cli cli;
	struct line line = {0};
	int words = 0;

	cli.arena = arena_new();
	int first = lead_options(&cli, &line, argc, argv);

	if (first < argc && strcmp(argv[first], "--version") == 0) {
		printf("waybill %s\n", WAYBILL_VERSION);
		return 0;
	}
	if (first == argc || strcmp(argv[first], "--help") == 0 ||
	    strcmp(argv[first], "help") == 0) {
		print_help(first == argc ? stderr : stdout);
		return first == argc ? EXIT_USAGE : 0;
	}
	cli.command = find(argc - first, argv + first, &words);
	if (!cli.command)
		return unknown(argv + first, argc - first);
	/* getopt wants the program's name first: the last of the words stands there. */
	int skipped = first + words - 1;
	int status = parse(&cli, &line, argc - skipped, argv + skipped);

	if (status == 0 && line.wants_help)
		print_usage(cli.command);
	else if (status == 0)
		status = start(&cli, line.config);
	arena_free(cli.arena);
	return status;
}
