/* share - how much of an amount falls to some pieces of a line */
#include "core/domain/share.h"

/*
 * The sum of (a x i + b) / m, rounded down, for i from 0 to n - 1, in as many steps as Euclid needs: of a line of a
 * million kits nobody counts the units one by one. All are 0 or more; products stay below 2^127.
 */
static __int128 floor_sum(__int128 n, __int128 m, __int128 a, __int128 b)
{
	__int128 sum = 0;

	for (;;) {
		sum += n * (n - 1) / 2 * (a / m) + n * (b / m);
		a %= m;
		b %= m;
		__int128 last = a * n + b, divisor = m;

		if (last < m)
			return sum;
		n = last / m;
		b = last % m;
		m = a;
		a = divisor;
	}
}

/* What falls to the first pieces of a part. */
static __int128 share_until(int64_t amount, const struct share_part *p, int64_t pieces)
{
	__int128 all = (__int128)p->units * p->of_unit, step = (__int128)amount * p->of_unit;
	__int128 begin = (__int128)amount * p->before, end = begin + (__int128)amount * p->per_unit;
	int64_t whole = pieces / p->per_unit, rest = pieces % p->per_unit;
	__int128 here = (__int128)whole * p->of_unit + p->before;

	return floor_sum(whole, all, step, end) - floor_sum(whole, all, step, begin) +
	       amount * (here + rest) / all - amount * here / all;
}

int64_t share_of(int64_t amount, const struct share_part *p, int64_t first, int64_t count)
{
	return (int64_t)(share_until(amount, p, first + count) - share_until(amount, p, first));
}
