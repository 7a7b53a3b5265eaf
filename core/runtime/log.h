/*
 * log - one line per fact, key=value, for journald
 *
 * Lines go to stderr. Under journald (or with log_init(.journal = true)) each begins with
 * "<level>", otherwise with the time and the level's name. Values that may hold blanks or
 * control characters go through log_quote(). Never a token, a name or an address.
 */
#ifndef WAYBILL_LOG_H
#define WAYBILL_LOG_H

enum log_level { LOG_CRIT = 2, LOG_ERR = 3, LOG_WARN = 4, LOG_INFO = 6, LOG_DEBUG = 7 };

/* log_init - program is put into every line; lines above level are dropped. */
void log_init(const char *program, enum log_level level);

/* log_level_by_name - "err", "warn", "info" or "debug"; -1 for anything else. */
int log_level_by_name(const char *name);

/* log_line - format is "key=value key=value"; a newline inside becomes a blank. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* log_start_failure - why a program cannot start, for whoever starts it: "waybill-clock: <text>", at level err */
void log_start_failure(const char *program, const char *text);

#define log_err(...) log_line(LOG_ERR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

/*
 * log_quote - text as one quoted value
 *
 * At most 400 bytes are kept, as text_cut() does it; quotes and backslashes are escaped.
 * The result is one of eight static buffers: use it in the same call.
 */
const char *log_quote(const char *text);

#endif
