/* errors - what Shippo and the carriers behind it say when they refuse */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "connectors/shippo/shippo_internal.h"
#include "core/runtime/buffer.h"
#include "core/runtime/text.h"
#include "core/runtime/utf8.h"

/* What is shorter ("of", "St") is everywhere and gives nobody away. */
enum { PERSONAL_MIN = 3, NESTING_MAX = 8 };

static int is_word_byte(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* Bytes of value at the beginning of text, as words of their own; 0: it is not there. */
static size_t value_length(const char *text, const char *value)
{
	size_t len;

	if (!value)
		return 0;
	value += strspn(value, " ");
	len = strlen(value);
	while (len && value[len - 1] == ' ')
		len--;
	if (len < PERSONAL_MIN || strncasecmp(text, value, len) != 0)
		return 0;
	return is_word_byte(value[len - 1]) && is_word_byte(text[len]) ? 0 : len;
}

/* The same of the recipient's values, the longest that is there. */
static size_t personal_length(const struct address *who, const char *text)
{
	const char *const values[] = {who->name, who->company, who->address1, who->address2,
				      who->city, who->zip,     who->phone,    who->email};
	size_t longest = 0;

	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		size_t len = value_length(text, values[i]);

		longest = len > longest ? len : longest;
	}
	return longest;
}

/*
 * Whole values only: masked word by word, the rest of what a carrier says to "12 Address Street" would be stars.
 */
const char *shippo_without(struct arena *a, const char *text, const struct address *who, size_t max)
{
	struct buffer out = {.arena = a};
	int is_within_word = 0;

	while (*text && out.len < max) {
		size_t len = who && !is_within_word ? personal_length(who, text) : 0;

		if (len)
			buffer_text(&out, "***");
		else
			buffer_char(&out, iscntrl((unsigned char)*text) ? ' ' : *text);
		text += len ? len : 1;
		is_within_word = is_word_byte(text[-1]);
	}
	return out.len ? utf8_clean(a, out.data, out.len, max) : "";
}

struct words {
	struct buffer text;
	const struct address *recipient;
	size_t max;
};

static void add(struct words *w, const char *where, const char *what)
{
	struct arena *a = w->text.arena;
	const char *said = shippo_without(a, what, w->recipient, w->max);

	if (!*said || w->text.len >= w->max)
		return;
	if (where && *where)
		said = arena_printf(a, "%s: %s", where, said);
	if (w->text.data && strstr(w->text.data, said))
		return;
	buffer_printf(&w->text, "%s%s", w->text.len ? "; " : "", said);
}

/* These keys only say that the text is about the whole request. */
static int is_about_all(const char *key)
{
	return strcmp(key, "detail") == 0 || strcmp(key, "__all__") == 0 ||
	       strcmp(key, "non_field_errors") == 0;
}

static void collect(struct words *w, const char *where, json_t *json, int nesting)
{
	struct arena *a = w->text.arena;
	const char *text = json_string_value(json_object_get(json, "text"));
	const char *key;
	json_t *value;
	size_t i;

	if (nesting > NESTING_MAX || w->text.len >= w->max)
		return;
	if (json_is_string(json)) {
		add(w, where, json_string_value(json));
	} else if (json_is_array(json)) {
		json_array_foreach (json, i, value)
			collect(w, where, value, nesting + 1);
	} else if (text) {
		const char *source = json_string_value(json_object_get(json, "source"));

		add(w, source ? shippo_without(a, source, w->recipient, w->max) : where, text);
	} else if (json_is_object(json)) {
		json_object_foreach (json, key, value) {
			const char *below =
				is_about_all(key) ? where
				: where ? arena_printf(a, "%s.%s", where, text_cut(key, 40))
					: utf8_clean(a, key, strlen(key), 40);

			collect(w, below, value, nesting + 1);
		}
	}
}

const char *shippo_words(struct arena *a, json_t *json, const struct address *recipient, size_t max)
{
	struct words w = {.text = {.arena = a}, .recipient = recipient, .max = max};

	collect(&w, NULL, json, 0);
	if (!w.text.data)
		return NULL;
	return utf8_clean(a, w.text.data, w.text.len, max);
}

static int says_one_of(const char *text, const char *const *sentences)
{
	for (; *sentences; sentences++)
		if (strcasestr(text, *sentences))
			return 1;
	return 0;
}

/* Codes are mostly empty, so the usual sentences count as well. */
static int says_out_of_reach(const char *code, const char *text)
{
	static const char *const sentences[] = {"did not respond", "timed out",
						"temporarily unavailable", "try again later", NULL};

	return strcasestr(code, "timeout") || says_one_of(text, sentences);
}

static const char *text_of(json_t *message, const char *key)
{
	const char *text = json_string_value(json_object_get(message, key));

	return text ? text : "";
}

int shippo_is_passing(json_t *messages)
{
	size_t i;
	json_t *message;

	json_array_foreach (messages, i, message)
		if (says_out_of_reach(text_of(message, "code"), text_of(message, "text")))
			return 1;
	return 0;
}

/* Narrow on purpose: every match has the shipment rated and bought anew. */
int shippo_is_stale(const char *words)
{
	static const char *const sentences[] = {"rate has expired", "rate expired",
						"rate with supplied object_id", NULL};

	return words && says_one_of(words, sentences);
}

int shippo_refused(struct arena *a, const struct api_response *res, const struct address *recipient,
		   struct err *e)
{
	const char *words = shippo_words(a, res->json, recipient, SHIPPO_ERR_WORDS_MAX);

	return err_set(e, ERR_FINAL, ERR_CODE_HELD, "shippo refused with status %d: %s",
		       res->status, words ? words : "no reason given");
}
