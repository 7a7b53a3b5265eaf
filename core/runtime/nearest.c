/* nearest - which of the known words somebody meant */
#include "core/runtime/nearest.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static int min(int a, int b)
{
	return a < b ? a : b;
}

/* Levenshtein's distance: how many letters to insert, delete or replace. */
static int distance(const char *a, const char *b)
{
	int row[NEAREST_BYTES + 1];
	int width = (int)strnlen(b, NEAREST_BYTES), height = (int)strnlen(a, NEAREST_BYTES);

	for (int x = 0; x <= width; x++)
		row[x] = x;
	for (int y = 1; y <= height; y++) {
		int diagonal = row[0];

		row[0] = y;
		for (int x = 1; x <= width; x++) {
			int replaced = diagonal + (a[y - 1] != b[x - 1]);

			diagonal = row[x];
			row[x] = min(replaced, min(row[x], row[x - 1]) + 1);
		}
	}
	return row[width];
}

struct nearest nearest_to(const char *word)
{
	return (struct nearest){.word = word, .distance = INT_MAX};
}

void nearest_try(struct nearest *n, const char *known)
{
	int far = distance(n->word, known);

	if (far >= n->distance)
		return;
	n->distance = far;
	snprintf(n->best, sizeof n->best, "%s", known);
}

const char *nearest_word(const struct nearest *n)
{
	int letters = (int)strnlen(n->word, NEAREST_BYTES);

	return n->distance <= 1 + letters / 3 ? n->best : NULL;
}
