/*
 * share - how much of an amount falls to some pieces of a line
 *
 * What was paid for a line is paid for its units, and a unit of a kit has several pieces, which may leave from several
 * places. The rule: all pieces of a line stand in one row, unit by unit and in a unit part by part. The first m of n
 * pieces get amount x m / n, rounded down; a piece gets what it adds to those before it.
 *
 * So whole units get what units get, whoever asks for which pieces gets the same answer for ever, and the shares of all
 * pieces are the amount, to the last cent.
 */
#ifndef WAYBILL_SHARE_H
#define WAYBILL_SHARE_H

#include <stdint.h>

/* A part of a line: MUG x 1 in a kit of MUG x 1 and TEE x 2. */
struct share_part {
	int64_t units;	  /* of the line */
	int64_t of_unit;  /* pieces of all parts in a unit */
	int64_t before;	  /* of these, those of earlier parts */
	int64_t per_unit; /* of these, those of this part */
};

/*
 * share_of - what falls to count pieces of a part, of which first go elsewhere
 *
 * amount: not negative, in what cannot be divided: cents, grams. Up to 10^18 for 10^6 units of 10^6 pieces.
 */
int64_t share_of(int64_t amount, const struct share_part *part, int64_t first, int64_t count);

#endif
