/*
 * cli - what the commands of `waybill` have in common
 *
 * A command is a row of a table: its words, its options, and a function. The function runs inside
 * of one transaction (unless it asks for none), sets what is to be printed, and notes which jobs
 * are due. After the commit these are published; when that fails, the clock does it. A command
 * that loses against another transaction is run again.
 */
#ifndef WAYBILL_CLI_H
#define WAYBILL_CLI_H

#include <jansson.h>

#include "cli/field.h"
#include "cli/output.h"
#include "core/runtime/amqp.h"
#include "core/runtime/conf.h"
#include "core/runtime/db.h"
#include "core/runtime/secret.h"

enum { EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_NOT_FOUND = 3, EXIT_UNREACHABLE = 4 };

struct cli;

struct command {
	const char *words; /* "stock receive" */
	const char *args;  /* "ORDER...": what it takes besides options; "" for nothing */
	size_t args_min, args_max;
	const struct field *fields; /* options; NULL: none */
	int (*run)(struct cli *cli, struct err *e);
	const char *help;
	int is_alone;  /* no transaction: it takes what it needs itself */
	int needs_key; /* credentials: it is for whoever has the master key and the workers' login */
};

enum { ARGS_ANY = 10000 };

/* The nouns; each table ends with {0}. */
extern const struct command install_commands[], doctor_commands[], merchant_commands[],
	store_commands[], store_map_commands[], carrier_commands[], location_commands[],
	item_commands[], stock_commands[], order_commands[], order_work_commands[],
	order_import_commands[], shipment_commands[], shipment_work_commands[], due_commands[],
	dead_commands[], audit_commands[], privacy_commands[], label_commands[];

struct due {
	const char *role;
	int64_t id;
};

struct cli {
	struct arena *arena;
	struct conf conf;
	const struct command *command;
	const char **
		values; /* of command->fields, checked and brought into the database's form; NULL: not given */
	char **args;
	size_t arg_count;
	int is_json;
	int status;	 /* exit code; set by cli_usage() and commands that find something wrong */
	const char *url; /* of the database, once it was chosen */
	struct db_pool *pool;
	struct db *db; /* in a transaction */
	struct amqp *broker;
	json_t *output; /* an array is printed as a table, an object as a record */
	struct buffer *notes;
	struct due *dues;
	size_t due_count, due_capacity;
};

/* cli_get - an option's value; NULL when it was not given. A flag that was given is "true". */
const char *cli_get(const struct cli *cli, const char *name);
struct db_value cli_value(const struct cli *cli, const char *name); /* the same as a parameter */
int64_t cli_int(const struct cli *cli, const char *name, int64_t fallback);

/* cli_usage - the command was called wrongly: -1 */
int cli_usage(struct cli *cli, struct err *e, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* cli_api_base - may what --api-base names be called? 0 when it is not given, or empty, too */
int cli_api_base(struct cli *cli, struct err *e);

/* cli_none - what was named is not there: -1 */
int cli_none(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* cli_say - a line for people, printed after the output; not with --json */
void cli_say(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* cli_rows, cli_record - what a statement gave is the output: all rows, or the only one */
void cli_rows(struct cli *cli, const struct db_result *r);
void cli_record(struct cli *cli, const struct db_result *r);

/* cli_due - a job to publish after the commit; cli_dues - rows of (role, id) */
void cli_due(struct cli *cli, const char *role, int64_t id);
void cli_dues(struct cli *cli, const struct db_result *r);

/* cli_place - "waybill on db.example:5432": the database that commands work on */
const char *cli_place(struct cli *cli);

/* cli_run - db_run on the command's transaction */
#define cli_run(cli, id, out, e, ...) db_run((cli)->db, (cli)->arena, (id), (out), (e), __VA_ARGS__)

/* cli_begin, cli_commit - a transaction for commands that are alone */
YIELDS
int cli_begin(struct cli *cli, struct err *e);
YIELDS
int cli_commit(struct cli *cli, struct err *e);

/*
 * cli_url - a database's url from its own file, else the environment; "" when neither says one
 *
 * The text is the arena's. Errors name the file, never what is in it.
 */
int cli_url(struct cli *cli, const char *file, const char *variable, const char **url,
	    struct err *e);

/* cli_broker - connected and with its queues declared, or ERR_RETRY after timeout_ms */
YIELDS
int cli_broker(struct cli *cli, int64_t timeout_ms, struct err *e);

/* What people call things, as ids. Errors say what there is or how to make it. */
YIELDS
int cli_merchant(struct cli *cli, int64_t *id, struct err *e); /* --merchant, or the only one */
YIELDS
int cli_store(struct cli *cli, const char *domain, int64_t *id, struct err *e);
YIELDS
int cli_order(struct cli *cli, const char *name, int64_t *id, struct err *e);
int cli_id(struct cli *cli, const char *text, int64_t *id, struct err *e); /* a number */

/* All roles; every program declares their queues. */
extern const char *const cli_roles[];
extern const size_t cli_role_count;

#endif
