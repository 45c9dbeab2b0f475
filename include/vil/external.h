/* External messages: opaque bytes behind a frame. Written by hand, inline only, no symbol of its own.
 *
 * A frame is a uint32_t, the count of the bytes behind it, and a uint32_t that is zero and that readers leave alone. Whoever
 * sends may be a stranger, so the count is loaded once, and one beyond the message is a fault, VIL_E_MESSAGE. */
#ifndef VIL_EXTERNAL_H
#define VIL_EXTERNAL_H

#include <string.h>

#include "vil/adapter.h"
#include "vil/view.h"
#include "vil/vil.h"

#ifdef __cplusplus
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast" /* as C has it */
extern "C" {
#endif

/* Bytes of a frame; what it holds stands behind it. */
#define VIL_FRAME_OFFSET 8u

/* How many bytes a message of so many holds at most. */
static inline uint32_t vil_frame_room(uint32_t size) { return size < VIL_FRAME_OFFSET ? 0u : size - VIL_FRAME_OFFSET; }

/* How many bytes the frame of a message of size bytes says that it holds; VIL_E_MESSAGE when there are not so many. */
static inline vil_status_t vil_frame_read(const void *frame, size_t size, uint32_t *held) {
  *held = 0;
  if (frame == NULL || size < VIL_FRAME_OFFSET) return VIL_E_MESSAGE;
  /* ORDER: Relaxed. It only keeps the compiler from loading twice. */
  const uint32_t stated = __atomic_load_n((const vil_raw32_t *)frame, __ATOMIC_RELAXED);
  if (stated > size - VIL_FRAME_OFFSET) return VIL_E_MESSAGE;
  *held = stated;
  return VIL_OK;
}

/* Says of a loan that it holds so many bytes. VIL_E_STATE when it is no loan, VIL_E_LIMIT when it cannot hold them. */
static inline vil_status_t vil_frame_write(const vil_loan_t *loan, size_t held) {
  if (loan->data == NULL) return VIL_E_STATE;
  if (loan->size < VIL_FRAME_OFFSET || held > loan->size - VIL_FRAME_OFFSET) return VIL_E_LIMIT;
  const uint32_t frame[2] = {(uint32_t)held, 0};
  memcpy(loan->data, frame, sizeof frame);
  return VIL_OK;
}

/* Where the bytes of a loan stand; NULL when it is none. */
static inline unsigned char *vil_frame_bytes(const vil_loan_t *loan) {
  return loan->data == NULL ? NULL : (unsigned char *)loan->data + VIL_FRAME_OFFSET;
}

/* Lends and fills a message, so that it can be published. */
static inline vil_status_t vil_external_loan(vil_sender_t *sender, vil_loan_t *loan, const void *data, size_t size) {
  vil_status_t status = data == NULL && size > 0 ? VIL_E_ARGUMENT : vil_sender_loan(sender, loan);
  if (status != VIL_OK) return status;
  status = vil_frame_write(loan, size);
  if (status == VIL_OK && size > 0) memcpy(vil_frame_bytes(loan), data, size);
  if (status != VIL_OK) (void)vil_sender_discard(sender, loan);
  return status;
}

/* Publishes a loan; where that fails, it is given back. */
static inline vil_status_t vil_external_publish(vil_sender_t *sender, vil_loan_t *loan) {
  const vil_status_t status = vil_sender_publish(sender, loan);
  if (status != VIL_OK && loan->data != NULL) (void)vil_sender_discard(sender, loan);
  return status;
}

/* Loan, copy and publish in one. */
static inline vil_status_t vil_external_send(vil_sender_t *sender, const void *data, size_t size) {
  vil_loan_t loan;
  const vil_status_t status = vil_external_loan(sender, &loan, data, size);
  return status == VIL_OK ? vil_external_publish(sender, &loan) : status;
}

/* Loan, translate and publish in one. VIL_E_ARGUMENT when the adapter is not the one of this name. */
static inline vil_status_t vil_external_send_from(vil_sender_t *sender, const char *name, const vil_adapter_t *adapter,
                                                  const uint32_t *descriptor, const void *message, size_t size) {
  vil_loan_t loan;
  size_t held = 0;
  vil_status_t status = strcmp(adapter->name, name) == 0 ? vil_sender_loan(sender, &loan) : VIL_E_ARGUMENT;
  if (status != VIL_OK) return status;
  status = adapter->encode(adapter, descriptor, message, size, vil_frame_bytes(&loan), vil_frame_room(loan.size), &held,
                           NULL);
  if (status == VIL_OK) status = vil_frame_write(&loan, held);
  if (status == VIL_OK) return vil_external_publish(sender, &loan);
  (void)vil_sender_discard(sender, &loan);
  return status;
}

/* Receives a message and tells where its bytes are. One whose frame is none is given back, VIL_E_MESSAGE. */
static inline vil_status_t vil_external_receive(vil_receiver_t *receiver, uint64_t timeout_ns, vil_message_t *message,
                                                const unsigned char **data, uint32_t *size) {
  vil_status_t status = vil_receiver_receive(receiver, timeout_ns, message);
  *data = NULL;
  *size = 0;
  if (status != VIL_OK) return status;
  status = vil_frame_read(message->data, message->size, size);
  if (status == VIL_OK) {
    *data = (const unsigned char *)message->data + VIL_FRAME_OFFSET;
  } else {
    (void)vil_receiver_release(receiver, message);
  }
  return status;
}

/* Receive, translate and release in one. VIL_E_ARGUMENT when the adapter is not the one of this name. */
static inline vil_status_t vil_external_receive_into(vil_receiver_t *receiver, uint64_t timeout_ns, const char *name,
                                                     const vil_adapter_t *adapter, const uint32_t *descriptor,
                                                     void *message, size_t capacity, size_t *size,
                                                     vil_msg_fault_t *fault) {
  vil_message_t received;
  const unsigned char *data;
  uint32_t held;
  *size = 0;
  if (strcmp(adapter->name, name) != 0) return VIL_E_ARGUMENT;
  if (fault != NULL) memset(fault, 0, sizeof *fault);
  vil_status_t status = vil_external_receive(receiver, timeout_ns, &received, &data, &held);
  if (status != VIL_OK) return status;
  status = adapter->decode(adapter, descriptor, data, held, message, capacity, size, fault);
  (void)vil_receiver_release(receiver, &received);
  return status;
}

#ifdef __cplusplus
}
#pragma GCC diagnostic pop
#endif
#endif
