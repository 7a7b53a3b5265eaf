/*
 * metrics - counters and gauges as Prometheus text
 *
 * A metric is a static variable registered on first use. Labels are fixed text, already escaped, so
 * that their number is bounded. A histogram counts seconds: its name ends in _seconds.
 */
#ifndef WAYBILL_METRICS_H
#define WAYBILL_METRICS_H

#include <stdint.h>

#include "core/runtime/arena.h"

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

enum { METRIC_BUCKETS = 12 }; /* 1 ms, 2, 5, 10, 25, 50, 100, 250, 1 s, 5 s, 30 s, more */

struct metric {
	const char *name, *help;
	const char *labels; /* "role=\"route\"", or NULL */
	enum metric_kind kind;
	int64_t value; /* counter, gauge; histogram: sum in microseconds */
	int64_t buckets[METRIC_BUCKETS];
	struct metric *next;
	int is_registered;
};

void metric_add(struct metric *m, int64_t n);
void metric_set(struct metric *m, int64_t value);
void metric_observe_us(struct metric *m, int64_t us);

/*
 * metric_named - the metric of that name and labels, made on first use; all text is copied. For
 * labels known at run time.
 */
struct metric *metric_named(enum metric_kind kind, const char *name, const char *labels,
			    const char *help);

/* metrics_text - all of them, in the text exposition format 0.0.4 */
const char *metrics_text(struct arena *a);

#endif
