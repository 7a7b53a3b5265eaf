/* Shares of a line's amount: exact, whoever asks for which pieces. */
#include "core/domain/share.h"

#include <stdlib.h>

#include "tests/unit/unit.h"

enum { ROUNDS = 3000, PARTS_MAX = 4, SHIPMENTS = 5 };

static uint64_t seed = 7;

static int64_t any(int64_t least, int64_t most)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return least + (int64_t)((seed >> 33) % (uint64_t)(most - least + 1));
}

/* A line of so many units, its parts, and where each piece goes. */
struct line {
	int64_t amount, units, of_unit, part_count, before[PARTS_MAX], per_unit[PARTS_MAX];
	int64_t pieces[PARTS_MAX][SHIPMENTS];
};

static struct share_part part_of(const struct line *l, int64_t p)
{
	return (struct share_part){.units = l->units,
				   .of_unit = l->of_unit,
				   .before = l->before[p],
				   .per_unit = l->per_unit[p]};
}

static struct line any_line(void)
{
	struct line l = {
		.amount = any(0, 1) ? any(0, 50) : any(0, INT64_C(1) << 30) * any(0, 1 << 20),
		.units = any(1, 9),
		.part_count = any(1, PARTS_MAX),
	};

	for (int64_t p = 0; p < l.part_count; p++) {
		l.before[p] = l.of_unit;
		l.per_unit[p] = any(1, 5);
		l.of_unit += l.per_unit[p];
		int64_t left = l.units * l.per_unit[p];

		for (int s = 0; s < SHIPMENTS; s++) {
			l.pieces[p][s] = s == SHIPMENTS - 1 ? left : any(0, left);
			left -= l.pieces[p][s];
		}
	}
	return l;
}

/* As the header says it, piece by piece. */
static int64_t counted(const struct line *l, int64_t p, int64_t first, int64_t count)
{
	__int128 all = (__int128)l->units * l->of_unit, sum = 0;

	for (int64_t i = first; i < first + count; i++) {
		__int128 at = (__int128)(i / l->per_unit[p]) * l->of_unit + l->before[p] +
			      i % l->per_unit[p];

		sum += l->amount * (at + 1) / all - l->amount * at / all;
	}
	return (int64_t)sum;
}

static void shares_are_what_the_rule_says_and_sum_up_to_the_amount(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct line l = any_line();
		int64_t sum = 0;

		for (int64_t p = 0; p < l.part_count; p++) {
			struct share_part part = part_of(&l, p);
			int64_t first = 0;

			for (int s = 0; s < SHIPMENTS; s++) {
				int64_t here = share_of(l.amount, &part, first, l.pieces[p][s]);

				assert_true(here >= 0);
				assert_int_equal(here, counted(&l, p, first, l.pieces[p][s]));
				first += l.pieces[p][s];
				sum += here;
			}
		}
		assert_int_equal(sum, l.amount);
	}
}

static void whole_units_get_what_units_get_however_many_parts_they_have(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct line l = any_line();
		int64_t first = any(0, l.units), count = any(0, l.units - first), sum = 0;
		struct share_part plain = {
			.units = l.units, .of_unit = 1, .before = 0, .per_unit = 1};

		for (int64_t p = 0; p < l.part_count; p++) {
			struct share_part part = part_of(&l, p);

			sum += share_of(l.amount, &part, first * part.per_unit,
					count * part.per_unit);
		}
		assert_int_equal(sum, share_of(l.amount, &plain, first, count));
	}
}

static void a_million_kits_are_shared_at_once(void **state)
{
	const int64_t amount = INT64_C(900000000000000000), units = 1000000;
	struct share_part one = {.units = units, .of_unit = 500000, .before = 0, .per_unit = 1};
	struct share_part rest = {
		.units = units, .of_unit = 500000, .before = 1, .per_unit = 499999};

	(void)state;
	assert_int_equal(share_of(amount, &one, 0, units) +
				 share_of(amount, &rest, 0, units * 499999),
			 amount);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_are_what_the_rule_says_and_sum_up_to_the_amount),
		cmocka_unit_test(whole_units_get_what_units_get_however_many_parts_they_have),
		cmocka_unit_test(a_million_kits_are_shared_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
