/* audit - is the trail whole? */
#include <unistd.h>

#include "cli/cli.h"
#include "core/domain/mail.h"

enum { RANGE = 10000, BROKEN_MAX = 1000 };

static int verify(struct cli *cli, struct err *e)
{
	struct db_result r;
	int64_t last;

	if (db_query(cli->db, cli->arena, SQL_CLI_AUDIT_LAST, NULL, 0, &r, e))
		return -1;
	last = db_get_int64(&r, 0, 0);
	json_decref(cli->output);
	cli->output = json_array();
	for (int64_t from = 1; from <= last && json_array_size(cli->output) < BROKEN_MAX;
	     from += RANGE) {
		if (isatty(STDERR_FILENO))
			fprintf(stderr, "\rorders from %lld of %lld", (long long)from,
				(long long)last);
		if (cli_run(cli, SQL_CLI_AUDIT_BROKEN, &r, e, db_int64(cli->arena, from),
			    db_int64(cli->arena, from + RANGE - 1)))
			return -1;
		json_t *rows = rows_to_json(&r);

		json_array_extend(cli->output, rows);
		json_decref(rows);
	}
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	if (json_array_size(cli->output)) {
		cli->status = EXIT_REFUSED;
		cli_say(cli,
			"\nIn %s: the first event of each of these orders that is not what was written.",
			cli_place(cli));
	} else {
		cli_say(cli, "\nThe audit trail of %s is whole.", cli_place(cli));
	}
	return 0;
}

static int mail_check(struct cli *cli, struct err *e)
{
	struct mail_templates *templates;

	if (mail_templates_load(cli->args[0], &templates, e))
		return -1;
	mail_templates_free(templates);
	cli->output = json_pack("{s:s, s:b}", "folder", cli->args[0], "good", 1);
	return 0;
}

const struct command audit_commands[] = {
	{"audit verify", "", 0, 0, NULL, verify,
	 .help = "Recompute the hash chain of every order's events"},
	{"mail check", "FOLDER", 1, 1, NULL, mail_check,
	 .help = "Check edited mail templates before they are installed", .is_alone = 1},
	{0},
};
