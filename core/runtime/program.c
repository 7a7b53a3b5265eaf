/* program - what the daemons have in common: their command line */
#include "core/runtime/program.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/runtime/httpd.h"
#include "core/runtime/log.h"
#include "core/runtime/secret.h"
#include "core/runtime/version.h"

static void help(const struct program *p)
{
	printf("usage: %s [OPTION...]%s%s\n%s\n\n", p->name, p->arguments ? " " : "",
	       p->arguments ? p->arguments : "", p->purpose);
	printf("  --config FILE        configuration (default: $WAYBILL_CONFIG, "
	       "/etc/waybill/waybill.conf)\n"
	       "  --metrics HOST:PORT  serve /metrics and /healthz there\n");
	if (p->has_unit)
		printf("  --unit NAME          its name on this host, the same after a restart\n");
	printf("  --check              try what it will need, then end\n"
	       "  --version\n"
	       "  --help\n\n");
	if (p->more)
		printf("%s\n\n", p->more);
	printf("The configuration, with its defaults:\n\n");
	conf_describe();
}

int program_usage(const struct program *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "%s: ", p->name);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "; see `%s --help`\n", p->name);
	return PROGRAM_USAGE;
}

int program_options(struct program *p, int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"metrics", required_argument, NULL, 'm'},
		{"unit", required_argument, NULL, 'u'},
		{"check", no_argument, NULL, 'k'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};

	opterr = 0;
	for (int o; (o = getopt_long(argc, argv, ":hV", options, NULL)) != -1;) {
		if (o == 'c')
			p->config = optarg;
		else if (o == 'm')
			p->metrics = optarg;
		else if (o == 'u' && p->has_unit)
			p->unit = optarg;
		else if (o == 'u')
			return program_usage(p, "there is no option --unit");
		else if (o == 'k')
			p->is_check = 1;
		else if (o == 'V' || o == 'h')
			return o == 'h' ? (help(p), 0)
					: (printf("%s %s\n", p->name, WAYBILL_VERSION), 0);
		else
			return program_usage(
				p, o == ':' ? "%s lacks its value" : "there is no option %s",
				argv[optind - 1]);
	}
	p->first = optind;
	if (!p->arguments && optind < argc)
		return program_usage(p, "it takes no arguments, and was given \"%s\"",
				     argv[optind]);
	return -1;
}

int program_begin(const struct program *p, struct conf *conf, struct err *e)
{
	if (conf_read(p->config, conf, e))
		return -1;
	log_init(p->name, (enum log_level)log_level_by_name(conf->log.level));
	secret_init();
	return conf_has_servers(conf, e) ? 0 : -1;
}

int program_check(const struct program *p, const struct conf *conf, struct err *e)
{
	if (!conf_is_private(conf, e))
		return -1;
	if (p->metrics && p->metrics[0] && httpd_try(p->metrics, e))
		return err_prefix(e, "--metrics");
	printf("all is there that %s needs\n", p->name);
	return 0;
}
