/* db: what an error of the server means for a job, and what its text may say */
#include <string.h>

#include "tests/unit/postgres.h"

/*
 * All classes of appendix A, and the codes that differ from their class, as the server itself raises them: the
 * pool's set_config() is ours, and raises whom it is asked for.
 */
static const struct {
	const char *sqlstate;
	enum err_kind kind;
	enum err_code code;
	int is_over;
} wanted[] = {
	{"01000", ERR_BUG, ERR_CODE_NONE, 0},
	{"02000", ERR_BUG, ERR_CODE_NONE, 0},
	{"03000", ERR_BUG, ERR_CODE_NONE, 0},
	{"08006", ERR_RETRY, ERR_CODE_DISCONNECTED, 1},
	{"09000", ERR_BUG, ERR_CODE_NONE, 0},
	{"0A000", ERR_RETRY, ERR_CODE_CONFLICT, 1},
	{"0B000", ERR_BUG, ERR_CODE_NONE, 0},
	{"0F000", ERR_BUG, ERR_CODE_NONE, 0},
	{"0L000", ERR_BUG, ERR_CODE_NONE, 0},
	{"0P000", ERR_BUG, ERR_CODE_NONE, 0},
	{"0Z000", ERR_BUG, ERR_CODE_NONE, 0},
	{"20000", ERR_BUG, ERR_CODE_NONE, 0},
	{"21000", ERR_BUG, ERR_CODE_NONE, 0},
	{"22P02", ERR_FINAL, ERR_CODE_DATA, 0},
	{"22P03", ERR_BUG, ERR_CODE_NONE, 0},
	{"23502", ERR_FINAL, ERR_CODE_DATA, 0},
	{"23505", ERR_RETRY, ERR_CODE_CONFLICT, 0},
	{"23514", ERR_FINAL, ERR_CODE_DATA, 0},
	{"23P01", ERR_RETRY, ERR_CODE_CONFLICT, 0},
	{"24000", ERR_BUG, ERR_CODE_NONE, 0},
	{"25000", ERR_BUG, ERR_CODE_NONE, 0},
	{"25006", ERR_RETRY, ERR_CODE_DISCONNECTED, 1},
	{"25P02", ERR_BUG, ERR_CODE_NONE, 0},
	{"25P03", ERR_RETRY, ERR_CODE_DISCONNECTED, 1},
	{"26000", ERR_RETRY, ERR_CODE_CONFLICT, 1},
	{"27000", ERR_BUG, ERR_CODE_NONE, 0},
	{"28000", ERR_RETRY, ERR_CODE_DISCONNECTED, 1},
	{"2B000", ERR_BUG, ERR_CODE_NONE, 0},
	{"2D000", ERR_BUG, ERR_CODE_NONE, 0},
	{"2F000", ERR_BUG, ERR_CODE_NONE, 0},
	{"34000", ERR_BUG, ERR_CODE_NONE, 0},
	{"38000", ERR_BUG, ERR_CODE_NONE, 0},
	{"39000", ERR_BUG, ERR_CODE_NONE, 0},
	{"3B000", ERR_BUG, ERR_CODE_NONE, 0},
	{"3D000", ERR_RETRY, ERR_CODE_DISCONNECTED, 1},
	{"3F000", ERR_RETRY, ERR_CODE_NONE, 0},
	{"40001", ERR_RETRY, ERR_CODE_CONFLICT, 0},
	{"40003", ERR_RETRY, ERR_CODE_DISCONNECTED, 1},
	{"40P01", ERR_RETRY, ERR_CODE_CONFLICT, 0},
	{"42000", ERR_BUG, ERR_CODE_NONE, 0},
	{"42501", ERR_RETRY, ERR_CODE_NONE, 0},
	{"42601", ERR_BUG, ERR_CODE_NONE, 0},
	{"42703", ERR_RETRY, ERR_CODE_NONE, 0},
	{"42P01", ERR_RETRY, ERR_CODE_NONE, 0},
	{"42P05", ERR_RETRY, ERR_CODE_CONFLICT, 1},
	{"44000", ERR_FINAL, ERR_CODE_DATA, 0},
	{"53100", ERR_RETRY, ERR_CODE_NONE, 0},
	{"53200", ERR_RETRY, ERR_CODE_NONE, 0},
	{"54000", ERR_FINAL, ERR_CODE_DATA, 0},
	{"55000", ERR_RETRY, ERR_CODE_NONE, 0},
	{"55006", ERR_RETRY, ERR_CODE_CONFLICT, 0},
	{"55P02", ERR_BUG, ERR_CODE_NONE, 0},
	{"55P03", ERR_RETRY, ERR_CODE_CONFLICT, 0},
	{"57000", ERR_RETRY, ERR_CODE_NONE, 0},
	{"57014", ERR_RETRY, ERR_CODE_TIMEOUT, 0},
	{"57P01", ERR_RETRY, ERR_CODE_DISCONNECTED, 1},
	{"57P03", ERR_RETRY, ERR_CODE_DISCONNECTED, 1},
	{"58030", ERR_RETRY, ERR_CODE_NONE, 0},
	{"72000", ERR_RETRY, ERR_CODE_CONFLICT, 0},
	{"F0000", ERR_RETRY, ERR_CODE_NONE, 0},
	{"HV000", ERR_BUG, ERR_CODE_NONE, 0},
	{"P0000", ERR_BUG, ERR_CODE_NONE, 0},
	{"P0001", ERR_FINAL, ERR_CODE_DATA, 0},
	{"XX000", ERR_RETRY, ERR_CODE_NONE, 0},
	{"XX001", ERR_RETRY, ERR_CODE_NONE, 0},
};

static void raise_each(struct pool_case *c)
{
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		struct err e = {0};
		struct db *db;

		take_and_ping(c->pool, &db);
		assert_int_equal(db_run(db, c->a, SQL_ACTOR, NULL, &e, db_text(wanted[i].sqlstate)),
				 -1);
		if (!strstr(e.msg, wanted[i].sqlstate) || e.kind != wanted[i].kind ||
		    e.code != wanted[i].code || (db->pg == NULL) != wanted[i].is_over)
			fail_msg("%s is %s, %s, %s: %s", wanted[i].sqlstate, err_kind_name(e.kind),
				 err_code_name(e.code), db->pg ? "kept" : "closed", e.msg);
		db_give(db);
	}
}

static void every_class_of_sqlstates_is_decided(void **state)
{
	PGconn *pg = postgres_connect();

	(void)state;
	postgres_do(pg, "CREATE SCHEMA IF NOT EXISTS raising");
	postgres_do(
		pg,
		"CREATE OR REPLACE FUNCTION raising.set_config(text, value text, boolean) RETURNS text"
		" LANGUAGE plpgsql AS $$ BEGIN"
		"  RAISE EXCEPTION USING ERRCODE = value, MESSAGE = 'raised'; END $$");
	PQfinish(pg);
	run_with_pool_like(&(struct db_settings){.connections = 1},
			   "-c search_path=raising,pg_catalog", raise_each);
}

static void an_error_does_not_quote_the_data(void **state)
{
	struct err e = {0};

	(void)state;
	db_judge(&e, "order_put", "22P02",
		 "invalid input syntax for type uuid: \"Jane \"J\" Doe\"");
	assert_string_equal(e.msg,
			    "sql order_put: invalid input syntax for type uuid: ... (22P02)");
	db_judge(&e, "order_put", "23505",
		 "duplicate key value violates unique constraint \"o_key\"");
	assert_non_null(strstr(e.msg, "\"o_key\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_class_of_sqlstates_is_decided),
		cmocka_unit_test(an_error_does_not_quote_the_data),
	};

	return cmocka_run_group_tests_name("db_error", tests, NULL, NULL);
}
