/*
 * refusals - what the door has refused: every one is counted, and told once a second for each reason
 *
 * A stranger can be refused thousands of times in a second; the log must not be his to fill.
 */
#ifndef WAYBILL_GATEWAY_REFUSALS_H
#define WAYBILL_GATEWAY_REFUSALS_H

#include <stdint.h>

/*
 * refusal_note - count it under result="reason", and log it with how many of that reason there were since the last line
 *
 * reason is a constant. store_id 0: none is known. error: what went wrong, "" when reason says it all. A line names the
 * store and the error of the last refusal it counts.
 */
void refusal_note(const char *reason, int status, int64_t store_id, const char *error);

/* refusals_tell - log what was not told yet: at the end of the process */
void refusals_tell(void);

#endif
