/* Adapters: what makes the bytes of an external message from a message of the program, and back. Written by hand, inline
 * only, no symbol of its own. Nothing here allocates or keeps anything. */
#ifndef VIL_ADAPTER_H
#define VIL_ADAPTER_H

#include "vil/vil.h"

#ifdef __cplusplus
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast" /* as C has it */
extern "C" {
#endif

typedef struct vil_adapter_t vil_adapter_t;

/* An adapter of the user's own is a constant of this type. What it is given comes from outside: it may be anything. */
struct vil_adapter_t {
  const char *name;       /* as the program's `adapter`: "json" */
  const char *media_type; /* what it writes: "application/json" */

  /* Writes a message of this descriptor as external bytes and tells how many there are. VIL_E_LIMIT when they are more than
   * capacity, VIL_E_MESSAGE when the message is none. fault may be NULL. */
  vil_status_t (*encode)(const vil_adapter_t *self, const uint32_t *descriptor, const void *message,
                         size_t message_size, void *bytes, size_t capacity, size_t *size, vil_msg_fault_t *fault);

  /* Makes a message of this descriptor from external bytes, in memory that is aligned as the message is, and tells its size.
   * VIL_E_LIMIT when it is more than capacity, VIL_E_MESSAGE when the bytes make none: *fault says why, unless it is NULL. */
  vil_status_t (*decode)(const vil_adapter_t *self, const uint32_t *descriptor, const void *bytes, size_t bytes_size,
                         void *message, size_t capacity, size_t *size, vil_msg_fault_t *fault);
};

/* Of vil_adapter_json. Capacity counts the NUL that stands behind the text while it is written; size does not. */
static inline vil_status_t vil_adapter_json_encode(const vil_adapter_t *self, const uint32_t *descriptor,
                                                   const void *message, size_t message_size, void *bytes,
                                                   size_t capacity, size_t *size, vil_msg_fault_t *fault) {
  (void)self;
  return vil_msg_to_json(descriptor, message, message_size, VIL_JSON_COMPACT, (char *)bytes, capacity, size, fault);
}

/* Whether bytes are UTF-8; *at is where the first one is that is not. */
static inline bool vil_adapter_is_utf8(const unsigned char *bytes, size_t size, size_t *at) {
  size_t i = 0;
  while (i < size) {
    const unsigned char lead = bytes[i];
    const size_t more = lead < 0x80u ? 0u : lead < 0xe0u ? 1u : lead < 0xf0u ? 2u : 3u;
    /* What the second byte may be: no long forms, no surrogates, nothing above U+10FFFF. */
    const unsigned char low = lead == 0xe0u ? 0xa0u : lead == 0xf0u ? 0x90u : 0x80u;
    const unsigned char high = lead == 0xedu ? 0x9fu : lead == 0xf4u ? 0x8fu : 0xbfu;
    *at = i;
    if ((lead >= 0x80u && lead < 0xc2u) || lead > 0xf4u || more >= size - i) return false;
    if (more > 0 && (bytes[i + 1] < low || bytes[i + 1] > high)) return false;
    for (size_t next = 2; next <= more; ++next) {
      if ((bytes[i + next] & 0xc0u) != 0x80u) return false;
    }
    i += more + 1;
  }
  return true;
}

/* Of vil_adapter_json. What is not UTF-8 makes no message: rule VIL_MSG_UTF8. */
static inline vil_status_t vil_adapter_json_decode(const vil_adapter_t *self, const uint32_t *descriptor,
                                                   const void *bytes, size_t bytes_size, void *message,
                                                   size_t capacity, size_t *size, vil_msg_fault_t *fault) {
  size_t at = 0;
  (void)self;
  if (bytes != NULL && !vil_adapter_is_utf8((const unsigned char *)bytes, bytes_size, &at)) {
    if (fault != NULL) {
      const vil_msg_fault_t none = {VIL_MSG_UTF8, (uint32_t)at, 0, ((const unsigned char *)bytes)[at], {0}};
      *fault = none;
    }
    return VIL_E_MESSAGE;
  }
  return vil_msg_from_json(descriptor, (const char *)bytes, bytes_size, message, capacity, size, fault);
}

/* JSON, as vil_msg_to_json writes it and vil_msg_from_json reads it. */
static const vil_adapter_t vil_adapter_json = {"json", "application/json", vil_adapter_json_encode,
                                               vil_adapter_json_decode};

#ifdef __cplusplus
}
#pragma GCC diagnostic pop
#endif
#endif
