/*
 * template - text with holes: mustache, the strict half of it
 *
 *   {{name}}          a text or a whole number; in HTML templates with & < > " ' escaped
 *   {{{name}}}        the same, never escaped
 *   {{#name}}..{{/}}  written {{/name}}: once for an object, a text that is not empty, a number or true, with the object's names in
 *                     reach; once per element for a list; not at all for false, null, "", [] and what is missing
 *   {{^name}}..{{/name}}  the other way round
 *   {{! comment}}
 *
 * name may be dotted: order.url. Its first part is looked for from the innermost section outwards. A section tag or
 * a comment that is alone on its line takes the whole line with it. There are no partials, no lambdas, no other
 * delimiters.
 */
#ifndef WAYBILL_TEMPLATE_H
#define WAYBILL_TEMPLATE_H

#include <jansson.h>
#include <stddef.h>

#include "core/runtime/arena.h"
#include "core/runtime/err.h"

enum {
	TEMPLATE_BYTES_MAX = 256 * 1024,
	TEMPLATE_OUTPUT_MAX = 1024 * 1024,
	TEMPLATE_DEPTH_MAX = 16,
	TEMPLATE_STEPS_MAX = 200 * 1000, /* pieces written by one rendering */
};

enum template_kind { TEMPLATE_TEXT, TEMPLATE_HTML };

struct template;

struct template_source {
	const char *file; /* for messages; copied, as is the text */
	int line;	  /* number of the text's first line in that file */
	const char *text;
	size_t len;
};

/*
 * template_parse - into a tree in the arena, to be rendered as often as wanted
 *
 * ERR_FINAL names file and line: an unclosed or wrongly closed section or tag, a bad name, sections nested deeper than
 * TEMPLATE_DEPTH_MAX, text that is not UTF-8 or holds control characters, more than TEMPLATE_BYTES_MAX.
 */
int template_parse(struct arena *a, const struct template_source *source, enum template_kind kind,
		   struct template **out, struct err *e);

/*
 * template_check - does every name exist in the sample?
 *
 * Looks into every section, whether the sample would open it or not; of a list, its first element is the sample.
 * ERR_FINAL names file, line and name when it does not exist, when a list or object is to be printed, or when a
 * list of the sample is empty, so that nothing can be said about what is in it.
 */
int template_check(const struct template *t, json_t *sample, struct err *e);

/*
 * template_render - fill in data (an object)
 *
 * A name that does not exist is empty. Control characters in data become blanks (tab and newline stay). ERR_FINAL
 * beyond TEMPLATE_OUTPUT_MAX or TEMPLATE_STEPS_MAX.
 */
int template_render(struct arena *a, const struct template *t, json_t *data, const char **out,
		    struct err *e);

#endif
