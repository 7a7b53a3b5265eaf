/* help - the commands there are, what each takes, and which one somebody meant */
#include "cli/help.h"

#include "core/runtime/nearest.h"

enum { OPTION_COLUMN = 30 };

static const struct {
	const char *heading; /* NULL: as above */
	const struct command *commands;
} tables[] = {
	{"Installing and looking after", install_commands},
	{NULL, doctor_commands},
	{"Merchants, stores and carriers", merchant_commands},
	{NULL, store_commands},
	{NULL, store_map_commands},
	{NULL, carrier_commands},
	{"Places, items and stock", location_commands},
	{NULL, item_commands},
	{NULL, stock_commands},
	{"Orders and shipments", order_commands},
	{NULL, order_work_commands},
	{NULL, order_import_commands},
	{NULL, shipment_commands},
	{NULL, shipment_work_commands},
	{NULL, label_commands},
	{"Work, dead letters and the audit trail", due_commands},
	{NULL, dead_commands},
	{NULL, audit_commands},
	{NULL, privacy_commands},
};

#define FOR_EACH_COMMAND(c)                                                                        \
	for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)                                \
		for (const struct command *c = tables[t].commands; c->words; c++)

static int is_word(const char *text, const char *word, size_t len)
{
	return strlen(text) == len && strncmp(text, word, len) == 0;
}

const struct command *help_find(int argc, char **argv, int *words)
{
	FOR_EACH_COMMAND(c)
	{
		size_t first = strcspn(c->words, " ");
		const char *second = c->words[first] ? c->words + first + 1 : NULL;

		if (argc < 1 || !is_word(argv[0], c->words, first))
			continue;
		if (second && (argc < 2 || strcmp(argv[1], second) != 0))
			continue;
		*words = second ? 2 : 1;
		return c;
	}
	return NULL;
}

static void print_line(FILE *out, const struct command *c)
{
	fprintf(out, "  %-20s  %s\n", c->words, c->help);
}

void help_print(FILE *out)
{
	fprintf(out, "usage: waybill COMMAND [ARGUMENTS] [--config FILE] [--json]\n"
		     "       waybill help COMMAND\n");
	for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
		if (tables[t].heading)
			fprintf(out, "\n%s\n", tables[t].heading);
		for (const struct command *c = tables[t].commands; c->words; c++)
			print_line(out, c);
	}
	fprintf(out, "\nConfiguration: --config FILE, else $WAYBILL_CONFIG, else "
		     "/etc/waybill/waybill.conf.\n"
		     "Exit codes: 0 done, 1 refused, 2 called wrongly, 3 not found, "
		     "4 database or broker unreachable.\n");
}

int help_print_noun(FILE *out, const char *noun)
{
	int count = 0;

	FOR_EACH_COMMAND(c)
	{
		if (!is_word(noun, c->words, strcspn(c->words, " ")))
			continue;
		print_line(out, c);
		count++;
	}
	return count;
}

void help_print_command(const struct command *c)
{
	printf("usage: waybill %s%s%s [OPTIONS]\n\n%s\n\n", c->words, c->args[0] ? " " : "",
	       c->args, c->help);
	for (const struct field *f = c->fields; f && f->name; f++) {
		int width = printf("  --%s %s", f->name, field_takes(f));

		if (width >= OPTION_COLUMN) { /* long choices have a line of their own */
			putchar('\n');
			width = 0;
		}
		printf("%*s %s%s%s\n", OPTION_COLUMN - width, "", f->help ? f->help : "",
		       f->help && f->is_required ? "; " : "", f->is_required ? "needed" : "");
	}
	printf("  --config FILE\n  --json\n");
}

/* Whole commands are compared with what was said, nouns with its first word. */
static void print_near(const char *first, const char *both)
{
	struct nearest command = nearest_to(both), noun = nearest_to(first);

	FOR_EACH_COMMAND(c)
	{
		char word[NEAREST_BYTES] = "";

		memcpy(word, c->words, strcspn(c->words, " "));
		nearest_try(&command, c->words);
		nearest_try(&noun, word);
	}
	if (nearest_word(&command))
		fprintf(stderr, "; did you mean \"%s\"?\n", nearest_word(&command));
	else if (nearest_word(&noun))
		fprintf(stderr, "; did you mean \"%s\"?\n", nearest_word(&noun));
	else
		fputs("\n", stderr);
}

static int is_noun(const char *word)
{
	FOR_EACH_COMMAND(c)
	{
		if (is_word(word, c->words, strcspn(c->words, " ")))
			return 1;
	}
	return 0;
}

int help_unknown(int argc, char **argv)
{
	const char *first = argc ? argv[0] : "";
	const char *second = argc > 1 && argv[1][0] != '-' ? argv[1] : NULL;
	char both[2 * NEAREST_BYTES];

	snprintf(both, sizeof both, "%s%s%s", first, second ? " " : "", second ? second : "");
	if (!second && is_noun(first)) {
		fprintf(stderr, "waybill: \"%s\" wants one word more:\n", first);
	} else {
		fprintf(stderr, "waybill: there is no command \"%s\"", both);
		print_near(first, both);
	}
	if (help_print_noun(stderr, first) == 0)
		fputs("see `waybill --help`\n", stderr);
	return EXIT_USAGE;
}

const char *help_near_option(struct arena *a, const struct command *c, const char *name)
{
	struct nearest n = nearest_to(name);

	for (const struct field *f = c->fields; f && f->name; f++)
		nearest_try(&n, f->name);
	nearest_try(&n, "config");
	nearest_try(&n, "json");
	nearest_try(&n, "help");
	return nearest_word(&n) ? arena_strdup(a, nearest_word(&n)) : NULL;
}
