/* gather - messages that many requests publish in one turn of the loop go to the broker together */
#include "gateway/gather.h"

#include "core/runtime/loop.h"

struct gather_entry {
	struct gather_entry *next;
	const struct amqp_message *message;
	struct fiber *fiber;
	int is_done, failed;
	struct err err;
};

/* Starts in the turn after its first message, and takes what has come by then. */
static void publish(void *arg)
{
	struct gather *g = arg;
	struct gather_entry *entry = g->first;
	size_t count = g->count, n = 0;
	struct arena *arena = arena_new();
	struct amqp_message *messages = ARENA_ARRAY(arena, struct amqp_message, count);
	struct err e = {0};

	g->first = g->last = NULL;
	g->count = 0;
	for (const struct gather_entry *each = entry; each; each = each->next)
		messages[n++] = *each->message;
	int failed = amqp_publish(g->broker, messages, n, loop_now_ms() + g->deadline_ms, &e);

	while (entry) {
		struct gather_entry *next = entry->next;

		entry->err = e;
		entry->failed = failed;
		entry->is_done = 1;
		fiber_wake(entry->fiber);
		entry = next;
	}
	arena_free(arena);
}

int gather_publish(struct gather *g, const struct amqp_message *message, struct err *e)
{
	struct gather_entry entry = {.message = message, .fiber = fiber_self()};

	if (g->last)
		g->last->next = &entry;
	else
		g->first = &entry;
	g->last = &entry;
	if (g->count++ == 0)
		fiber_start("gather", publish, g);
	while (!entry.is_done)
		fiber_suspend(0, NULL);
	if (entry.failed && e)
		*e = entry.err;
	return entry.failed;
}
