/* metrics: the text that Prometheus reads */
#include <string.h>

#include "core/runtime/metrics.h"
#include "tests/unit/unit.h"

static struct metric jobs_route = {
	.name = "waybill_jobs_total",
	.help = "Jobs done.\nC:\\ and \"quotes\"",
	.labels = "role=\"route\"",
	.kind = METRIC_COUNTER,
};
static struct metric idle = {.name = "waybill_idle", .help = "Idle.", .kind = METRIC_GAUGE};
static struct metric jobs_label = {
	.name = "waybill_jobs_total",
	.help = "Jobs done.",
	.labels = "role=\"label\"",
	.kind = METRIC_COUNTER,
};

static void samples_of_a_name_stand_together_under_one_help(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(metrics_text(a), "");
	metric_add(&jobs_route, 2);
	metric_set(&idle, -3);
	metric_add(&jobs_label, 1);
	metric_add(&jobs_route, 40);
	assert_string_equal(metrics_text(a),
			    "# HELP waybill_jobs_total Jobs done.\\nC:\\\\ and \"quotes\"\n"
			    "# TYPE waybill_jobs_total counter\n"
			    "waybill_jobs_total{role=\"route\"} 42\n"
			    "waybill_jobs_total{role=\"label\"} 1\n"
			    "# HELP waybill_idle Idle.\n"
			    "# TYPE waybill_idle gauge\n"
			    "waybill_idle -3\n");
	arena_free(a);
}

static void assert_line(const char *text, const char *line)
{
	if (!strstr(text, line))
		fail_msg("no \"%s\" in:\n%s", line, text);
}

static void a_histogram_is_cumulative_and_in_seconds(void **state)
{
	struct arena *a = arena_new();
	struct metric *m = metric_named(METRIC_HISTOGRAM, "waybill_act_seconds", "role=\"rate\"",
					"How long act takes.");

	(void)state;
	metric_observe_us(m, 1000);
	metric_observe_us(m, 1001);
	metric_observe_us(m, 2500000);
	metric_observe_us(m, 31000000);
	const char *text = metrics_text(a);

	assert_line(text, "# TYPE waybill_act_seconds histogram\n");
	assert_line(text, "\nwaybill_act_seconds_bucket{role=\"rate\",le=\"0.001\"} 1\n");
	assert_line(text, "\nwaybill_act_seconds_bucket{role=\"rate\",le=\"0.002\"} 2\n");
	assert_line(text, "\nwaybill_act_seconds_bucket{role=\"rate\",le=\"1\"} 2\n");
	assert_line(text, "\nwaybill_act_seconds_bucket{role=\"rate\",le=\"5\"} 3\n");
	assert_line(text, "\nwaybill_act_seconds_bucket{role=\"rate\",le=\"30\"} 3\n");
	assert_line(text, "\nwaybill_act_seconds_bucket{role=\"rate\",le=\"+Inf\"} 4\n");
	assert_line(text, "\nwaybill_act_seconds_sum{role=\"rate\"} 33.502001\n");
	assert_line(text, "\nwaybill_act_seconds_count{role=\"rate\"} 4\n");
	arena_free(a);
}

static void a_histogram_without_labels_has_only_le(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	metric_observe_us(metric_named(METRIC_HISTOGRAM, "waybill_plain_seconds", NULL, "Plain."),
			  7);
	const char *text = metrics_text(a);

	assert_line(text, "\nwaybill_plain_seconds_bucket{le=\"0.001\"} 1\n");
	assert_line(text, "\nwaybill_plain_seconds_sum 0.000007\n");
	assert_line(text, "\nwaybill_plain_seconds_count 1\n");
	arena_free(a);
}

static void a_metric_is_found_by_name_and_labels(void **state)
{
	char name[] = "waybill_found_total", labels[] = "role=\"x\"";
	struct metric *m = metric_named(METRIC_COUNTER, name, labels, "Found.");

	(void)state;
	labels[6] = 'y';
	assert_ptr_not_equal(metric_named(METRIC_COUNTER, name, labels, "Found."), m);
	labels[6] = 'x';
	assert_ptr_equal(metric_named(METRIC_COUNTER, name, labels, "Found."), m);
	assert_ptr_not_equal(metric_named(METRIC_COUNTER, name, NULL, "Found."), m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_of_a_name_stand_together_under_one_help),
		cmocka_unit_test(a_histogram_is_cumulative_and_in_seconds),
		cmocka_unit_test(a_histogram_without_labels_has_only_le),
		cmocka_unit_test(a_metric_is_found_by_name_and_labels),
	};

	return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
