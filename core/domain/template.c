/* template - parsing; template_render.c fills in */
#include "core/domain/template.h"

#include <string.h>

#include "core/domain/template_tree.h"
#include "core/runtime/utf8.h"

enum { NAME_MAX_BYTES = 100 };

struct parser {
	struct arena *arena;
	const char *file;
	enum template_kind kind;
	const char *start, *at, *end;
	int line; /* of at */
};

/* What stands between {{ and }}. */
struct tag {
	char sign; /* # ^ / ! { or 0 */
	const char *name;
	const char *begin, *after; /* of the whole tag, blank line around it included */
	int line;
};

static int refuse(const struct parser *p, int line, const char *why, const char *name,
		  struct err *e)
{
	return err_set(e, ERR_FINAL, ERR_CODE_DATA, "%s:%d: %s%s%s", p->file, line, why,
		       name ? " " : "", name ? name : "");
}

static int count_lines(const char *from, const char *to)
{
	int lines = 0;

	for (; from < to; from++)
		lines += *from == '\n';
	return lines;
}

static const char *find(const struct parser *p, const char *from, const char *what)
{
	return from < p->end ? memmem(from, (size_t)(p->end - from), what, strlen(what)) : NULL;
}

static int is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* A name is parts of letters, digits and _ with dots between them. */
static int is_name(const char *name)
{
	size_t part = 0;

	if (strlen(name) > NAME_MAX_BYTES)
		return 0;
	for (const char *c = name; *c; c++) {
		if (*c == '.' && part) {
			part = 0;
			continue;
		}
		if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
		      (*c >= '0' && *c <= '9') || *c == '_'))
			return 0;
		part++;
	}
	return part > 0;
}

/* A section tag or comment alone on its line: the tag grows to the whole line. */
static void take_line(const struct parser *p, struct tag *t)
{
	const char *begin = t->begin, *after = t->after;

	while (begin > p->start && is_blank(begin[-1]))
		begin--;
	while (after < p->end && is_blank(*after))
		after++;
	if ((begin > p->start && begin[-1] != '\n') || (after < p->end && *after != '\n'))
		return;
	t->begin = begin;
	t->after = after < p->end ? after + 1 : after;
}

/* Finds the next tag; t->begin is NULL when there is none. */
static int next_tag(const struct parser *p, struct tag *t, struct err *e)
{
	*t = (struct tag){.begin = find(p, p->at, "{{")};
	if (!t->begin)
		return 0;
	t->line = p->line + count_lines(p->at, t->begin);
	const char *inner = t->begin + 2;
	const char *closing = "}}";

	if (inner < p->end && strchr("#^/!{&>=", *inner))
		t->sign = *inner++;
	if (t->sign == '&' || t->sign == '>' || t->sign == '=')
		return refuse(p, t->line,
			      "there are no partials, no {{&..}} and no other delimiters", NULL, e);
	if (t->sign == '{')
		closing = "}}}";
	const char *close = find(p, inner, closing);

	if (!close || (t->sign != '!' && memchr(inner, '\n', (size_t)(close - inner))))
		return refuse(p, t->line, "a tag that is not closed on its line", NULL, e);
	t->after = close + strlen(closing);
	if (t->sign == '!') {
		take_line(p, t);
		return 0;
	}
	while (inner < close && is_blank(*inner))
		inner++;
	while (close > inner && is_blank(close[-1]))
		close--;
	t->name = arena_strndup(p->arena, inner, (size_t)(close - inner));
	if (!is_name(t->name))
		return refuse(p, t->line, "not a name:", t->name, e);
	if (t->sign == '#' || t->sign == '^' || t->sign == '/')
		take_line(p, t);
	return 0;
}

static struct node *add_node(const struct parser *p, struct node ***tail, enum node_kind kind,
			     int line)
{
	struct node *n = ARENA_NEW(p->arena, struct node);

	n->kind = kind;
	n->line = line;
	**tail = n;
	*tail = &n->next;
	return n;
}

static void add_text(const struct parser *p, struct node ***tail, const char *to)
{
	if (to == p->at)
		return;
	struct node *n = add_node(p, tail, NODE_TEXT, p->line);

	n->text = arena_strndup(p->arena, p->at, (size_t)(to - p->at));
	n->len = (size_t)(to - p->at);
}

static void move_to(struct parser *p, const char *to)
{
	p->line += count_lines(p->at, to);
	p->at = to;
}

/* Reads up to the end of the section that is called section, or of the whole text (NULL). */
static int parse_nodes(struct parser *p, const struct tag *section, int depth, struct node **first,
		       struct err *e)
{
	struct node **tail = first;
	struct tag t;

	if (depth > TEMPLATE_DEPTH_MAX)
		return refuse(p, section->line,
			      "too many sections inside of each other:", section->name, e);
	for (;;) {
		if (next_tag(p, &t, e))
			return -1;
		add_text(p, &tail, t.begin ? t.begin : p->end);
		if (!t.begin)
			break;
		move_to(p, t.after);
		if (t.sign == '/') {
			if (section && strcmp(section->name, t.name) == 0)
				return 0;
			return refuse(p, t.line, "closes a section that is not open:", t.name, e);
		}
		if (t.sign == '!')
			continue;
		struct node *n =
			add_node(p, &tail,
				 t.sign == '#'				     ? NODE_SECTION
				 : t.sign == '^'			     ? NODE_INVERTED
				 : t.sign == '{' || p->kind == TEMPLATE_TEXT ? NODE_RAW
									     : NODE_ESCAPED,
				 t.line);

		n->text = t.name;
		if ((t.sign == '#' || t.sign == '^') &&
		    parse_nodes(p, &t, depth + 1, &n->children, e))
			return -1;
	}
	if (section)
		return refuse(p, section->line, "a section that is not closed:", section->name, e);
	return 0;
}

static int check_bytes(const struct parser *p, struct err *e)
{
	size_t len = (size_t)(p->end - p->start);
	size_t bad = utf8_bad_at(p->start, len);

	if (len > TEMPLATE_BYTES_MAX)
		return err_set(e, ERR_FINAL, ERR_CODE_DATA, "%s: larger than %d bytes", p->file,
			       (int)TEMPLATE_BYTES_MAX);
	if (bad < len)
		return refuse(p, p->line + count_lines(p->start, p->start + bad), "not UTF-8", NULL,
			      e);
	for (const char *c = p->start; c < p->end; c++)
		if (((unsigned char)*c < ' ' && !strchr("\t\r\n", *c)) || *c == 127 || *c == '\0')
			return refuse(p, p->line + count_lines(p->start, c), "a control character",
				      NULL, e);
	return 0;
}

int template_parse(struct arena *a, const struct template_source *source, enum template_kind kind,
		   struct template **out, struct err *e)
{
	struct template *t = ARENA_NEW(a, struct template);
	struct parser p = {
		.arena = a,
		.file = arena_strdup(a, source->file),
		.kind = kind,
		.start = source->text,
		.at = source->text,
		.end = source->text + source->len,
		.line = source->line,
	};

	t->file = p.file;
	if (check_bytes(&p, e) || parse_nodes(&p, NULL, 0, &t->first, e))
		return -1;
	*out = t;
	return 0;
}
