/* db: what an error of the server means for a job, and what its text may say */
#include <string.h>

#include "core/runtime/db_internal.h"
#include "tests/unit/unit.h"

static void a_sqlstate_decides_what_becomes_of_a_job(void **state)
{
	static const struct {
		const char *sqlstate;
		enum err_kind kind;
		enum err_code code;
	} cases[] = {
		{"08006", ERR_RETRY, ERR_CODE_DISCONNECTED},
		{"57P01", ERR_RETRY, ERR_CODE_DISCONNECTED},
		{"57014", ERR_RETRY, ERR_CODE_TIMEOUT},
		{"53300", ERR_RETRY, ERR_CODE_NONE},
		{"40001", ERR_RETRY, ERR_CODE_CONFLICT},
		{"40P01", ERR_RETRY, ERR_CODE_CONFLICT},
		{"55P03", ERR_RETRY, ERR_CODE_CONFLICT},
		{"22P02", ERR_FINAL, ERR_CODE_DATA},
		{"23505", ERR_RETRY, ERR_CODE_CONFLICT},
		{"23514", ERR_FINAL, ERR_CODE_DATA},
		{"P0001", ERR_FINAL, ERR_CODE_DATA},
		{"22P03", ERR_BUG, ERR_CODE_NONE},
		{"42601", ERR_BUG, ERR_CODE_NONE},
		{"42501", ERR_BUG, ERR_CODE_NONE},
		{"25P02", ERR_BUG, ERR_CODE_NONE},
		{"XX000", ERR_BUG, ERR_CODE_NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct err e = {0};

		assert_int_equal(db_judge(&e, "ping", cases[i].sqlstate, "text"), -1);
		if (e.kind != cases[i].kind || e.code != cases[i].code)
			fail_msg("%s: %s, %s", cases[i].sqlstate, err_kind_name(e.kind),
				 err_code_name(e.code));
	}
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
		cmocka_unit_test(a_sqlstate_decides_what_becomes_of_a_job),
		cmocka_unit_test(an_error_does_not_quote_the_data),
	};

	return cmocka_run_group_tests_name("db_error", tests, NULL, NULL);
}
