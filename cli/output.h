/*
 * output - what commands print: one JSON value, or a table for people made from the same value
 */
#ifndef WAYBILL_OUTPUT_H
#define WAYBILL_OUTPUT_H

#include <jansson.h>
#include <stdio.h>

#include "core/runtime/db.h"

/*
 * rows_to_json - an array of objects; keys are the statement's column names, json columns are
 * embedded
 */
json_t *rows_to_json(const struct db_result *r);

/*
 * print_value - an array of objects as a table, an object as a record whose lists are tables
 *
 * Control characters are printed as '?', so that no text from outside reaches the terminal as a command. A table
 * that is wider than the terminal is printed without its empty columns and with the widest cut, with "…" for what
 * is missing; where out is no terminal nothing is.
 */
void print_value(FILE *out, const json_t *value);

void print_json(FILE *out, const json_t *value);

#endif
