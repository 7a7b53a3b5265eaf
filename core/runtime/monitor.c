/* monitor - /metrics and /healthz of a process, on a listener of their own that is never public */
#include "core/runtime/monitor.h"

#include <dirent.h>
#include <string.h>

#include "core/runtime/amqp.h"
#include "core/runtime/db.h"
#include "core/runtime/metrics.h"

struct monitor {
	const struct dependency *dependencies;
	size_t count;
};

int database_is_up(void *pool)
{
	return db_pool_look(pool);
}

int broker_is_up(void *broker)
{
	return amqp_is_up(broker);
}

void health_answer(struct arena *a, const struct dependency *dependencies, size_t count,
		   struct httpd_answer *out)
{
	*out = (struct httpd_answer){.status = 200, .body = ""};
	for (size_t i = 0; i < count; i++) {
		const struct dependency *d = &dependencies[i];
		int is_up = d->is_up(d->arg);

		out->body = arena_printf(a, "%s%s %s\n", out->body, d->name, is_up ? "up" : "down");
		if (!is_up && d->is_needed)
			out->status = 503;
	}
}

const char *health_missing(struct arena *a, const struct dependency *dependencies, size_t count)
{
	const char *names = "";

	for (size_t i = 0; i < count; i++) {
		const struct dependency *d = &dependencies[i];

		if (d->is_needed && !d->is_up(d->arg))
			names = arena_printf(a, "%s%s%s", names, names[0] ? ", " : "", d->name);
	}
	return names;
}

/* Counted when somebody asks; nobody else can count those of a process that must not be looked into. */
static void count_descriptors(void)
{
	static struct metric open_fds = {
		.name = "process_open_fds", .help = "open file descriptors", .kind = METRIC_GAUGE};
	int64_t count = -1; /* the folder itself */
	DIR *folder = opendir("/proc/self/fd");

	if (!folder)
		return;
	for (const struct dirent *entry; (entry = readdir(folder));)
		count += entry->d_name[0] != '.';
	closedir(folder);
	metric_set(&open_fds, count);
}

static const char *all_metrics(struct arena *a)
{
	count_descriptors();
	return metrics_text(a);
}

static void answer(const struct httpd_request *r, struct httpd_answer *out, void *arg)
{
	const struct monitor *m = arg;

	if (strcmp(r->method, "GET") != 0)
		*out = (struct httpd_answer){.status = 405, .allow = "GET"};
	else if (strcmp(r->path, "/metrics") == 0)
		*out = (struct httpd_answer){.status = 200,
					     .content_type = "text/plain; version=0.0.4",
					     .body = all_metrics(r->arena)};
	else if (strcmp(r->path, "/healthz") == 0)
		health_answer(r->arena, m->dependencies, m->count, out);
	else
		*out = (struct httpd_answer){.status = 404};
}

int monitor_open(const char *listen, const struct dependency *dependencies, size_t count,
		 struct httpd **out, struct err *e)
{
	static struct monitor monitor; /* a process has one */

	*out = NULL;
	if (!listen || !listen[0])
		return 0;
	monitor = (struct monitor){.dependencies = dependencies, .count = count};
	if (httpd_open(
		    &(struct httpd_settings){.listen = listen, .answer = answer, .arg = &monitor},
		    out, e))
		return err_prefix(e, "--metrics (each process needs an address of its own)");
	return 0;
}
