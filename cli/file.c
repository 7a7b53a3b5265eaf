/* file - reading files and standard input */
#include "cli/file.h"
#include "core/runtime/text.h"

#include <errno.h>

enum { SECRET_MAX = 4096, STEP_BYTES = 64 * 1024 };

/* Standard input can be read once only, but a command may run again after a conflict. */
static struct {
	char *text;
	size_t len;
} input;

static int read_stream(FILE *file, const char *path, size_t max, char **out, size_t *len,
		       struct err *e)
{
	char *text = NULL;
	size_t size = 0;

	*len = 0;
	do {
		size += STEP_BYTES;
		text = realloc(text, size + 1);
		if (!text)
			die("out of memory");
		*len += fread(text + *len, 1, size - *len, file);
	} while (*len == size && size <= max);
	if (ferror(file) || *len > max) {
		int is_long = !ferror(file);

		free(text);
		return is_long ? err_final(e, "%s: larger than %zu bytes", text_cut(path, 100), max)
			       : err_final(e, "cannot read %s: %s", text_cut(path, 100),
					   strerror(errno));
	}
	text[*len] = '\0';
	*out = text;
	return 0;
}

static int read_input(size_t max, char **out, size_t *len, struct err *e)
{
	if (!input.text && read_stream(stdin, "standard input", max, &input.text, &input.len, e))
		return -1;
	*out = input.text;
	*len = input.len;
	return 0;
}

int file_read(struct arena *a, const char *path, size_t max_bytes, char **text, size_t *len,
	      struct err *e)
{
	char *bytes;

	if (strcmp(path, "-") == 0) {
		if (read_input(max_bytes, &bytes, len, e))
			return -1;
		*text = arena_alloc(a, *len + 1);
		memcpy(*text, bytes, *len + 1);
		return 0;
	}
	FILE *file = fopen(path, "re");

	if (!file)
		return err_final(e, "cannot read %s: %s", text_cut(path, 100), strerror(errno));
	int failed = read_stream(file, path, max_bytes, &bytes, len, e);

	fclose(file);
	if (failed)
		return -1;
	arena_defer(a, free, bytes);
	*text = bytes;
	return 0;
}

int file_read_secret(struct arena *a, const char *path, struct secret *out, struct err *e)
{
	char *text;
	size_t len;

	if (file_read(a, path, SECRET_MAX, &text, &len, e))
		return -1;
	size_t end = strcspn(text, "\r\n");
	int is_good = end > 0 && strspn(text + end, "\r\n") == len - end;

	if (is_good)
		*out = secret_new(a, text, end);
	explicit_bzero(text, len);
	return is_good ? 0
		       : err_final(e, "%s: one line with the secret is needed",
				   text_cut(path, 100));
}
