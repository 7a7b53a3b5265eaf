/*
 * banned - functions nobody may call; the compiler's command line includes this first
 *
 * What to use instead: snprintf, arena_printf and arena_strdup for text, gmtime_r and the helpers of
 * core/runtime/timestamp.h for time, core/runtime/decimal.h for numbers, fibers for waiting.
 */
#ifndef WAYBILL_BANNED_H
#define WAYBILL_BANNED_H

#include <alloca.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#undef alloca
#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#undef sprintf
#undef vsprintf
#undef strtok
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok gmtime localtime asctime  \
	ctime
#pragma GCC poison atoi atol atoll alloca system popen usleep

#endif
