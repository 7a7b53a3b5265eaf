/*
 * conf_keys - the keys of the configuration file: names, types, defaults, limits
 */
#ifndef WAYBILL_CONF_KEYS_H
#define WAYBILL_CONF_KEYS_H

#include <stddef.h>

#include "core/runtime/conf.h"

enum { CONF_KEYS_MAX = 64, CONF_NAME_BYTES = 64 };

enum conf_type {
	CONF_TEXT,
	CONF_FILE,
	CONF_DIRECTORY,
	CONF_LABEL_STORE,
	CONF_DATABASE_URL,
	CONF_BROKER_URLS,
	CONF_MAIL_URL,
	CONF_LISTEN,
	CONF_LOG_LEVEL,
	CONF_WHOLE, /* an int from min to max */
	CONF_YES_NO,
};

struct conf_key {
	const char *section, *name;
	enum conf_type type;
	size_t offset;		 /* in struct conf */
	const char *fallback;	 /* the default; "" for a text: not set */
	const char *environment; /* what is asked before the default; NULL: nothing */
	int min, max;
	const char *help;
};

/* In the order of sections; ends with a NULL name. */
extern const struct conf_key conf_keys[];

/* conf_key_name - "section.name" */
void conf_key_name(const struct conf_key *k, char out[CONF_NAME_BYTES]);

/*
 * conf_key_set - check value and keep a copy in out; else -1, and wrong says what it must be,
 * without the value
 */
int conf_key_set(const struct conf_key *k, const char *value, struct conf *out, char *wrong,
		 size_t size);

#endif
