/* Writing a relative message where it is to be read. Written by hand, without a symbol that others see and without memory of its own.
 *
 * A builder appends: the root first, then what is referred to, in the order in which it is asked for. Every step looks
 * whether it fits. The first fault stays, and makes all later steps nothing, so a writer may look once, at the end. Without
 * memory a builder counts: the same calls then tell how many bytes the message takes, and find the same faults, but that a
 * reference set twice is not seen while counting.
 *
 * Threads: a builder and its writers are one thread's at a time, without locks; whoever hands them to another one makes sure
 * that its own calls come before. Builders of different messages know nothing of each other. What was finished and published
 * is read by any number, with view.h. */
#ifndef VIL_BUILDER_H
#define VIL_BUILDER_H

#include <inttypes.h>
#include <stdio.h>

#include "vil/view.h"

#ifdef __cplusplus
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast" /* as C has it */
extern "C" {
#endif

/* A message in the making. The caller's; it stays where it is while writers of it are used. */
typedef struct vil_builder_t {
  unsigned char *base;  /* the message's first byte; NULL: it counts */
  uint64_t layout_id;   /* of the message */
  uint32_t root_size;   /* what the head says of the root */
  uint32_t capacity;    /* bytes that there are */
  uint32_t used;        /* bytes of the message so far, gaps included */
  uint32_t state;       /* VIL_BUILDER_* */
  bool skips_zeroes;    /* of slices of numbers and flat structs: vil_builder_skip_zeroes */
  vil_status_t fault;   /* the first one */
  uint32_t why;         /* VIL_BUILDER_NO_*: what is behind it; of worth while there is one, as what follows */
  const char *field;    /* where it is: `Scan.points`; NULL: of the message */
  uint64_t found;       /* bytes, elements or index that were asked for */
  uint64_t most;        /* and how many there may be */
} vil_builder_t;

/* States of a builder; one that is all zeros was never begun. */
#define VIL_BUILDER_OPEN 1u /* and nothing went wrong */
#define VIL_BUILDER_FINISHED 2u
#define VIL_BUILDER_FAILED 3u

/* Reasons of faults. */
#define VIL_BUILDER_NO_TURN 1u    /* the message was never begun, or is finished */
#define VIL_BUILDER_NO_ROOM 2u    /* found bytes would be taken, of most */
#define VIL_BUILDER_NO_BOUND 3u   /* found bytes or elements are above the bound, which is most */
#define VIL_BUILDER_NO_ELEMENT 4u /* there is no element found of most */
#define VIL_BUILDER_NO_TEXT 5u    /* it has a NUL in it or is not UTF-8 */
#define VIL_BUILDER_NO_SECOND 6u  /* it was set before */
#define VIL_BUILDER_NO_LAYOUT 7u  /* the message was begun as another one */
#define VIL_BUILDER_NO_ADDRESS 8u /* the memory is not aligned to 8 */

/* What nearly never runs. */
#define VIL_BUILDER_COLD __attribute__((noinline, cold, unused))

/* A struct in a message in the making. */
typedef struct vil_writer_t {
  vil_builder_t *builder; /* never NULL */
  uint32_t at;            /* where the struct begins, in bytes from base; 0: nowhere, for there was a fault */
  const char *field;      /* what is written, for an error; NULL: nothing that has a name */
} vil_writer_t;

/* Structs that lie one behind the other in a message in the making. */
typedef struct vil_writers_t {
  vil_builder_t *builder; /* never NULL */
  uint32_t at;            /* where the first one begins, in bytes from base; 0: nowhere */
  uint32_t count;         /* structs */
  const char *field;      /* the field that they are in */
} vil_writers_t;

/* Texts that lie one behind the other in a message in the making; vil_str_writers_set sets them. */
typedef struct vil_str_writers_t {
  vil_writers_t list; /* list.count of them */
  uint32_t bound;     /* bytes that one has at most */
} vil_str_writers_t;

/* What a further step would find: VIL_OK, the first fault, or VIL_E_STATE where the message was never begun or has ended. */
static inline vil_status_t vil_builder_fault(const vil_builder_t *self) {
  if (self->state == VIL_BUILDER_OPEN) return VIL_OK;
  return self->fault != VIL_OK ? self->fault : VIL_E_STATE;
}

/* Whether a step may be done: the message is open and nothing went wrong. What comes behind finish is VIL_E_STATE. */
static inline bool vil_builder_is_open(vil_builder_t *self) {
  if (self->state == VIL_BUILDER_OPEN) return true;
  if (self->fault == VIL_OK) {
    self->fault = VIL_E_STATE;
    self->why = VIL_BUILDER_NO_TURN;
    self->field = NULL;
  }
  return false;
}

/* Notes a fault of a field, and why it is one; the first one stays. A function of its own, which makes no caller larger. */
static VIL_BUILDER_COLD void vil_builder_fail(vil_builder_t *self, vil_status_t fault, uint32_t why, const char *field,
                                              uint64_t found, uint64_t most) {
  if (!vil_builder_is_open(self)) return;
  self->state = VIL_BUILDER_FAILED;
  self->fault = fault;
  self->why = why;
  self->field = field;
  self->found = found;
  self->most = most;
}

/* Takes size bytes for a field behind what is there, aligned, the gap and the first zeroed of them zeroed, and tells where
 * they begin; 0 when they do not fit, which is VIL_E_LIMIT. */
static inline uint32_t vil_builder_take(vil_builder_t *self, const char *field, uint64_t size, uint32_t align,
                                        uint64_t zeroed) {
  const uint64_t at = ((uint64_t)self->used + align - 1u) / align * align;
  if (!vil_builder_is_open(self)) return 0;
  if (size > self->capacity || at > self->capacity - size) {
    vil_builder_fail(self, VIL_E_LIMIT, VIL_BUILDER_NO_ROOM, field, at + size, self->capacity);
    return 0;
  }
  /* Asked first, because the call would cost more than most texts, which have nothing to be zeroed. */
  if (self->base != NULL && at + zeroed != self->used) {
    memset(self->base + self->used, 0, (size_t)(at + zeroed - self->used));
  }
  self->used = (uint32_t)(at + size);
  return (uint32_t)at;
}

/* The address of bytes that were taken; NULL while it counts, and for 0. */
static inline void *vil_builder_data(const vil_builder_t *self, uint32_t at) {
  return self->base == NULL || at == 0 ? NULL : self->base + at;
}

/* Begins a message in memory of capacity bytes that is aligned to 8, or without memory: then it counts up to capacity, and a
 * reference set twice is not seen. root bytes are the root struct's; the writer of it is answered. */
static inline vil_writer_t vil_builder_begin(vil_builder_t *self, void *data, size_t capacity, uint64_t layout_id,
                                             uint32_t root, uint32_t root_size) {
  vil_writer_t writer = {self, 0, NULL};
  self->base = (unsigned char *)data;
  self->layout_id = layout_id;
  self->root_size = root_size;
  self->capacity = capacity < UINT32_MAX ? (uint32_t)capacity : UINT32_MAX;
  self->used = 0;
  self->state = VIL_BUILDER_OPEN;
  self->skips_zeroes = false;
  self->fault = VIL_OK;
  if (((uintptr_t)data & 7u) != 0) vil_builder_fail(self, VIL_E_ARGUMENT, VIL_BUILDER_NO_ADDRESS, NULL, 0, 0);
  (void)vil_builder_take(self, NULL, (uint64_t)VIL_ROOT_OFFSET + root, 8u, (uint64_t)VIL_ROOT_OFFSET + root);
  if (self->fault == VIL_OK) writer.at = VIL_ROOT_OFFSET;
  return writer;
}

/* From here on slices of numbers and flat structs are not zeroed when they are taken. For who writes every element of large
 * ones: their bytes are then written once and not twice. What is not written is what was there before. */
static inline void vil_builder_skip_zeroes(vil_builder_t *self) { self->skips_zeroes = true; }

/* Ends a message: its head is written, the layout id last, and *size, unless size is NULL, is how many bytes it takes.
 * VIL_OK, or the first of what was wrong, and then nothing is written:
 * - VIL_E_LIMIT: something did not fit, was above its bound, or had an index beyond the last one;
 * - VIL_E_ARGUMENT: a text with a NUL in it or that is not UTF-8, or memory that is not aligned to 8;
 * - VIL_E_STATE: a reference set twice, a message that was never begun or is finished already, or one with another layout.
 * vil_builder_explain says which field it was. */
static inline vil_status_t vil_builder_finish(vil_builder_t *self, uint64_t layout_id, uint32_t *size) {
  if (self->layout_id != layout_id) vil_builder_fail(self, VIL_E_STATE, VIL_BUILDER_NO_LAYOUT, NULL, 0, 0);
  if (!vil_builder_is_open(self)) return self->fault;
  if (self->base != NULL) {
    memcpy(self->base + 8, &self->used, sizeof self->used);
    memcpy(self->base + 12, &self->root_size, sizeof self->root_size);
    /* ORDER: Release. A head with a layout id is a whole one, also for who finds it after a crash. */
    __atomic_store_n((vil_raw64_t *)(void *)self->base, self->layout_id, __ATOMIC_RELEASE);
  }
  self->state = VIL_BUILDER_FINISHED;
  if (size != NULL) *size = self->used;
  return VIL_OK;
}

/* Whether a message with this layout was finished in these bytes, and nothing was wrong with it. What a port asks before it
 * publishes. VIL_OK; VIL_E_LIMIT, VIL_E_ARGUMENT or VIL_E_STATE where that was the first fault, as of vil_builder_finish; and
 * VIL_E_STATE where it is not finished, lies in other bytes, or has another layout. A message that was passed on before is the
 * port's to refuse, because the world's trail is told of it: VIL_OK without bytes, unless they were never there. */
static inline vil_status_t vil_builder_ready(const vil_builder_t *self, const void *data, uint64_t layout_id) {
  if (data == NULL && self->state != VIL_BUILDER_OPEN && self->state != VIL_BUILDER_FAILED) return VIL_OK;
  if (self->fault != VIL_OK) return self->fault;
  if (self->state != VIL_BUILDER_FINISHED || self->base != data) return VIL_E_STATE;
  return self->layout_id == layout_id ? VIL_OK : VIL_E_STATE;
}

/* Why a message was not finished, or may not be published: fills *error with the first fault and with the field that it is
 * in. Leaves it alone where nothing was wrong, and where error is NULL. */
static VIL_BUILDER_COLD void vil_builder_explain(const vil_builder_t *self, vil_error_t *error) {
  const char *const field = self->field == NULL ? "the message" : self->field;
  const bool is_open = self->fault == VIL_OK && self->state != VIL_BUILDER_FINISHED;
  char *const text = error == NULL ? NULL : error->message;
  if (error == NULL || (self->fault == VIL_OK && !is_open)) return;
  error->status = is_open ? VIL_E_STATE : self->fault;
  switch (is_open ? 0 : self->why) {
    case VIL_BUILDER_NO_ROOM:
      (void)snprintf(text, sizeof error->message, "%s does not fit: the message takes %" PRIu64
                     " bytes with it, and has room for %" PRIu64,
                     self->field == NULL ? "its root" : field, self->found, self->most);
      break;
    case VIL_BUILDER_NO_BOUND:
      (void)snprintf(text, sizeof error->message, "%s has a bound of %" PRIu64 ", and was given %" PRIu64, field,
                     self->most, self->found);
      break;
    case VIL_BUILDER_NO_ELEMENT:
      (void)snprintf(text, sizeof error->message, "%s has %" PRIu64 " elements, and there is none at index %" PRIu64,
                     field, self->most, self->found);
      break;
    case VIL_BUILDER_NO_TEXT:
      (void)snprintf(text, sizeof error->message, "%s was given a text with a NUL in it, or one that is not UTF-8", field);
      break;
    case VIL_BUILDER_NO_SECOND:
      (void)snprintf(text, sizeof error->message, "%s was set twice, and has room taken for the first one", field);
      break;
    case VIL_BUILDER_NO_LAYOUT:
      (void)snprintf(text, sizeof error->message, "the message was begun with another layout");
      break;
    case VIL_BUILDER_NO_ADDRESS:
      (void)snprintf(text, sizeof error->message, "the memory of the message is not aligned to 8 bytes");
      break;
    default:
      (void)snprintf(text, sizeof error->message, "the message %s",
                     is_open && self->state == VIL_BUILDER_OPEN ? "is not finished"
                                                                : "was never begun, is finished, or was passed on");
  }
}

/* Leaves the memory: it was passed on, and whoever writes on writes nowhere. */
static inline void vil_builder_leave(vil_builder_t *self) { memset(self, 0, sizeof *self); }

/* The same struct, of which this field is written. */
static inline vil_writer_t vil_writer_of(vil_writer_t self, const char *field) {
  self.field = field;
  return self;
}

/* Copies size bytes to offset, in bytes from the struct's start. */
static inline void vil_writer_put(vil_writer_t self, uint32_t offset, const void *value, size_t size) {
  if (!vil_builder_is_open(self.builder) || self.at == 0 || self.builder->base == NULL) return;
  memcpy(self.builder->base + self.at + offset, value, size);
}

/* Copies size bytes to an array of most bytes at offset, and zeroes what is left of it. VIL_E_LIMIT for more. values may be
 * NULL only where size is 0. */
static inline void vil_writer_fill(vil_writer_t self, uint32_t offset, const void *values, uint64_t size, uint32_t most) {
  if (size > most) {
    vil_builder_fail(self.builder, VIL_E_LIMIT, VIL_BUILDER_NO_BOUND, self.field, size, most);
  } else if (vil_builder_is_open(self.builder) && self.at != 0 && self.builder->base != NULL) {
    unsigned char *const array = self.builder->base + self.at + offset;
    memset(array + size, 0, (size_t)(most - size));
    if (size != 0) memcpy(array, values, (size_t)size);
  }
}

/* Says by the presence byte at offset that an optional field is there. */
static inline void vil_writer_mark(vil_writer_t self, uint32_t offset) {
  const uint8_t present = 1;
  vil_writer_put(self, offset, &present, sizeof present);
}

/* The writer of a struct that lies in another one at offset. */
static inline vil_writer_t vil_writer_part(vil_writer_t self, uint32_t offset) {
  if (self.at != 0) self.at += offset;
  return self;
}

/* The writer of element index of count structs of size bytes at offset. VIL_E_LIMIT where there is no such one. */
static inline vil_writer_t vil_writer_item(vil_writer_t self, uint32_t offset, uint32_t size, uint32_t count,
                                           uint32_t index) {
  if (index >= count) {
    vil_builder_fail(self.builder, VIL_E_LIMIT, VIL_BUILDER_NO_ELEMENT, self.field, index, count);
    self.at = 0;
  }
  return vil_writer_part(self, offset + index * size);
}

/* The writer of the arm at offset of a union of size bytes, zeroed but for its tag of width bytes. */
static inline vil_writer_t vil_writer_arm(vil_writer_t self, uint32_t offset, uint32_t size, const void *tag,
                                          uint32_t width) {
  vil_writer_fill(self, 0, tag, width, size);
  return vil_writer_part(self, offset);
}

/* Takes bytes, zeroed of them zeroed, for the reference of width bytes at offset, which it fills in; where they begin, 0 on
 * a fault: VIL_E_STATE where something was referred to before. */
static inline uint32_t vil_writer_refer(vil_writer_t self, uint32_t offset, uint32_t width, uint64_t bytes,
                                        uint32_t count, uint32_t align, uint64_t zeroed) {
  unsigned char *const word = (unsigned char *)vil_builder_data(self.builder, self.at == 0 ? 0 : self.at + offset);
  uint32_t at, before = 0, count_before = 0;
  if (word != NULL) memcpy(&before, word, sizeof before);
  if (word != NULL && width == 8u) memcpy(&count_before, word + 4, sizeof count_before);
  if ((before | count_before) != 0) {
    vil_builder_fail(self.builder, VIL_E_STATE, VIL_BUILDER_NO_SECOND, self.field, 0, 0);
  }
  if (self.at == 0) return 0;
  at = vil_builder_take(self.builder, self.field, bytes, align, zeroed);
  if (at != 0 && word != NULL) {
    memcpy(word, &at, sizeof at);
    if (width == 8u) memcpy(word + 4, &count, sizeof count);
  }
  return at;
}

/* Takes count elements of size bytes for the VSlice at offset, each zeroed unless told otherwise; none for 0. VIL_E_LIMIT
 * above the bound, and where they do not fit. */
static inline vil_writers_t vil_writer_elements(vil_writer_t self, uint32_t offset, uint32_t count, uint32_t size,
                                                uint32_t align, uint32_t bound, bool are_zeroed) {
  const uint64_t bytes = (uint64_t)count * size;
  vil_writers_t list = {self.builder, 0, 0, self.field};
  if (count > bound) vil_builder_fail(self.builder, VIL_E_LIMIT, VIL_BUILDER_NO_BOUND, self.field, count, bound);
  if (!vil_builder_is_open(self.builder) || count == 0) return list;
  list.at = vil_writer_refer(self, offset, 8u, bytes, count, align, are_zeroed ? bytes : 0);
  list.count = list.at == 0 ? 0 : count;
  return list;
}

/* Takes count elements of size bytes for the VSlice at offset, zeroed; none for 0. VIL_E_LIMIT above the bound, and where
 * they do not fit. */
static inline vil_writers_t vil_writer_list(vil_writer_t self, uint32_t offset, uint32_t count, uint32_t size,
                                            uint32_t align, uint32_t bound) {
  return vil_writer_elements(self, offset, count, size, align, bound, true);
}

/* As vil_writer_list, for what is filled in as it lies: the first element, NULL where there is none and while it counts.
 * Not zeroed after vil_builder_skip_zeroes. */
static inline void *vil_writer_slice(vil_writer_t self, uint32_t offset, uint32_t count, uint32_t size, uint32_t align,
                                     uint32_t bound) {
  const bool are_zeroed = !self.builder->skips_zeroes;
  return vil_builder_data(self.builder, vil_writer_elements(self, offset, count, size, align, bound, are_zeroed).at);
}

/* The writer of element index, of size bytes. VIL_E_LIMIT where there is no such one. */
static inline vil_writer_t vil_writers_at(vil_writers_t list, uint32_t size, uint32_t index) {
  const vil_writer_t first = {list.builder, list.at, list.field};
  return vil_writer_item(first, 0, size, list.count, index);
}

/* Takes size bytes for the VRef at offset, zeroed; their writer. */
static inline vil_writer_t vil_writer_ref(vil_writer_t self, uint32_t offset, uint32_t size, uint32_t align) {
  self.at = vil_writer_refer(self, offset, 4u, size, 0, align, size);
  return self;
}

/* Whether bytes are a text: UTF-8 without NUL, no surrogate, nothing overlong, nothing cut off. */
static inline bool vil_is_text(const char *text, size_t size) {
  const unsigned char *at = (const unsigned char *)text;
  const unsigned char *const end = at + size;
  for (;;) {
    size_t left, more, index;
    unsigned first;
    while (end - at >= 8) {
      uint64_t eight;
      memcpy(&eight, at, sizeof eight);
      /* Of eight bytes from 1 to 0x7f none has its highest bit, nor has one when 1 is taken from each. */
      if (((eight | (eight - UINT64_C(0x0101010101010101))) & UINT64_C(0x8080808080808080)) != 0) break;
      at += 8;
    }
    while (at != end && *at - 1u < 0x7fu) ++at;
    if (at == end) return true;
    first = *at++;
    left = (size_t)(end - at);
    more = first < 0xe0u ? 1u : first < 0xf0u ? 2u : 3u;
    if (first < 0xc2u || first > 0xf4u || left < more) return false;
    if ((first == 0xe0u && at[0] < 0xa0u) || (first == 0xedu && at[0] > 0x9fu)) return false;
    if ((first == 0xf0u && at[0] < 0x90u) || (first == 0xf4u && at[0] > 0x8fu)) return false;
    for (index = 0; index < more; ++index) {
      if ((at[index] & 0xc0u) != 0x80u) return false;
    }
    at += more;
  }
}

/* Copies text for the VStr at offset, with NUL behind it; nothing happens where size is 0, and only there text may be NULL.
 * VIL_E_LIMIT above the bound and where it does not fit, VIL_E_ARGUMENT for a NUL inside and for what is not UTF-8. The text
 * may lie in another message, whose writer changes it meanwhile: what is checked is the copy, the text only while counting
 * and where there is no room for it. */
static inline void vil_writer_str(vil_writer_t self, uint32_t offset, const char *text, size_t size, uint32_t bound) {
  vil_builder_t *const builder = self.builder;
  const char *found = text;
  if (size > bound || size >= UINT32_MAX) {
    vil_builder_fail(builder, VIL_E_LIMIT, VIL_BUILDER_NO_BOUND, self.field, size, bound);
  }
  if (!vil_builder_is_open(builder) || size == 0) return;
  if (builder->base != NULL && size < builder->capacity - builder->used) {
    char *const copy = (char *)(builder->base + builder->used);
    memcpy(copy, text, size);
    copy[size] = 0;
    found = copy;
    /* ORDER: SeqCst, of the compiler alone: what is checked is loaded from the copy, never once more from the text. */
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
  }
  if (!vil_is_text(found, size)) vil_builder_fail(builder, VIL_E_ARGUMENT, VIL_BUILDER_NO_TEXT, self.field, 0, 0);
  (void)vil_writer_refer(self, offset, 8u, (uint64_t)size + 1u, (uint32_t)size, 1u, 0);
}

/* Takes count texts of at most each bytes for the VSlice at offset, all empty. As vil_writer_list. */
static inline vil_str_writers_t vil_writer_strs(vil_writer_t self, uint32_t offset, uint32_t count, uint32_t bound,
                                                uint32_t each) {
  const vil_str_writers_t texts = {vil_writer_list(self, offset, count, 8u, 8u, bound), each};
  return texts;
}

/* Sets text index, as vil_writer_str does. VIL_E_LIMIT where there is no such one. */
static inline void vil_str_writers_set(vil_str_writers_t texts, uint32_t index, const char *text, size_t size) {
  vil_writer_str(vil_writers_at(texts.list, 8u, index), 0, text, size, texts.bound);
}

#ifdef __cplusplus
}
#pragma GCC diagnostic pop
#endif
#endif
