/* Export and attribute macros of libvil. Written by hand; everything else in vil.h is generated. */
#ifndef VIL_BASE_H
#define VIL_BASE_H

#if !defined(__linux__) || !defined(__LP64__) || !(defined(__x86_64__) || defined(__aarch64__))
#error "libvil runs on 64-bit Linux, on x86_64 and aarch64"
#endif
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "libvil runs on little-endian machines"
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__) || defined(__clang__)
#define VIL_API __attribute__((visibility("default")))
#else
#define VIL_API
#endif

/* A compile-time check that also C99 understands. */
#if defined(__cplusplus)
#define VIL_ASSERT_LAYOUT(name, condition) static_assert(condition, #name)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define VIL_ASSERT_LAYOUT(name, condition) _Static_assert(condition, #name)
#else
#define VIL_ASSERT_LAYOUT(name, condition) typedef char vil_assert_##name[(condition) ? 1 : -1]
#endif

#endif
