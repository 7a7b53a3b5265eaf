/*
 * timestamp - moments as int64 microseconds since 1970-01-01 UTC, and their texts
 */
#ifndef WAYBILL_TIMESTAMP_H
#define WAYBILL_TIMESTAMP_H

#include <stddef.h>
#include <stdint.h>

#include "core/runtime/arena.h"

/*
 * timestamp_parse - RFC 3339: "2026-11-23T05:30:00.25+01:00", "...Z"
 *
 * Years 1970 to 9999; a blank instead of T is accepted, an offset is required; digits below the
 * microsecond are dropped; second 60 counts as the next minute. 0 or -1.
 */
int timestamp_parse(const char *text, size_t len, int64_t *out_us);

/*
 * timestamp_parse_mail - RFC 2822 and HTTP: "Mon, 23 Nov 2026 04:30:00 +0000", "... GMT". 0 or -1.
 */
int timestamp_parse_mail(const char *text, size_t len, int64_t *out_us);

/*
 * timestamp_format - RFC 3339 in UTC: "2026-11-23T04:30:00Z", with .ffffff when there is a fraction
 */
char *timestamp_format(struct arena *a, int64_t us);

#endif
