/* What generated C headers share: written by hand, inline only, no symbol of its own. */
#ifndef VIL_MSG_H
#define VIL_MSG_H

#include "vil/adapter.h"
#include "vil/builder.h"
#include "vil/external.h"
#include "vil/view.h"
#include "vil/vil.h"

#ifdef __cplusplus
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast" /* as C has it */
extern "C" {
#endif

/* The first of two answers that is an error, so that a clean-up can go on and still tell what went wrong first. */
static inline vil_status_t vil_msg_first_error(vil_status_t first, vil_status_t next) {
  return first != VIL_OK ? first : next;
}

/* Whether a message is the first one of its route that is to be verified. verified holds a bit for each route of the world
 * whose first message was found to be sound; messages of routes from the 64th on are always to be verified. */
static inline bool vil_msg_is_first(uint64_t verified, uint32_t route) {
  return route >= 64u || (verified >> route & 1u) == 0;
}

/* Remembers that a message of a route was sound. */
static inline uint64_t vil_msg_verified(uint64_t verified, uint32_t route) {
  return route >= 64u ? verified : verified | UINT64_C(1) << route;
}

#ifdef __cplusplus
}
#pragma GCC diagnostic pop
#endif
#endif
