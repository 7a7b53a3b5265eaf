/*
 * fill - fill wb.ingest with orders in canonical JSON (docs/order-import.md)
 *
 *   fill BROKER-URL STORE-ID COUNT SPLIT-PERCENT
 *
 * Orders of three lines and about a kilobyte each, always the same ones. Of the items that run.js
 * makes, the first half lies in both locations, a quarter in the first only, a quarter in the second
 * only: a split order has a line of each, and leaves in two shipments.
 */
#include <stdlib.h>
#include <string.h>

#include "core/runtime/amqp.h"
#include "core/runtime/loop.h"

enum {
	ITEMS = 1000,
	CHUNK = 500,
	DEADLINE_MS = 60000,
	EXIT_USAGE = 2,
};

struct filling {
	const char *url, *store;
	unsigned long count, split_percent;
	uint64_t random;
	int failed;
};

/* xorshift64: the same orders in every run */
static unsigned long random_below(struct filling *p, unsigned long limit)
{
	p->random ^= p->random << 13;
	p->random ^= p->random >> 7;
	p->random ^= p->random << 17;
	return p->random % limit;
}

static const char *order_json(struct arena *a, struct filling *p, unsigned long n)
{
	int is_split = n % 100 < p->split_percent;
	unsigned long both = 1 + random_below(p, ITEMS / 2);
	unsigned long second =
		is_split ? 1 + ITEMS / 2 + random_below(p, ITEMS / 4) : 1 + both % (ITEMS / 2);
	unsigned long third = is_split ? 1 + ITEMS * 3 / 4 + random_below(p, ITEMS / 4)
				       : 1 + (both + 1) % (ITEMS / 2);

	return arena_printf(
		a,
		"{\"id\":\"%lu\",\"name\":\"#%lu\",\"placed_at\":\"2030-01-01T00:00:00Z\","
		"\"payment\":\"paid\",\"currency\":\"EUR\",\"total\":\"123.45\","
		"\"email\":\"jane.customer@example.com\",\"customer_name\":\"Jane Q. Customer\","
		"\"phone\":\"+49 30 1234567\",\"locale\":\"de-DE\","
		"\"note\":\"Please leave with the neighbour if absent; ring twice.\","
		"\"groups\":[{\"kind\":\"ship\",\"service_title\":\"Standard shipping\","
		"\"service_code\":\"standard\",\"address\":{\"name\":\"Jane Q. Customer\","
		"\"company\":\"Example Handels GmbH\",\"address1\":\"Musterstrasse 12a\","
		"\"address2\":\"Hinterhaus, 3. OG\",\"city\":\"Berlin\",\"zip\":\"10115\","
		"\"country_code\":\"DE\",\"phone\":\"+49 30 1234567\"}}],\"lines\":["
		"{\"id\":\"%lu1\",\"sku\":\"SKU-%lu\",\"variant_id\":\"%lu\",\"title\":\"A thing of "
		"some kind\",\"variant_title\":\"blue\",\"quantity\":1,\"unit_price\":\"10.00\","
		"\"grams\":200},"
		"{\"id\":\"%lu2\",\"sku\":\"SKU-%lu\",\"variant_id\":\"%lu\",\"title\":\"Another "
		"thing\",\"variant_title\":\"red\",\"quantity\":1,\"unit_price\":\"20.00\","
		"\"grams\":200},"
		"{\"id\":\"%lu3\",\"sku\":\"SKU-%lu\",\"variant_id\":\"%lu\",\"title\":\"A third "
		"thing\",\"variant_title\":\"green\",\"quantity\":2,\"unit_price\":\"46.72\","
		"\"grams\":200}]}",
		n + 1, n + 1, n + 1, both, both, n + 1, second, second, n + 1, third, third);
}

static int publish(struct amqp *m, struct filling *p, unsigned long first, unsigned long count,
		   struct err *e)
{
	struct arena *a = arena_new();
	struct amqp_message *messages = ARENA_ARRAY(a, struct amqp_message, count);

	for (unsigned long i = 0; i < count; i++) {
		const char *body = order_json(a, p, first + i);

		messages[i] = (struct amqp_message){
			.routing_key = "wb.ingest",
			.body = body,
			.body_len = strlen(body),
			.headers = {[AMQP_KIND] = "order", [AMQP_STORE] = p->store},
		};
	}
	int failed = amqp_publish(m, messages, count, loop_now_ms() + DEADLINE_MS, e);

	arena_free(a);
	return failed;
}

static int fill(struct amqp *m, struct filling *p, struct err *e)
{
	const char *const roles[] = {"ingest"};

	if (amqp_wait_up(m, loop_now_ms() + DEADLINE_MS, e) ||
	    amqp_declare_topology(m, roles, 1, loop_now_ms() + DEADLINE_MS, e))
		return -1;
	for (unsigned long done = 0; done < p->count; done += CHUNK) {
		unsigned long left = p->count - done;

		if (publish(m, p, done, left < CHUNK ? left : CHUNK, e))
			return -1;
	}
	return 0;
}

static void run(void *arg)
{
	struct filling *p = arg;
	struct amqp *m = NULL;
	struct err e = {0};

	if (amqp_open(&(struct amqp_settings){.urls = p->url, .name = "fill"}, &m, &e) ||
	    fill(m, p, &e)) {
		fprintf(stderr, "fill: %s\n", e.msg);
		p->failed = 1;
	}
	amqp_close(m);
	loop_stop();
}

int main(int argc, char **argv)
{
	if (argc != 5) {
		fprintf(stderr, "usage: fill BROKER-URL STORE-ID COUNT SPLIT-PERCENT\n");
		return EXIT_USAGE;
	}
	struct filling p = {
		.url = argv[1],
		.store = argv[2],
		.count = strtoul(argv[3], NULL, 10),
		.split_percent = strtoul(argv[4], NULL, 10),
		.random = 88172645463325252u,
	};

	fiber_start("fill", run, &p);
	loop_run();
	return p.failed;
}
