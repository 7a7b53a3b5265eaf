/* said - what a service says beside the facts: cleaned and cut where it is read */
#include "connectors/said.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "core/runtime/utf8.h"

/* Without the blanks at both ends. */
static const char *trim(const char *text, size_t *len)
{
	text += strspn(text, " ");
	*len = strlen(text);
	while (*len && text[*len - 1] == ' ')
		(*len)--;
	return text;
}

const char *said_name(struct arena *a, const char *text, size_t max_bytes)
{
	size_t len;

	if (!text)
		return NULL;
	text = trim(utf8_clean(a, text, strlen(text), strlen(text)), &len);
	char *name = utf8_clean(a, text, len, max_bytes);

	trim(name, &len);
	name[len] = '\0';
	return len ? name : NULL;
}

static int is_printable(const char *text, size_t len, char first)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < first || text[i] > '~')
			return 0;
	return len > 0;
}

const char *said_number(struct arena *a, const char *text, size_t max_bytes)
{
	size_t len;

	if (!text)
		return NULL;
	text = trim(text, &len);
	return len <= max_bytes && is_printable(text, len, ' ') ? arena_strndup(a, text, len)
								: NULL;
}

const char *said_url(struct arena *a, const char *text, size_t max_bytes)
{
	size_t len = text ? strlen(text) : 0;

	if (len > max_bytes || !is_printable(text, len, '!') ||
	    (strncasecmp(text, "https://", 8) != 0 && strncasecmp(text, "http://", 7) != 0))
		return NULL;
	return arena_strndup(a, text, len);
}

/* RFC 9110, 5.6.2, and the one slash. */
const char *said_type(struct arena *a, const char *text)
{
	size_t len = text ? strcspn(text, "; \t") : 0;
	const char *slash = text ? memchr(text, '/', len) : NULL;
	char *type = arena_strndup(a, text ? text : "", len);

	if (!slash || slash == text || slash + 1 == text + len || len > SAID_TYPE_MAX)
		return NULL;
	for (char *c = type; *c; c++) {
		if (!isalnum((unsigned char)*c) && !strchr("!#$%&'*+-.^_`|~", *c) &&
		    c != type + (slash - text))
			return NULL;
		*c = (char)tolower((unsigned char)*c);
	}
	return type;
}
