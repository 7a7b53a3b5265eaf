/* timestamp - moments as int64 microseconds since 1970-01-01 UTC, and their texts */
#include "core/runtime/timestamp.h"

#include <string.h>
#include <strings.h>
#include <time.h>

enum { TEXT_MAX = 64 };

static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
				     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct clock {
	int year, month, day, hour, minute, second; /* month from 1 */
	int micros;
	int offset_minutes; /* east of Greenwich */
};

/* Reads exactly `digits` digits and moves on; -1 when there are fewer. */
static int number(const char **text, int digits)
{
	int value = 0;

	for (int i = 0; i < digits; i++, (*text)++) {
		if (**text < '0' || **text > '9')
			return -1;
		value = value * 10 + (**text - '0');
	}
	return value;
}

static int skip(const char **text, const char *any_of)
{
	if (**text == '\0' || !strchr(any_of, **text))
		return -1;
	(*text)++;
	return 0;
}

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && is_leap);
}

static int to_micros(const struct clock *c, int64_t *out_us)
{
	if (c->year < 1970 || c->month < 1 || c->month > 12 || c->day < 1 ||
	    c->day > days_in_month(c->year, c->month) || c->hour < 0 || c->hour > 23 ||
	    c->minute < 0 || c->minute > 59 || c->second < 0 || c->second > 60)
		return -1;
	struct tm tm = {
		.tm_year = c->year - 1900,
		.tm_mon = c->month - 1,
		.tm_mday = c->day,
		.tm_hour = c->hour,
		.tm_min = c->minute,
		.tm_sec = c->second,
	};

	*out_us = ((int64_t)timegm(&tm) - c->offset_minutes * 60) * 1000000 + c->micros;
	return 0;
}

/* "+01:00", "+0100" */
static int read_offset(const char **at, struct clock *c)
{
	int sign = **at == '-' ? -1 : 1;

	if (skip(at, "+-"))
		return -1;
	int hours = number(at, 2);
	if (**at == ':')
		(*at)++;
	int minutes = number(at, 2);
	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
		return -1;
	c->offset_minutes = sign * (hours * 60 + minutes);
	return 0;
}

static int read_fraction(const char **at, struct clock *c)
{
	int weight = 100000;

	if (**at != '.')
		return 0;
	(*at)++;
	if (**at < '0' || **at > '9')
		return -1;
	for (; **at >= '0' && **at <= '9'; (*at)++, weight /= 10)
		c->micros += (**at - '0') * weight;
	return 0;
}

static int read_clock(const char **at, struct clock *c)
{
	c->hour = number(at, 2);
	if (skip(at, ":"))
		return -1;
	c->minute = number(at, 2);
	if (skip(at, ":"))
		return -1;
	c->second = number(at, 2);
	return 0;
}

int timestamp_parse(const char *text, size_t len, int64_t *out_us)
{
	char copy[TEXT_MAX];
	const char *at = copy;
	struct clock c = {0};

	if (len >= sizeof copy || memchr(text, '\0', len))
		return -1;
	memcpy(copy, text, len);
	copy[len] = '\0';
	c.year = number(&at, 4);
	if (skip(&at, "-"))
		return -1;
	c.month = number(&at, 2);
	if (skip(&at, "-"))
		return -1;
	c.day = number(&at, 2);
	if (skip(&at, "Tt ") || read_clock(&at, &c) || read_fraction(&at, &c))
		return -1;
	if (*at == 'Z' || *at == 'z')
		at++;
	else if (read_offset(&at, &c))
		return -1;
	return *at ? -1 : to_micros(&c, out_us);
}

int timestamp_parse_mail(const char *text, size_t len, int64_t *out_us)
{
	char copy[TEXT_MAX];
	const char *at = copy;
	struct clock c = {0};

	if (len >= sizeof copy || memchr(text, '\0', len))
		return -1;
	memcpy(copy, text, len);
	copy[len] = '\0';
	const char *comma = strchr(copy, ',');
	if (comma)
		at = comma + 1;
	while (*at == ' ')
		at++;
	c.day = at[0] && at[1] == ' ' ? number(&at, 1) : number(&at, 2);
	if (skip(&at, " "))
		return -1;
	for (int i = 0; i < 12; i++)
		if (strncasecmp(at, months[i], 3) == 0)
			c.month = i + 1;
	if (!c.month)
		return -1;
	at += 3;
	if (skip(&at, " "))
		return -1;
	c.year = number(&at, 4);
	if (skip(&at, " ") || read_clock(&at, &c) || skip(&at, " "))
		return -1;
	if (strcmp(at, "GMT") == 0 || strcmp(at, "UT") == 0)
		return to_micros(&c, out_us);
	return read_offset(&at, &c) || *at ? -1 : to_micros(&c, out_us);
}

/* Splits into whole seconds and a fraction that is never negative. */
static int split(int64_t us, struct tm *tm)
{
	int micros = (int)(us % 1000000);
	time_t seconds = us / 1000000;

	if (micros < 0) {
		micros += 1000000;
		seconds--;
	}
	gmtime_r(&seconds, tm);
	return micros;
}

char *timestamp_format(struct arena *a, int64_t us)
{
	struct tm tm;
	int micros = split(us, &tm);
	char fraction[16] = "";

	if (micros)
		snprintf(fraction, sizeof fraction, ".%06d", micros);
	return arena_printf(a, "%04d-%02d-%02dT%02d:%02d:%02d%sZ", tm.tm_year + 1900, tm.tm_mon + 1,
			    tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, fraction);
}
