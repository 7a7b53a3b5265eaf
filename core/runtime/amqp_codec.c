/*
 * amqp_codec - frames to bytes and bytes to frames, with rabbitmq-c as a pure codec
 *
 * Everything that reaches the library's decoder comes from outside; so here the order of
 * frames, their channels and the lengths of bodies are checked, and nobody else has to.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/runtime/amqp_internal.h"
#include "core/runtime/utf8.h"

enum {
	FRAME_HEADER_BYTES = 7, /* type, channel, length */
	FRAME_END = 0xCE,
	FRAME_OVERHEAD_BYTES = FRAME_HEADER_BYTES + 1,
	METHOD_BYTES_MAX =
		4096, /* of our own methods and headers: a few short strings, ten texts */
	OUT_BYTES_KEPT = 256 * 1024,
	HEADER_TEXT_MAX = 255,
};

const char *const amqp_header_names[AMQP_HEADER_COUNT] = {
	[AMQP_KIND] = "x-wb-kind",	   [AMQP_STORE] = "x-wb-store",
	[AMQP_SHARED] = "x-wb-shared",	   [AMQP_TOPIC] = "x-wb-topic",
	[AMQP_KEY] = "x-wb-key",	   [AMQP_ATTEMPT] = "x-wb-attempt",
	[AMQP_FIRST_AT] = "x-wb-first-at", [AMQP_ERROR] = "x-wb-error",
	[AMQP_ROLE] = "x-wb-role",	   [AMQP_SUSPECT] = "x-wb-suspect",
};

void amqp_codec_init(struct amqp_codec *c)
{
	*c = (struct amqp_codec){.library = amqp_new_connection(), .frame_max = AMQP_FRAME_MIN};
	if (!c->library)
		die("out of memory: an AMQP codec");
}

void amqp_codec_clear(struct amqp_codec *c)
{
	if (c->library)
		amqp_destroy_connection(c->library);
	free(c->out);
	*c = (struct amqp_codec){0};
}

int amqp_codec_tune(struct amqp_codec *c, size_t frame_max, int heartbeat_s, struct err *e)
{
	if (amqp_tune_connection(c->library, AMQP_CHANNEL_COUNT, (int)frame_max, heartbeat_s))
		return err_retry(e, "the AMQP library refused the broker's tuning");
	c->frame_max = frame_max;
	return 0;
}

/* ---- Out ---- */

static unsigned char *reserve(struct amqp_codec *c, size_t len)
{
	size_t unsent = amqp_codec_unsent(c);

	if (c->out_size - c->out_end < len) {
		size_t wanted = c->out_size ? c->out_size : OUT_BYTES_KEPT;

		while (wanted - unsent < len)
			wanted *= 2;
		unsigned char *bigger = malloc(wanted);

		if (!bigger)
			die("out of memory: %zu bytes to send", wanted);
		if (unsent)
			memcpy(bigger, c->out + c->out_start, unsent);
		free(c->out);
		c->out = bigger;
		c->out_size = wanted;
		c->out_start = 0;
		c->out_end = unsent;
	}
	return c->out + c->out_end;
}

static void put_16(unsigned char *at, unsigned value)
{
	at[0] = (unsigned char)(value >> 8);
	at[1] = (unsigned char)value;
}

static void put_32(unsigned char *at, size_t value)
{
	put_16(at, (unsigned)(value >> 16));
	put_16(at + 2, (unsigned)value & 0xFFFF);
}

/* Puts the frame's header before and its end behind len bytes that are in place already. */
static void finish_frame(struct amqp_codec *c, unsigned type, unsigned channel, size_t len)
{
	unsigned char *frame = c->out + c->out_end;

	frame[0] = (unsigned char)type;
	put_16(frame + 1, channel);
	put_32(frame + 3, len);
	frame[FRAME_HEADER_BYTES + len] = FRAME_END;
	c->out_end += FRAME_OVERHEAD_BYTES + len;
}

void amqp_codec_protocol_header(struct amqp_codec *c)
{
	memcpy(reserve(c, 8), "AMQP\0\0\x09\x01", 8);
	c->out_end += 8;
}

void amqp_codec_heartbeat(struct amqp_codec *c)
{
	reserve(c, FRAME_OVERHEAD_BYTES);
	finish_frame(c, AMQP_FRAME_HEARTBEAT, AMQP_CHANNEL_CONTROL, 0);
}

void amqp_codec_method(struct amqp_codec *c, enum amqp_channel_number channel,
		       amqp_method_number_t id, void *fields)
{
	unsigned char *at = reserve(c, METHOD_BYTES_MAX + FRAME_OVERHEAD_BYTES);
	amqp_bytes_t into = {METHOD_BYTES_MAX - 4, at + FRAME_HEADER_BYTES + 4};
	int len = amqp_encode_method(id, fields, into);

	if (len < 0)
		die("cannot encode the AMQP method %s", amqp_method_name(id));
	put_32(at + FRAME_HEADER_BYTES, id);
	finish_frame(c, AMQP_FRAME_METHOD, channel, 4 + (size_t)len);
}

void amqp_codec_content(struct amqp_codec *c, enum amqp_channel_number channel,
			amqp_basic_properties_t *properties, const void *body, size_t body_len)
{
	unsigned char *at = reserve(c, METHOD_BYTES_MAX + FRAME_OVERHEAD_BYTES);
	unsigned char *header = at + FRAME_HEADER_BYTES;
	amqp_bytes_t into = {METHOD_BYTES_MAX - 12, header + 12};
	int len = amqp_encode_properties(AMQP_BASIC_CLASS, properties, into);

	if (len < 0)
		die("cannot encode AMQP properties");
	put_16(header, AMQP_BASIC_CLASS);
	put_16(header + 2, 0);
	put_32(header + 4, (size_t)((uint64_t)body_len >> 32));
	put_32(header + 8, body_len & UINT32_MAX);
	finish_frame(c, AMQP_FRAME_HEADER, channel, 12 + (size_t)len);

	for (size_t sent = 0, part; sent < body_len; sent += part) {
		part = body_len - sent;
		if (part > c->frame_max - FRAME_OVERHEAD_BYTES)
			part = c->frame_max - FRAME_OVERHEAD_BYTES;
		at = reserve(c, part + FRAME_OVERHEAD_BYTES);
		memcpy(at + FRAME_HEADER_BYTES, (const unsigned char *)body + sent, part);
		finish_frame(c, AMQP_FRAME_BODY, channel, part);
	}
}

size_t amqp_codec_unsent(const struct amqp_codec *c)
{
	return c->out_end - c->out_start;
}

void amqp_codec_sent(struct amqp_codec *c, size_t len)
{
	c->out_start += len;
	if (c->out_start < c->out_end)
		return;
	c->out_start = c->out_end = 0;
	if (c->out_size > 4 * OUT_BYTES_KEPT) {
		free(c->out);
		c->out = NULL;
		c->out_size = 0;
	}
}

/* ---- In ---- */

/* Does this frame belong here? Sets is_last. */
static int check_order(struct amqp_codec *c, const amqp_frame_t *f, int *is_last)
{
	if (f->channel >= AMQP_CHANNEL_COUNT)
		return -1;
	int *wants_header = &c->content[f->channel].wants_header;
	uint64_t *body_left = &c->content[f->channel].body_left;

	switch (f->frame_type) {
	case AMQP_FRAME_METHOD:
		if (*wants_header || *body_left)
			return -1;
		*wants_header = amqp_method_has_content(f->payload.method.id);
		*is_last = !*wants_header;
		return 0;
	case AMQP_FRAME_HEADER:
		if (!*wants_header || f->payload.properties.class_id != AMQP_BASIC_CLASS)
			return -1;
		*wants_header = 0;
		*body_left = f->payload.properties.body_size;
		break;
	case AMQP_FRAME_BODY:
		if (*wants_header || f->payload.body_fragment.len > *body_left ||
		    !f->payload.body_fragment.len)
			return -1;
		*body_left -= f->payload.body_fragment.len;
		break;
	case AMQP_FRAME_HEARTBEAT:
		break;
	default:
		return -1;
	}
	*is_last = *body_left == 0;
	return 0;
}

int amqp_codec_feed(struct amqp_codec *c, const unsigned char *bytes, size_t len,
		    int (*on_frame)(void *, const amqp_frame_t *, int, struct err *), void *arg,
		    struct err *e)
{
	while (len) {
		amqp_frame_t frame = {0};
		/* The library only reads from it; its type just does not say so. */
		amqp_bytes_t input = {len, (void *)(uintptr_t)bytes};
		int used = amqp_handle_input(c->library, input, &frame), is_last = 0;

		if (used <= 0 || (size_t)used > len)
			return err_retry(e, "malformed bytes from the broker: %s",
					 used < 0 ? amqp_error_string2(used) : "no progress");
		bytes += used;
		len -= (size_t)used;
		if (frame.frame_type == 0)
			continue; /* not whole yet */
		if (check_order(c, &frame, &is_last))
			return err_retry(e,
					 "the broker sent a frame of type %d on channel %d "
					 "where none may be",
					 frame.frame_type, frame.channel);
		if (on_frame(arg, &frame, is_last, e))
			return -1;
		amqp_maybe_release_buffers_on_channel(c->library, frame.channel);
	}
	return 0;
}

/* ---- Our headers ---- */

static int header_by_name(amqp_bytes_t name)
{
	for (int i = 0; i < AMQP_HEADER_COUNT; i++)
		if (strlen(amqp_header_names[i]) == name.len &&
		    memcmp(amqp_header_names[i], name.bytes, name.len) == 0)
			return i;
	return -1;
}

static const char *read_text(struct arena *a, const amqp_field_value_t *v)
{
	const amqp_bytes_t *text = &v->value.bytes;

	if ((v->kind != AMQP_FIELD_KIND_UTF8 && v->kind != AMQP_FIELD_KIND_BYTES) ||
	    text->len > HEADER_TEXT_MAX || (text->len && memchr(text->bytes, '\0', text->len)))
		return NULL;
	return text->len ? utf8_clean(a, text->bytes, text->len, text->len) : "";
}

static int64_t read_count(const amqp_field_value_t *v)
{
	switch (v->kind) {
	case AMQP_FIELD_KIND_I64:
		return v->value.i64 > 0 ? v->value.i64 : 0;
	case AMQP_FIELD_KIND_I32:
		return v->value.i32 > 0 ? v->value.i32 : 0;
	case AMQP_FIELD_KIND_I16:
		return v->value.i16 > 0 ? v->value.i16 : 0;
	case AMQP_FIELD_KIND_I8:
		return v->value.i8 > 0 ? v->value.i8 : 0;
	case AMQP_FIELD_KIND_U8:
		return v->value.u8;
	default:
		return 0;
	}
}

static const amqp_field_value_t *find(const amqp_table_t *table, const char *name)
{
	for (int i = 0; i < table->num_entries; i++)
		if (table->entries[i].key.len == strlen(name) &&
		    memcmp(table->entries[i].key.bytes, name, strlen(name)) == 0)
			return &table->entries[i].value;
	return NULL;
}

/* x-death is a list of tables, the last death first. */
static const char *read_death(struct arena *a, const amqp_table_t *table)
{
	const amqp_field_value_t *deaths = find(table, "x-death"), *queue;

	if (!deaths || deaths->kind != AMQP_FIELD_KIND_ARRAY ||
	    deaths->value.array.num_entries < 1 ||
	    deaths->value.array.entries[0].kind != AMQP_FIELD_KIND_TABLE)
		return NULL;
	queue = find(&deaths->value.array.entries[0].value.table, "queue");
	return queue ? read_text(a, queue) : NULL;
}

void amqp_headers_read(const amqp_table_t *table, struct amqp_delivery *d)
{
	const amqp_field_value_t *count = find(table, "x-delivery-count");

	for (int i = 0; i < table->num_entries; i++) {
		int known = header_by_name(table->entries[i].key);

		if (known >= 0)
			d->headers[known] = read_text(d->arena, &table->entries[i].value);
	}
	if (count)
		d->delivery_count = read_count(count);
	d->dead_from = read_death(d->arena, table);
}
