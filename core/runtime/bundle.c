/* bundle - row ids of one role as messages of up to BUNDLE_MAX ids */
#include "core/runtime/bundle.h"

#include "core/runtime/jmap.h"

size_t bundle_count(size_t ids)
{
	return (ids + BUNDLE_MAX - 1) / BUNDLE_MAX;
}

static struct amqp_message one_bundle(struct arena *a, const char *queue, const int64_t *ids,
				      size_t count)
{
	char *body = arena_alloc(a, BUNDLE_BYTES);
	size_t len = 0;

	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(body + len, BUNDLE_BYTES - len, "%c%lld", i ? ',' : '[',
					(long long)ids[i]);
	body[len++] = ']';
	return (struct amqp_message){.routing_key = queue, .body = body, .body_len = len};
}

void bundle_write(struct arena *a, const char *role, const int64_t *ids, size_t count,
		  struct amqp_message *out)
{
	const char *queue = arena_printf(a, "wb.%s", role);

	for (size_t done = 0; done < count; done += BUNDLE_MAX)
		*out++ = one_bundle(a, queue, ids + done,
				    count - done < BUNDLE_MAX ? count - done : BUNDLE_MAX);
}

void bundle_write_suspects(struct arena *a, const char *role, const int64_t *ids, size_t count,
			   struct amqp_message *out)
{
	for (size_t i = 0; i < count; i++) {
		bundle_write(a, role, ids + i, 1, out + i);
		out[i].headers[AMQP_SUSPECT] = "1";
	}
}

int bundle_read(struct arena *a, const void *body, size_t len, int64_t *ids, size_t *count)
{
	struct err e = {0};
	json_t *array;

	if (jmap_parse(a, body, len, BUNDLE_BYTES, &array, &e) || !json_is_array(array) ||
	    json_array_size(array) > BUNDLE_MAX)
		return -1;
	*count = json_array_size(array);
	for (size_t i = 0; i < *count; i++) {
		if (!json_is_integer(json_array_get(array, i)))
			return -1;
		ids[i] = json_integer_value(json_array_get(array, i));
	}
	return 0;
}

int bundle_publish(struct amqp *m, struct arena *a, const char *role, const int64_t *ids,
		   size_t count, int64_t deadline_ms, struct err *e)
{
	size_t n = bundle_count(count);
	struct amqp_message *messages = ARENA_ARRAY(a, struct amqp_message, n);

	bundle_write(a, role, ids, count, messages);
	return n == 0 ? 0 : amqp_publish(m, messages, n, deadline_ms, e);
}
