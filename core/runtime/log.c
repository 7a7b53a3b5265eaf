/* log - one line per fact, key=value, for journald */
#include "core/runtime/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/runtime/text.h"

enum { LOG_TEXT_MAX = 400 };

static struct {
	char program[64];
	enum log_level level;
	int journal; /* stderr is a journal stream: levels as <n>, no time */
} state = {.program = "waybill", .level = LOG_INFO};

static const char *const level_names[] = {
	[LOG_CRIT] = "crit", [LOG_ERR] = "err",	    [LOG_WARN] = "warn",
	[LOG_INFO] = "info", [LOG_DEBUG] = "debug",
};

void log_init(const char *program, enum log_level level)
{
	snprintf(state.program, sizeof state.program, "%s", program);
	state.level = level;
	state.journal = getenv("JOURNAL_STREAM") != NULL;
}

int log_level_by_name(const char *name)
{
	for (int level = LOG_ERR; level <= LOG_DEBUG; level++)
		if (level_names[level] && strcmp(level_names[level], name) == 0)
			return level;
	return -1;
}

static size_t line_prefix(char *line, size_t size, enum log_level level)
{
	if (state.journal)
		return (size_t)snprintf(line, size, "<%d>", (int)level);

	struct timespec now;
	struct tm utc;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	return (size_t)snprintf(line, size, "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ %s %s[%d] ",
				utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
				utc.tm_min, utc.tm_sec, now.tv_nsec / 1000000, level_names[level],
				state.program, (int)getpid());
}

void log_line(enum log_level level, const char *format, ...)
{
	char line[2048];
	va_list args;

	if (level > state.level)
		return;
	size_t start = line_prefix(line, sizeof line, level);
	va_start(args, format);
	size_t end = start + text_vprintf(line + start, sizeof line - start - 1, format, args);
	va_end(args);
	line[end] = '\n';
	/* A log that cannot be written must not stop the work. */
	ssize_t written = write(STDERR_FILENO, line, end + 1);
	(void)written;
}

void log_start_failure(const char *program, const char *text)
{
	/* The level is known before the configuration is. */
	if (getenv("JOURNAL_STREAM"))
		fprintf(stderr, "<%d>", (int)LOG_ERR);
	fprintf(stderr, "%s: %s\n", program, text);
}

const char *log_quote(const char *text)
{
	static char buffers[8][2 * LOG_TEXT_MAX + 3];
	static unsigned next;
	char *out = buffers[next++ % 8];
	size_t used = 0;

	out[used++] = '"';
	for (const char *c = text_cut(text, LOG_TEXT_MAX); *c; c++) {
		if (*c == '"' || *c == '\\')
			out[used++] = '\\';
		out[used++] = *c;
	}
	out[used++] = '"';
	out[used] = '\0';
	return out;
}
