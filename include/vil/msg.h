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

#ifdef __cplusplus
}
#pragma GCC diagnostic pop
#endif
#endif
