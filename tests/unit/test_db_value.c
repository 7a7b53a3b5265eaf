/* db: values on the wire, and columns read */
#include "tests/unit/postgres.h"

static void an_array_of_integers_is_postgresql_binary(void **state)
{
	static const unsigned char want[] = {0,	   0,	 0,    1,    0,	   0,	 0,    1,    0,
					     0,	   0,	 20,   0,    0,	   0,	 2,    0,    0,
					     0,	   1,	 0,    0,    0,	   8,	 0xff, 0xff, 0xff,
					     0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff};
	struct arena *a = arena_new();
	struct db_value v = db_int64s(a, (const int64_t[]){-2, DB_INT64_NULL}, 2);

	(void)state;
	assert_int_equal(v.len, sizeof want);
	assert_memory_equal(v.data, want, sizeof want);
	arena_free(a);
}

static void values_arrive_as_they_were_sent(void **state)
{
	PGconn *pg = postgres_connect();
	struct arena *a = arena_new();
	const struct {
		const char *sql, *want;
		struct db_value value;
	} cases[] = {
		{"SELECT $1::bigint", "-9223372036854775807", db_int64(a, -INT64_MAX)},
		{"SELECT $1::bigint", "9007199254740993", db_int64(a, 9007199254740993)},
		{"SELECT $1::bigint", "(null)", db_null()},
		{"SELECT $1::boolean", "t", db_bool(2)},
		{"SELECT $1::boolean", "f", db_bool(0)},
		{"SELECT $1::text", "it's \"J\xc3\xb6rg\"; --",
		 db_text("it's \"J\xc3\xb6rg\"; --")},
		{"SELECT $1::text", "", db_text("")},
		{"SELECT $1::text", "(null)", db_text(NULL)},
		{"SELECT $1::jsonb", "{\"a\": 1}", db_text("{\"a\":1}")},
		{"SELECT encode($1::bytea, 'hex')", "00ff27", db_bytes("\0\xff'", 3)},
		{"SELECT $1::bigint[]", "{1,NULL,-3}",
		 db_int64s(a, (const int64_t[]){1, DB_INT64_NULL, -3}, 3)},
		{"SELECT $1::bigint[]", "{}", db_int64s(a, NULL, 0)},
		{"SELECT $1::boolean[]", "{t,f}", db_bools(a, (const int[]){5, 0}, 2)},
		{"SELECT $1::text[]", "{a,NULL,\"\",\"b,\\\"}\"}",
		 db_texts(a, (const char *const[]){"a", NULL, "", "b,\"}"}, 4)},
		{"SELECT $1::text[]", "{}", db_texts(a, NULL, 0)},
		{"SELECT $1::bytea[]", "{\"\\\\x00ff27\",NULL,\"\\\\x\"}",
		 db_blobs(a, (const struct db_blob[]){{"\0\xff'", 3}, {NULL, 0}, {"", 0}}, 3)},
		{"SELECT $1::bytea[]", "{}", db_blobs(a, NULL, 0)},
		{"SELECT $1::text[]::uuid[]", "{00000000-0000-7000-8000-000000000001}",
		 db_texts(a, (const char *const[]){"00000000-0000-7000-8000-000000000001"}, 1)},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(postgres_ask(pg, cases[i].sql, &cases[i].value), cases[i].want);
	PQfinish(pg);
	arena_free(a);
}

static void columns_are_read_by_type_and_null_is_seen(void **state)
{
	PGconn *pg = postgres_connect();
	struct arena *a = arena_new();
	size_t len = 99;
	PGresult *r = PQexec(pg, "SELECT 9223372036854775807, true, 'x', 1.5, '\\x00ff'::bytea"
				 " UNION ALL SELECT NULL, NULL, NULL, NULL, NULL");
	const struct db_result result = {.rows = (size_t)PQntuples(r), .pg = r};

	(void)state;
	assert_int_equal(result.rows, 2);
	assert_true(db_get_int64(&result, 0, 0) == INT64_MAX);
	assert_int_equal(db_get_bool(&result, 0, 1), 1);
	assert_string_equal(db_get_text(&result, 0, 2), "x");
	assert_true(db_get_double(&result, 0, 3) == 1.5);
	assert_memory_equal(db_get_bytes(a, &result, 0, 4, &len), "\0\xff", 2);
	assert_int_equal(len, 2);
	assert_false(db_is_null(&result, 0, 0));
	for (int column = 0; column < 5; column++)
		assert_true(db_is_null(&result, 1, column));
	assert_true(db_get_int64(&result, 1, 0) == 0);
	assert_int_equal(db_get_bool(&result, 1, 1), 0);
	assert_null(db_get_text(&result, 1, 2));
	assert_null(db_get_bytes(a, &result, 1, 4, &len));
	assert_int_equal(len, 0);
	PQclear(r);
	PQfinish(pg);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_array_of_integers_is_postgresql_binary),
		cmocka_unit_test(values_arrive_as_they_were_sent),
		cmocka_unit_test(columns_are_read_by_type_and_null_is_seen),
	};

	return cmocka_run_group_tests_name("db_value", tests, NULL, NULL);
}
