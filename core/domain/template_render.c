/* template_render - check a parsed template against a sample, and fill it in */
#include <string.h>

#include "core/domain/template.h"
#include "core/domain/template_tree.h"
#include "core/runtime/buffer.h"

/* The objects whose names are in reach, innermost first. They live on the stack of the walk. */
struct scope {
	json_t *object;
	const struct scope *outer;
};

static json_t *look_up(const struct scope *scope, const char *name)
{
	size_t len = strcspn(name, ".");
	json_t *value = NULL;

	for (; scope && !value; scope = scope->outer)
		value = json_object_getn(scope->object, name, len);
	while (value && name[len]) {
		name += len + 1;
		len = strcspn(name, ".");
		value = json_object_getn(value, name, len);
	}
	return value;
}

static int is_printable(const json_t *value)
{
	return json_is_string(value) || json_is_integer(value);
}

static int refuse(const struct template *t, const struct node *n, const char *why, struct err *e)
{
	return err_set(e, ERR_FINAL, ERR_CODE_DATA, "%s:%d: %s: %s", t->file, n->line, why,
		       n->text);
}

static int check_nodes(const struct template *t, const struct node *n, const struct scope *scope,
		       struct err *e)
{
	for (; n; n = n->next) {
		if (n->kind == NODE_TEXT)
			continue;
		json_t *value = look_up(scope, n->text);

		if (!value)
			return refuse(t, n, "no such name here", e);
		if (n->kind == NODE_RAW || n->kind == NODE_ESCAPED) {
			if (!is_printable(value))
				return refuse(t, n, "not a text or a number", e);
			continue;
		}
		struct scope inner = {.object = value, .outer = scope};

		if (json_is_array(value))
			inner.object = json_array_get(value, 0);
		if (!inner.object)
			return refuse(t, n, "an empty list in the sample", e);
		int is_opened = n->kind == NODE_SECTION && json_is_object(inner.object);

		if (check_nodes(t, n->children, is_opened ? &inner : scope, e))
			return -1;
	}
	return 0;
}

int template_check(const struct template *t, json_t *sample, struct err *e)
{
	const struct scope scope = {.object = sample};

	return check_nodes(t, t->first, &scope, e);
}

struct rendering {
	const struct template *template;
	struct buffer out;
	size_t steps;
};

static const char *entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static void add_value(struct buffer *out, const json_t *value, int is_escaped)
{
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);

	if (json_is_integer(value)) {
		buffer_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return;
	}
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		const char *escaped = is_escaped ? entity(text[i]) : NULL;

		if (escaped)
			buffer_text(out, escaped);
		else
			buffer_char(out, (c < ' ' && c != '\t' && c != '\n') || c == 127 ? ' '
											 : text[i]);
	}
}

static int is_open(const json_t *value)
{
	return json_is_true(value) || json_is_object(value) || json_is_number(value) ||
	       json_array_size(value) > 0 || json_string_length(value) > 0;
}

static int render_nodes(struct rendering *r, const struct node *n, const struct scope *scope,
			struct err *e);

static int render_section(struct rendering *r, const struct node *n, json_t *value,
			  const struct scope *scope, struct err *e)
{
	if (!json_is_array(value)) {
		const struct scope inner = {.object = value, .outer = scope};

		return render_nodes(r, n->children, json_is_object(value) ? &inner : scope, e);
	}
	for (size_t i = 0; i < json_array_size(value); i++) {
		const struct scope inner = {.object = json_array_get(value, i), .outer = scope};

		if (render_nodes(r, n->children, &inner, e))
			return -1;
	}
	return 0;
}

static int render_nodes(struct rendering *r, const struct node *n, const struct scope *scope,
			struct err *e)
{
	for (; n; n = n->next) {
		json_t *value = n->kind == NODE_TEXT ? NULL : look_up(scope, n->text);

		if (++r->steps > TEMPLATE_STEPS_MAX || r->out.len > TEMPLATE_OUTPUT_MAX)
			return err_set(e, ERR_FINAL, ERR_CODE_DATA,
				       "%s:%d: what comes out is too large", r->template->file,
				       n->line);
		switch (n->kind) {
		case NODE_TEXT:
			buffer_add(&r->out, n->text, n->len);
			break;
		case NODE_RAW:
		case NODE_ESCAPED:
			add_value(&r->out, value, n->kind == NODE_ESCAPED);
			break;
		case NODE_SECTION:
			if (is_open(value) && render_section(r, n, value, scope, e))
				return -1;
			break;
		case NODE_INVERTED:
			if (!is_open(value) && render_nodes(r, n->children, scope, e))
				return -1;
			break;
		}
	}
	return 0;
}

int template_render(struct arena *a, const struct template *t, json_t *data, const char **out,
		    struct err *e)
{
	struct rendering r = {.template = t, .out = {.arena = a}};
	const struct scope scope = {.object = data};

	if (render_nodes(&r, t->first, &scope, e))
		return -1;
	*out = r.out.data ? r.out.data : "";
	return 0;
}
