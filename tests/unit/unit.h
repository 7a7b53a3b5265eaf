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

#endif
