/* What generated C headers share: written by hand, inline only, no symbol of its own. */
#ifndef VIL_MSG_H
#define VIL_MSG_H

#include "vil/vil.h"

/* Alignment of a type in bytes, in every standard of C and in C++. */
#if defined(__cplusplus)
#define VIL_ALIGN_OF(type) alignof(type)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define VIL_ALIGN_OF(type) _Alignof(type)
#else
#define VIL_ALIGN_OF(type) __alignof__(type)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The first of two answers that is an error, so that a clean-up can go on and still tell what went wrong first. */
static inline vil_status_t vil_msg_first_error(vil_status_t first, vil_status_t next) {
  return first != VIL_OK ? first : next;
}

#ifdef __cplusplus
}
#endif
#endif
