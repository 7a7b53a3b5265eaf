/*
 * help - the commands there are, what each takes, and which one somebody meant
 */
#ifndef WAYBILL_HELP_H
#define WAYBILL_HELP_H

#include <stdio.h>

#include "cli/cli.h"

/* help_find - the command whose words stand at the beginning; *words: how many. NULL: there is none */
const struct command *help_find(int argc, char **argv, int *words);

/* help_print - every command, by subject */
void help_print(FILE *out);

/* help_print_noun - the commands of a noun ("stock"); how many there are */
int help_print_noun(FILE *out, const char *noun);

/* help_print_command - its arguments and options */
void help_print_command(const struct command *c);

/* help_unknown - says that there is no such command, and which are near; the exit code */
int help_unknown(int argc, char **argv);

/* help_near_option - the option of a command that is meant by name; NULL: none is near */
const char *help_near_option(struct arena *a, const struct command *c, const char *name);

#endif
