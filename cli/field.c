/* field - checking what people write */
#include "cli/field.h"

#include <ctype.h>

#include "core/domain/mail_message.h"
#include "core/domain/money.h"
#include "core/runtime/decimal.h"
#include "core/runtime/timestamp.h"
#include "core/runtime/utf8.h"

enum { DEGREE_PLACES = 6, DATE_CHARS = 10 };

static int refuse(const struct field *f, struct err *e, const char *what)
{
	return err_set(e, ERR_FINAL, ERR_CODE_DATA, "%s: %s", f->name, what);
}

static int read_text(struct arena *a, const struct field *f, const char *text, const char **out,
		     struct err *e)
{
	size_t len = strlen(text);

	if (f->max && len > (size_t)f->max)
		return err_set(e, ERR_FINAL, ERR_CODE_DATA, "%s: longer than %lld bytes", f->name,
			       (long long)f->max);
	if (utf8_bad_at(text, len) != len)
		return refuse(f, e, "not UTF-8");
	*out = utf8_clean(a, text, len, len);
	*out += (*out)[strspn(*out, " ")] ? 0 : strlen(*out);
	return 0;
}

static int read_country(struct arena *a, const struct field *f, const char *text, const char **out,
			struct err *e)
{
	const char *first = text + strspn(text, " ");
	size_t len = strcspn(first, " ");
	char *code = arena_strndup(a, first, len);

	if (len != 2 || !isalpha((unsigned char)code[0]) || !isalpha((unsigned char)code[1]) ||
	    first[len + strspn(first + len, " ")])
		return refuse(f, e, "two letters such as US are needed");
	code[0] = (char)toupper((unsigned char)code[0]);
	code[1] = (char)toupper((unsigned char)code[1]);
	*out = code;
	return 0;
}

static int read_domain(struct arena *a, const struct field *f, const char *text, const char **out,
		       struct err *e)
{
	const char *first = text + strspn(text, " ");
	size_t len = strcspn(first, " ");
	char *name = arena_strndup(a, first, len);

	for (char *c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (len == 0 || len > (size_t)f->max || first[len + strspn(first + len, " ")] ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") != len ||
	    !isalnum((unsigned char)name[0]) || !isalnum((unsigned char)name[len - 1]))
		return refuse(f, e,
			      "a name such as shop.myshopify.com is needed, without https:// and "
			      "without a path");
	*out = name;
	return 0;
}

static int read_mail(const struct field *f, const char *text, struct err *e)
{
	return mail_address_check(text, NULL)
		       ? refuse(f, e, "an address such as orders@shop.example is needed")
		       : 0;
}

static int read_int(const struct field *f, const char *text, struct err *e)
{
	int64_t value;

	if (text_to_int64(text, strlen(text), &value) || value < f->min || value > f->max)
		return err_set(e, ERR_FINAL, ERR_CODE_DATA,
			       "%s: a whole number from %lld to %lld is needed", f->name,
			       (long long)f->min, (long long)f->max);
	return 0;
}

static int read_money(struct arena *a, const struct field *f, const char *text, const char **out,
		      struct err *e)
{
	int64_t value;

	if (money_parse(text, strlen(text), &value) || value < f->min || value > f->max)
		return refuse(f, e, "an amount such as 12.50 is needed");
	*out = arena_printf(a, "%lld", (long long)value);
	return 0;
}

static int read_degrees(const struct field *f, const char *text, struct err *e)
{
	int64_t value, scale = 1000000;

	if (decimal_parse(text, strlen(text), DEGREE_PLACES, &value) || value < f->min * scale ||
	    value > f->max * scale)
		return refuse(f, e, "degrees such as 52.520008 are needed");
	return 0;
}

static int read_date(struct arena *a, const struct field *f, const char *text, struct err *e)
{
	const char *midnight = arena_printf(a, "%sT00:00:00Z", text);
	int64_t us;

	if (strlen(text) != DATE_CHARS || timestamp_parse(midnight, strlen(midnight), &us))
		return refuse(f, e, "a date such as 2026-11-23 is needed");
	return 0;
}

static int read_time(struct arena *a, const struct field *f, const char *text, const char **out,
		     struct err *e)
{
	int64_t us;

	if (timestamp_parse(text, strlen(text), &us))
		return refuse(f, e, "a time such as 2026-11-23T05:30:00Z is needed");
	*out = timestamp_format(a, us);
	return 0;
}

/* As people type it: "Paid" is paid. */
static int read_choice(struct arena *a, const struct field *f, const char *text, const char **out,
		       struct err *e)
{
	size_t len = strlen(text);

	for (const char *p = f->choices; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL)
		if (strcspn(p, "|") == len && strncasecmp(p, text, len) == 0) {
			*out = arena_strndup(a, p, len);
			return 0;
		}
	return err_set(e, ERR_FINAL, ERR_CODE_DATA, "%s: one of %s is needed", f->name, f->choices);
}

int field_read(struct arena *a, const struct field *f, const char *text, const char **out,
	       struct err *e)
{
	*out = arena_strdup(a, text);
	if (!text[0])
		return 0;
	switch (f->kind) {
	case FIELD_TEXT:
		return read_text(a, f, text, out, e);
	case FIELD_COUNTRY:
		return read_country(a, f, text, out, e);
	case FIELD_DOMAIN:
		return read_domain(a, f, text, out, e);
	case FIELD_MAIL:
		return read_mail(f, text, e);
	case FIELD_INT:
		return read_int(f, text, e);
	case FIELD_MONEY:
		return read_money(a, f, text, out, e);
	case FIELD_YES_NO:
		*out = strcmp(text, "yes") == 0 ? "true" : "false";
		return strcmp(text, "yes") && strcmp(text, "no")
			       ? refuse(f, e, "yes or no is needed")
			       : 0;
	case FIELD_DATE:
		return read_date(a, f, text, e);
	case FIELD_TIME:
		return read_time(a, f, text, out, e);
	case FIELD_DEGREES:
		return read_degrees(f, text, e);
	case FIELD_CHOICE:
		return read_choice(a, f, text, out, e);
	case FIELD_FLAG:
		return 0;
	}
	return err_bug(e, "%s: no such kind of field", f->name);
}

const char *field_takes(const struct field *f)
{
	static const char *const names[] = {
		[FIELD_TEXT] = "TEXT",	     [FIELD_COUNTRY] = "TEXT", [FIELD_DOMAIN] = "TEXT",
		[FIELD_MAIL] = "ADDRESS",    [FIELD_INT] = "NUMBER",   [FIELD_MONEY] = "AMOUNT",
		[FIELD_YES_NO] = "yes|no",   [FIELD_DATE] = "DATE",    [FIELD_TIME] = "TIME",
		[FIELD_DEGREES] = "DEGREES", [FIELD_FLAG] = "",
	};

	return f->kind == FIELD_CHOICE ? f->choices : names[f->kind];
}
