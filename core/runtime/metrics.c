/* metrics - counters and gauges as Prometheus text */
#include "core/runtime/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/runtime/err.h"

/* The buckets' upper ends; the last bucket has none. */
static const struct {
	int64_t us;
	const char *seconds;
} ends[METRIC_BUCKETS - 1] = {
	{1000, "0.001"},  {2000, "0.002"}, {5000, "0.005"},  {10000, "0.01"},
	{25000, "0.025"}, {50000, "0.05"}, {100000, "0.1"},  {250000, "0.25"},
	{1000000, "1"},	  {5000000, "5"},  {30000000, "30"},
};

static struct metric *first, **end = &first;

static void register_once(struct metric *m)
{
	if (m->is_registered)
		return;
	m->is_registered = 1;
	m->next = NULL;
	*end = m;
	end = &m->next;
}

void metric_add(struct metric *m, int64_t n)
{
	register_once(m);
	m->value += n;
}

void metric_set(struct metric *m, int64_t value)
{
	register_once(m);
	m->value = value;
}

void metric_observe_us(struct metric *m, int64_t us)
{
	size_t bucket = 0;

	register_once(m);
	while (bucket < METRIC_BUCKETS - 1 && us > ends[bucket].us)
		bucket++;
	m->buckets[bucket]++;
	m->value += us;
}

static char *copy(const char *text)
{
	char *copied = text ? strdup(text) : NULL;

	if (text && !copied)
		die("out of memory: a metric");
	return copied;
}

static int same_labels(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

struct metric *metric_named(enum metric_kind kind, const char *name, const char *labels,
			    const char *help)
{
	for (struct metric *m = first; m; m = m->next)
		if (m->kind == kind && strcmp(m->name, name) == 0 && same_labels(m->labels, labels))
			return m;
	struct metric *made = calloc(1, sizeof *made);

	if (!made)
		die("out of memory: a metric");
	made->kind = kind;
	made->name = copy(name);
	made->labels = copy(labels);
	made->help = copy(help);
	register_once(made);
	return made;
}

/* ---- As text ---- */

/* A help text: a backslash and a line feed would end it early. */
static void print_escaped(FILE *out, const char *text)
{
	for (const char *c = text; *c; c++) {
		if (*c == '\\')
			fputs("\\\\", out);
		else if (*c == '\n')
			fputs("\\n", out);
		else
			fputc(*c, out);
	}
}

static void print_seconds(FILE *out, int64_t us)
{
	fprintf(out, "%" PRId64 ".%06" PRId64 "\n", us / 1000000, us % 1000000);
}

static void print_histogram(FILE *out, const struct metric *m)
{
	const char *labels = m->labels ? m->labels : "", *comma = m->labels ? "," : "";
	const char *open = m->labels ? "{" : "", *close = m->labels ? "}" : "";
	int64_t count = 0;

	for (size_t i = 0; i < METRIC_BUCKETS; i++) {
		count += m->buckets[i];
		fprintf(out, "%s_bucket{%s%sle=\"%s\"} %" PRId64 "\n", m->name, labels, comma,
			i < METRIC_BUCKETS - 1 ? ends[i].seconds : "+Inf", count);
	}
	fprintf(out, "%s_sum%s%s%s ", m->name, open, labels, close);
	print_seconds(out, m->value);
	fprintf(out, "%s_count%s%s%s %" PRId64 "\n", m->name, open, labels, close, count);
}

static void print_sample(FILE *out, const struct metric *m)
{
	if (m->kind == METRIC_HISTOGRAM)
		print_histogram(out, m);
	else if (m->labels)
		fprintf(out, "%s{%s} %" PRId64 "\n", m->name, m->labels, m->value);
	else
		fprintf(out, "%s %" PRId64 "\n", m->name, m->value);
}

static int is_first_of_name(const struct metric *m)
{
	const struct metric *at = first;

	while (strcmp(at->name, m->name) != 0)
		at = at->next;
	return at == m;
}

const char *metrics_text(struct arena *a)
{
	static const char *const kinds[] = {"counter", "gauge", "histogram"};
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		die("out of memory: the metrics' text");
	/* The format wants all samples of a name together. */
	for (const struct metric *family = first; family; family = family->next) {
		if (!is_first_of_name(family))
			continue;
		fprintf(out, "# HELP %s ", family->name);
		print_escaped(out, family->help ? family->help : "");
		fprintf(out, "\n# TYPE %s %s\n", family->name, kinds[family->kind]);
		for (const struct metric *m = family; m; m = m->next)
			if (strcmp(m->name, family->name) == 0)
				print_sample(out, m);
	}
	if (fclose(out))
		die("out of memory: the metrics' text");
	const char *result = arena_strdup(a, text);

	free(text);
	return result;
}
