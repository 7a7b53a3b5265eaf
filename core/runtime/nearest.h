/*
 * nearest - which of the known words somebody meant
 *
 *   struct nearest n = nearest_to(word);
 *   for each known word: nearest_try(&n, known);
 *   const char *meant = nearest_word(&n);
 */
#ifndef WAYBILL_NEAREST_H
#define WAYBILL_NEAREST_H

enum { NEAREST_BYTES = 64 };

struct nearest {
	const char *word;
	char best[NEAREST_BYTES];
	int distance;
};

/* nearest_to - word must live as long as the struct */
struct nearest nearest_to(const char *word);

/* nearest_try - known may be gone after the call; of two as near the first stays */
void nearest_try(struct nearest *n, const char *known);

/* nearest_word - the nearest; NULL when none is so near that it can have been meant: a third of the letters differ */
const char *nearest_word(const struct nearest *n);

#endif
