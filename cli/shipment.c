/* shipment - looking at shipments; their labels */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "cli/file.h"
#include "core/runtime/text.h"

enum { LIST_MAX = 200, LABEL_MAX = 4 * 1024 * 1024, LABEL_MODE = 0600 };

static const struct field list_fields[] = {
	{"state", FIELD_CHOICE,
	 .choices =
		 "planned|released|picked|submitted|accepted|rejected|shipped|delivered|cancelled"},
	{"location", FIELD_TEXT, .max = 40},
	{"limit", FIELD_INT, .min = 1, .max = 100000},
	{0},
};
static const struct field label_fields[] = {
	{"out", FIELD_TEXT, .max = 1000, .is_required = 1,
	 .help = "a new file, or - for standard output"},
	{0},
};

static int shipment_list(struct cli *cli, struct err *e)
{
	struct db_result r;

	if (cli_run(cli, SQL_CLI_SHIPMENT_LIST, &r, e, cli_value(cli, "state"),
		    cli_value(cli, "location"),
		    db_int64(cli->arena, cli_int(cli, "limit", LIST_MAX))))
		return -1;
	cli_rows(cli, &r);
	return 0;
}

static int shipment_show(struct cli *cli, struct err *e)
{
	struct db_result r;
	int64_t id;

	if (cli_id(cli, cli->args[0], &id, e) ||
	    cli_run(cli, SQL_CLI_SHIPMENT_SHOW, &r, e, db_int64(cli->arena, id)))
		return -1;
	if (r.rows == 0)
		return cli_none(e, "there is no shipment %lld", (long long)id);
	cli_record(cli, &r);
	return 0;
}

static int write_label(const char *path, const void *bytes, size_t len, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, LABEL_MODE);

	if (fd < 0)
		return err_final(e, "cannot make %s: %s", text_cut(path, 120), strerror(errno));
	int failed = write(fd, bytes, len) != (ssize_t)len;

	if (close(fd) || failed) {
		unlink(path);
		return err_final(e, "cannot write %s: %s", text_cut(path, 120), strerror(errno));
	}
	return 0;
}

static int shipment_label(struct cli *cli, struct err *e)
{
	const char *out = cli_get(cli, "out");
	struct db_result r;
	char *text;
	size_t len;
	int64_t id;

	if (cli_id(cli, cli->args[0], &id, e) ||
	    cli_run(cli, SQL_CLI_SHIPMENT_LABEL, &r, e, db_int64(cli->arena, id)))
		return -1;
	if (r.rows == 0)
		return cli_none(e, "there is no shipment %lld", (long long)id);
	if (db_is_null(&r, 0, 0) && db_is_null(&r, 0, 3))
		return cli_none(e,
				"shipment %lld has no label yet; see `waybill shipment show %lld`",
				(long long)id, (long long)id);
	if (db_is_null(&r, 0, 0))
		return cli_none(
			e,
			"shipment %lld has no label to print: it is %s; see `waybill label list`",
			(long long)id, db_get_text(&r, 0, 3));
	const void *bytes = db_get_bytes(cli->arena, &r, 0, 1, &len);

	if (!bytes && file_read(cli->arena, db_get_text(&r, 0, 2), LABEL_MAX, &text, &len, e))
		return -1;
	if (strcmp(out, "-") == 0) {
		fwrite(bytes ? bytes : text, 1, len, stdout);
		return 0;
	}
	if (write_label(out, bytes ? bytes : text, len, e))
		return -1;
	cli->output = json_pack("{s:s, s:s, s:I}", "file", out, "content_type",
				db_get_text(&r, 0, 0), "bytes", (json_int_t)len);
	return 0;
}

static int backorder_list(struct cli *cli, struct err *e)
{
	struct db_result r;

	if (db_query(cli->db, cli->arena, SQL_CLI_BACKORDER_LIST, NULL, 0, &r, e))
		return -1;
	cli_rows(cli, &r);
	return 0;
}

const struct command shipment_commands[] = {
	{"shipment list", "", 0, 0, list_fields, shipment_list,
	 .help = "List shipments, the newest first"},
	{"shipment show", "ID", 1, 1, NULL, shipment_show,
	 .help = "Show a shipment, its units and parcels"},
	{"shipment label", "ID", 1, 1, label_fields, shipment_label,
	 .help = "Write a shipment's label into a file"},
	{"backorder list", "", 0, 0, NULL, backorder_list,
	 .help = "List units that wait, in the order they will be served"},
	{0},
};
