/* template_tree - what template.c builds and template_render.c walks; nobody else includes this */
#ifndef WAYBILL_TEMPLATE_TREE_H
#define WAYBILL_TEMPLATE_TREE_H

#include <stddef.h>

enum node_kind {
	NODE_TEXT,
	NODE_RAW,
	NODE_ESCAPED,
	NODE_SECTION,
	NODE_INVERTED,
};

struct node {
	enum node_kind kind;
	int line;
	const char *text; /* NODE_TEXT: itself; else the name */
	size_t len;	  /* NODE_TEXT */
	struct node *children, *next;
};

struct template
{
	const char *file;
	struct node *first;
};

#endif
