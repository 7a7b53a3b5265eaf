/* install - setup and migrate: from nothing to an installation */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "core/runtime/migrate.h"
#include "core/runtime/text.h"

enum { BROKER_MS = 10000, KEY_MODE = 0600 };

static const struct field setup_fields[] = {
	{"key", FIELD_TEXT, .max = 1000,
	 .help = "where the master key is or goes; else secrets.key_file"},
	{0},
};

/*
 * Root makes the key for those who may read the configuration: its group. Where that cannot be, the key is root's
 * alone.
 */
static void share_as_configuration(int fd, const char *conf_path)
{
	struct stat st;

	if (geteuid() == 0 && stat(conf_path, &st) == 0 && st.st_mode & S_IRGRP &&
	    fchown(fd, (uid_t)-1, st.st_gid) == 0)
		fchmod(fd, KEY_MODE | S_IRGRP);
}

/* 1 when it was made, 0 when there is one; nobody else can read it at any moment. */
static int make_key(struct cli *cli, const char *path, struct err *e)
{
	struct secret text = secret_key_make(cli->arena);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, KEY_MODE);

	if (fd < 0 && errno == EEXIST)
		return 0;
	if (fd < 0)
		return err_final(e, "cannot make %s: %s", text_cut(path, 120), strerror(errno));
	share_as_configuration(fd, cli->conf.path);
	int failed = write(fd, text.bytes, text.len) != (ssize_t)text.len ||
		     write(fd, "\n", 1) != 1 || fsync(fd);

	if (close(fd) || failed) {
		unlink(path);
		return err_final(e, "cannot write %s: %s", text_cut(path, 120), strerror(errno));
	}
	return 1;
}

static int setup(struct cli *cli, struct err *e)
{
	const char *given = cli_get(cli, "key");
	const char *path = given ? given : cli->conf.secrets.key_file;
	struct master_key *key;

	if (!path[0])
		return cli_usage(cli, e, "secrets.key_file is not set: set it, or give --key FILE");
	int is_new = make_key(cli, path, e);

	if (is_new < 0 || secret_key_read(path, &key, e))
		return -1;
	secret_key_free(key);
	if (cli_broker(cli, BROKER_MS, e)) {
		cli->status = EXIT_UNREACHABLE;
		return err_prefix(e, "broker");
	}
	cli->output = json_pack("{s:s, s:b, s:i}", "key_file", path, "key_is_new", is_new, "queues",
				(int)cli_role_count);
	cli_say(cli,
		is_new ? "\nThe master key is new. Keep a copy of it apart from the database's "
			 "backups: without it the stores' credentials cannot be opened."
		       : "\nThe master key was there.");
	if (strcmp(path, cli->conf.secrets.key_file) != 0)
		cli_say(cli, "Set secrets.key_file to it.");
	if (!cli->conf.database.owner_url_file[0] || !cli->conf.database.operator_url_file[0])
		cli_say(cli,
			"The owner's and the operators' database urls belong into files of their "
			"own (0600, 0640), named by database.owner_url_file and "
			"database.operator_url_file: no worker may read them.");
	cli_say(cli, "Next:  waybill migrate\n"
		     "       waybill merchant add NAME\n"
		     "       waybill location add --help\n"
		     "       waybill item import FILE.csv\n"
		     "       waybill stock import FILE.csv\n"
		     "       waybill store add --help\n"
		     "       waybill carrier add --help\n"
		     "       waybill doctor");
	return 0;
}

static void report(const char *name)
{
	fprintf(stderr, "applying %s\n", name);
}

static int migrate(struct cli *cli, struct err *e)
{
	const char *url;
	int applied = 0;

	if (cli_url(cli, cli->conf.database.owner_url_file, "WAYBILL_OWNER_URL", &url, e))
		return -1;
	if (!url[0])
		return err_final(e, "database.owner_url_file is not set (nor $WAYBILL_OWNER_URL): "
				    "migrations need the owner of the schema");
	if (migrate_apply(url, report, &applied, e)) {
		if (e->kind == ERR_RETRY)
			cli->status = EXIT_UNREACHABLE;
		return -1;
	}
	cli->output = json_pack("{s:i, s:s}", "applied", applied, "database",
				db_url_place(cli->arena, url));
	return 0;
}

const struct command install_commands[] = {
	{"setup", "", 0, 0, setup_fields, setup,
	 .help = "Make the master key if there is none, check the configuration, declare the queues",
	 .is_alone = 1},
	{"migrate", "", 0, 0, NULL, migrate, .help = "Bring the database to this version's schema",
	 .is_alone = 1},
	{0},
};
