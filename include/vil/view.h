/* Reading a relative message where it lies. Written by hand, inline only, no symbol of its own.
 *
 * What is read may be anything and may change while it is read: its writer is another process. So each value is loaded
 * once, and whatever is answered lies within the message, whose size was fixed when the view was made. A reference that
 * leads outside, backwards, or to a misaligned place is answered like an empty one.
 *
 * Threads: views, lists and texts are values, and nothing here writes. Any number of threads and processes read one message
 * at the same time, also through copies of one view. Each of them ends with the message: who releases it has waited for the
 * others. */
#ifndef VIL_VIEW_H
#define VIL_VIEW_H

#include <string.h>

#include "vil/vil.h"

/* Alignment of a type in bytes, in every standard of C and in C++. */
#if defined(__cplusplus)
#define VIL_ALIGN_OF(type) alignof(type)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define VIL_ALIGN_OF(type) _Alignof(type)
#else
#define VIL_ALIGN_OF(type) __alignof__(type)
#endif

/* Size and alignment of what lies in a message, as two arguments. */
#define VIL_MEASURES(type) (uint32_t)sizeof(type), (uint32_t)VIL_ALIGN_OF(type)

#ifdef __cplusplus
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast" /* as C has it */
extern "C" {
#endif

/* Bytes of a message's head: layout id as uint64_t, size and root size as uint32_t. The root stands behind it. */
#define VIL_ROOT_OFFSET 16u

/* The bound of a slice or text that has none. */
#define VIL_NO_BOUND UINT32_MAX

/* Numbers as they lie in a message: whatever else the bytes may be taken for. */
typedef uint8_t vil_raw8_t __attribute__((may_alias));
typedef uint16_t vil_raw16_t __attribute__((may_alias));
typedef uint32_t vil_raw32_t __attribute__((may_alias));
typedef uint64_t vil_raw64_t __attribute__((may_alias));

/* A struct in a message. */
typedef struct vil_view_t {
  const unsigned char *base; /* the message's first byte; NULL: nothing is there */
  uint32_t size;             /* bytes of the message */
  uint32_t at;               /* where the struct begins, in bytes from base */
  uint32_t end;              /* bytes of the struct that are there, 0: none; at + end is never more than size */
} vil_view_t;

/* Elements that lie one behind the other in a message. */
typedef struct vil_list_t {
  const unsigned char *base; /* the message's first byte; NULL: nothing is there */
  uint32_t size;             /* bytes of the message */
  uint32_t at;               /* where the first element begins, in bytes from base */
  uint32_t count;            /* elements; all of them lie within size */
} vil_list_t;

/* Text in a message: UTF-8. */
typedef struct vil_str_t {
  const char *data; /* never NULL; behind the text stands NUL where the message was verified or comes from a builder */
  uint32_t size;    /* bytes of text, without the NUL */
} vil_str_t;

/* Texts that lie one behind the other in a message; vil_strs_at answers them. */
typedef struct vil_strs_t {
  vil_list_t list; /* list.count of them */
  uint32_t bound;  /* bytes that one has at most */
} vil_strs_t;

/* Numbers in a message. They are the writer's until the message is published, and he may be a stranger: what must not
 * change between a check and its use is copied first. data is NULL where count is 0. */
typedef struct vil_u8_slice_t { const uint8_t *data; uint32_t count; } vil_u8_slice_t;
typedef struct vil_u16_slice_t { const uint16_t *data; uint32_t count; } vil_u16_slice_t;
typedef struct vil_u32_slice_t { const uint32_t *data; uint32_t count; } vil_u32_slice_t;
typedef struct vil_u64_slice_t { const uint64_t *data; uint32_t count; } vil_u64_slice_t;
typedef struct vil_i8_slice_t { const int8_t *data; uint32_t count; } vil_i8_slice_t;
typedef struct vil_i16_slice_t { const int16_t *data; uint32_t count; } vil_i16_slice_t;
typedef struct vil_i32_slice_t { const int32_t *data; uint32_t count; } vil_i32_slice_t;
typedef struct vil_i64_slice_t { const int64_t *data; uint32_t count; } vil_i64_slice_t;
typedef struct vil_f32_slice_t { const float *data; uint32_t count; } vil_f32_slice_t;
typedef struct vil_f64_slice_t { const double *data; uint32_t count; } vil_f64_slice_t;

/* A view of nothing: every field of it is absent. */
static inline vil_view_t vil_view_nothing(void) {
  const vil_view_t nothing = {NULL, 0, 0, 0};
  return nothing;
}

/* The root of the message in these bytes, which must be aligned to 8 and stay where they are while they are read. size is
 * what the reader was told by somebody he trusts; the head may only say less. Fewer bytes than a head are nothing. */
static inline vil_view_t vil_view_root(const void *data, size_t size) {
  vil_view_t view = {(const unsigned char *)data, size < UINT32_MAX ? (uint32_t)size : UINT32_MAX, VIL_ROOT_OFFSET, 0};
  if (data == NULL || size < VIL_ROOT_OFFSET || ((uintptr_t)data & 7u) != 0) return vil_view_nothing();
  /* ORDER: Relaxed. What was received is ordered by the ring; one load, because size and root size belong together. */
  const uint64_t head = __atomic_load_n((const vil_raw64_t *)(const void *)(view.base + 8), __ATOMIC_RELAXED);
  const uint32_t stated = (uint32_t)head, root = (uint32_t)(head >> 32);
  if (stated < view.size) view.size = stated;
  if (view.size < VIL_ROOT_OFFSET) return vil_view_nothing();
  view.end = root < view.size - VIL_ROOT_OFFSET ? root : view.size - VIL_ROOT_OFFSET;
  return view;
}

/* Whether the view is of anything. */
static inline bool vil_view_is_there(vil_view_t view) { return view.end != 0; }

/* The address of a field that begins at offset, in bytes from the struct's start. It is there: the caller has compared. */
static inline const void *vil_view_address(vil_view_t view, uint32_t offset) {
  return view.base + view.at + offset;
}

/* ORDER: Relaxed, in all of these: they only keep the compiler from loading twice or in parts. */

/* The number at offset, loaded once; absent where the struct ends before end, where the field does. */
static inline uint8_t vil_view_u8(vil_view_t view, uint32_t offset, uint32_t end, uint8_t absent) {
  if (view.end < end) return absent;
  return __atomic_load_n((const vil_raw8_t *)vil_view_address(view, offset), __ATOMIC_RELAXED);
}

/* As vil_view_u8. */
static inline uint16_t vil_view_u16(vil_view_t view, uint32_t offset, uint32_t end, uint16_t absent) {
  if (view.end < end) return absent;
  return __atomic_load_n((const vil_raw16_t *)vil_view_address(view, offset), __ATOMIC_RELAXED);
}

/* As vil_view_u8. */
static inline uint32_t vil_view_u32(vil_view_t view, uint32_t offset, uint32_t end, uint32_t absent) {
  if (view.end < end) return absent;
  return __atomic_load_n((const vil_raw32_t *)vil_view_address(view, offset), __ATOMIC_RELAXED);
}

/* As vil_view_u8. */
static inline uint64_t vil_view_u64(vil_view_t view, uint32_t offset, uint32_t end, uint64_t absent) {
  if (view.end < end) return absent;
  return __atomic_load_n((const vil_raw64_t *)vil_view_address(view, offset), __ATOMIC_RELAXED);
}

/* As vil_view_u8. */
static inline int8_t vil_view_i8(vil_view_t view, uint32_t offset, uint32_t end, int8_t absent) {
  return (int8_t)vil_view_u8(view, offset, end, (uint8_t)absent);
}

/* As vil_view_u8. */
static inline int16_t vil_view_i16(vil_view_t view, uint32_t offset, uint32_t end, int16_t absent) {
  return (int16_t)vil_view_u16(view, offset, end, (uint16_t)absent);
}

/* As vil_view_u8. */
static inline int32_t vil_view_i32(vil_view_t view, uint32_t offset, uint32_t end, int32_t absent) {
  return (int32_t)vil_view_u32(view, offset, end, (uint32_t)absent);
}

/* As vil_view_u8. */
static inline int64_t vil_view_i64(vil_view_t view, uint32_t offset, uint32_t end, int64_t absent) {
  return (int64_t)vil_view_u64(view, offset, end, (uint64_t)absent);
}

/* As vil_view_u8. */
static inline float vil_view_f32(vil_view_t view, uint32_t offset, uint32_t end, float absent) {
  uint32_t bits;
  float value;
  if (view.end < end) return absent;
  bits = vil_view_u32(view, offset, end, 0);
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* As vil_view_u8. */
static inline double vil_view_f64(vil_view_t view, uint32_t offset, uint32_t end, double absent) {
  uint64_t bits;
  double value;
  if (view.end < end) return absent;
  bits = vil_view_u64(view, offset, end, 0);
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* The flag at offset; whatever is not 0 is true. */
static inline bool vil_view_bool(vil_view_t view, uint32_t offset, uint32_t end, bool absent) {
  return vil_view_u8(view, offset, end, (uint8_t)absent) != 0;
}

/* The view where the presence byte at offset, which is there when the struct does not end before end, says that an optional
 * field is; else nothing. */
static inline vil_view_t vil_view_given(vil_view_t view, uint32_t offset, uint32_t end) {
  return vil_view_u8(view, offset, end, 0) != 0 ? view : vil_view_nothing();
}

/* What lies at offset as it is, or NULL where the struct ends before end. */
static inline const void *vil_view_bytes(vil_view_t view, uint32_t offset, uint32_t end) {
  return view.end < end ? NULL : vil_view_address(view, offset);
}

/* A struct of size bytes that lies in another one at offset; nothing where that one ends before end. */
static inline vil_view_t vil_view_part(vil_view_t view, uint32_t offset, uint32_t size, uint32_t end) {
  if (view.end < end) return vil_view_nothing();
  view.at += offset;
  view.end = size;
  return view;
}

/* An arm of size bytes at offset of a union that ends at end, where the tag says that it is this one; else nothing. */
static inline vil_view_t vil_view_arm(vil_view_t view, bool is, uint32_t offset, uint32_t size, uint32_t end) {
  return is ? vil_view_part(view, offset, size, end) : vil_view_nothing();
}

/* Element index of a fixed array of count elements of size bytes; nothing where there is no such one. */
static inline vil_view_t vil_view_item(vil_view_t view, uint32_t offset, uint32_t size, uint32_t count, uint32_t end,
                                       uint32_t index) {
  return index < count ? vil_view_part(view, offset + index * size, size, end) : vil_view_nothing();
}

/* What a VSlice at offset leads to: elements of size bytes, aligned to align. */
static inline vil_list_t vil_view_list(vil_view_t view, uint32_t offset, uint32_t end, uint32_t size, uint32_t align,
                                       uint32_t bound) {
  const uint64_t word = vil_view_u64(view, offset, end, 0);
  const uint32_t at = (uint32_t)word, count = (uint32_t)(word >> 32);
  vil_list_t list = {NULL, 0, 0, 0};
  if (count == 0 || count > bound || at % align != 0) return list;
  /* Forward only, so no chain of references comes back to where it was. */
  if (at < view.at + offset + 8u || at + (uint64_t)count * size > view.size) return list;
  list.base = view.base;
  list.size = view.size;
  list.at = at;
  list.count = count;
  return list;
}

/* The elements of a list as they lie; NULL where there are none. */
static inline const void *vil_list_data(vil_list_t list) { return list.count == 0 ? NULL : list.base + list.at; }

/* Element index, of size bytes, as a view; nothing where there is no such one. */
static inline vil_view_t vil_list_at(vil_list_t list, uint32_t size, uint32_t index) {
  vil_view_t view = {list.base, list.size, list.at, size};
  if (index >= list.count) return vil_view_nothing();
  view.at += index * size;
  return view;
}

/* The text that a VStr at offset leads to. */
static inline vil_str_t vil_view_str(vil_view_t view, uint32_t offset, uint32_t end, uint32_t bound) {
  const uint64_t word = vil_view_u64(view, offset, end, 0);
  const uint32_t at = (uint32_t)word, count = (uint32_t)(word >> 32);
  vil_str_t text = {"", 0};
  if (count == 0 || count > bound) return text;
  if (at < view.at + offset + 8u || (uint64_t)at + count + 1u > view.size) return text;
  text.data = (const char *)(view.base + at);
  text.size = count;
  return text;
}

/* The texts that a VSlice at offset leads to, each of at most each bytes. */
static inline vil_strs_t vil_view_strs(vil_view_t view, uint32_t offset, uint32_t end, uint32_t bound, uint32_t each) {
  const vil_strs_t texts = {vil_view_list(view, offset, end, 8u, 8u, bound), each};
  return texts;
}

/* Text index; an empty one where there is no such one. */
static inline vil_str_t vil_strs_at(vil_strs_t texts, uint32_t index) {
  return vil_view_str(vil_list_at(texts.list, 8u, index), 0, 8u, texts.bound);
}

/* The struct that a VRef at offset leads to: of size bytes, aligned to align. Nothing where it is absent. */
static inline vil_view_t vil_view_ref(vil_view_t view, uint32_t offset, uint32_t end, uint32_t size, uint32_t align) {
  const uint32_t at = vil_view_u32(view, offset, end, 0);
  if (at % align != 0 || at < (uint64_t)view.at + offset + 4u || (uint64_t)at + size > view.size) {
    return vil_view_nothing();
  }
  view.at = at;
  view.end = size;
  return view;
}

/* Whether two texts are the same bytes; text ends with NUL. */
static inline bool vil_str_equals(vil_str_t found, const char *text) {
  return strlen(text) == found.size && memcmp(found.data, text, found.size) == 0;
}

#ifdef __cplusplus
}
#pragma GCC diagnostic pop
#endif
#endif
