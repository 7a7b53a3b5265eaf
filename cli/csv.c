/* csv - RFC 4180 in one pass, in place: a field never gets longer by taking its quotes off */
#include "cli/csv.h"

#include "core/runtime/utf8.h"

struct scan {
	char *at, *end;
	size_t line;
};

static int refuse(struct err *e, size_t line, const char *what)
{
	return err_set(e, ERR_FINAL, ERR_CODE_DATA, "line %zu: %s", line, what);
}

static int is_line_end(const struct scan *s)
{
	return s->at == s->end || *s->at == '\n' ||
	       (*s->at == '\r' && s->at + 1 < s->end && s->at[1] == '\n');
}

static void skip_line_end(struct scan *s)
{
	if (s->at < s->end && *s->at == '\r')
		s->at++;
	if (s->at < s->end)
		s->at++;
	s->line++;
}

static int read_quoted(struct scan *s, const char **out, struct err *e)
{
	size_t begin = s->line;
	char *to = ++s->at;

	*out = to;
	for (;; s->at++) {
		if (s->at == s->end)
			return refuse(e, begin, "a quote is never closed");
		if (*s->at == '"') {
			if (s->at + 1 == s->end || s->at[1] != '"')
				break;
			s->at++;
		}
		s->line += *s->at == '\n';
		*to++ = *s->at;
	}
	s->at++;
	if (!is_line_end(s) && *s->at != ',')
		return refuse(e, s->line, "text behind a closing quote");
	*to = '\0';
	return 0;
}

static int read_plain(struct scan *s, const char **out, size_t *len, struct err *e)
{
	*out = s->at;
	for (; !is_line_end(s) && *s->at != ','; s->at++)
		if (*s->at == '"')
			return refuse(e, s->line, "a quote inside of a field without quotes");
	*len = (size_t)(s->at - *out);
	return 0;
}

/* Up to the end of the line; *count fields. A plain field is ended where its comma was. */
static int read_record(struct scan *s, const char **fields, size_t *count, struct err *e)
{
	size_t line = s->line;

	*count = 0;
	for (;;) {
		size_t len = 0;
		int is_quoted = s->at < s->end && *s->at == '"';

		if (*count == CSV_COLUMNS_MAX)
			return refuse(e, line, "more than 64 columns");
		if (is_quoted ? read_quoted(s, fields + *count, e)
			      : read_plain(s, fields + *count, &len, e))
			return -1;
		int is_last = is_line_end(s);
		char *end = (char *)(uintptr_t)fields[*count] + len;

		if (is_last)
			skip_line_end(s);
		else
			s->at++;
		if (!is_quoted)
			*end = '\0';
		(*count)++;
		if (is_last)
			return 0;
	}
}

static int is_blank(const char **fields, size_t count)
{
	return count == 1 && fields[0][0] == '\0';
}

int csv_parse(struct arena *a, char *text, size_t len, struct csv *out, struct err *e)
{
	struct scan s = {.at = text, .end = text + len, .line = 1};
	size_t bad = utf8_bad_at(text, len);

	*out = (struct csv){0};
	if (bad != len) {
		size_t line = 1;

		for (size_t i = 0; i < bad; i++)
			line += text[i] == '\n';
		return refuse(e, line, "not UTF-8 text");
	}
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\0')
			text[i] = ' '; /* as field_read() does to the other control characters */
	if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
		s.at += 3;
	while (s.at < s.end) {
		const char *fields[CSV_COLUMNS_MAX];
		size_t line = s.line, count;

		if (read_record(&s, fields, &count, e))
			return -1;
		if (is_blank(fields, count))
			continue;
		if (out->count > CSV_RECORDS_MAX)
			return refuse(e, line, "more than 100,000 records; split the file");
		if (!out->count)
			out->columns = count;
		struct csv_record *record = ARENA_PUSH(a, out->records, out->count, out->capacity);

		record->line = line;
		record->count = count;
		record->fields = ARENA_ARRAY(a, const char *, count);
		memcpy(record->fields, fields, count * sizeof *fields);
	}
	return out->count ? 0 : refuse(e, 1, "the file is empty");
}
