/* unit - what every unit test includes: cmocka, and a way to run a body inside a fiber */
#ifndef WAYBILL_UNIT_H
#define WAYBILL_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* run_in_fiber - run body(arg) in a fiber until it ends, with the loop turning. */
void run_in_fiber(void (*body)(void *), void *arg);

/*
 * patience_ms - how long to wait for what takes a quiet machine at most so many milliseconds
 *
 * Longer by as many times as more programs want to run than there are cores, ten times at most (as tests/lib/pace.js).
 */
int patience_ms(int quiet_ms);

#endif
