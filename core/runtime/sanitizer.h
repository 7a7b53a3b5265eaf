/* sanitizer - is this build under AddressSanitizer? gcc and clang say it differently. */
#ifndef WAYBILL_SANITIZER_H
#define WAYBILL_SANITIZER_H

#if defined(__SANITIZE_ADDRESS__)
#define WAYBILL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WAYBILL_ASAN 1
#endif
#endif
#ifndef WAYBILL_ASAN
#define WAYBILL_ASAN 0
#endif

#endif
