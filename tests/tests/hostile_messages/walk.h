/* What generated walkers stand on: they call every accessor of a message, touch all that it answers, and hold it against
 * the message's JSON as the descriptor tells it. Without JSON they only touch, and no more than they are given steps for. */
#ifndef WALK_H
#define WALK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vil/msg.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

typedef struct walk_t {
  const char *json;  /* what is expected next; NULL: nothing is */
  uint64_t left;     /* steps */
  const char *wrong; /* the first that did not hold */
  uint64_t sum;      /* of all bytes touched, so that none is left out by the compiler */
} walk_t;

enum { ABSENT, PRESENT, UNKNOWN };

static inline void walk_holds(walk_t *w, bool holds, const char *what) {
  if (w->json != NULL && !holds && w->wrong == NULL) w->wrong = what;
}

/* What holds of all bytes, accepted or not. */
static inline void walk_must(walk_t *w, bool holds, const char *what) {
  if (!holds && w->wrong == NULL) w->wrong = what;
}

static inline bool walk_step(walk_t *w) { return w->left == 0 ? false : (--w->left, true); }

static inline void walk_take(walk_t *w, const char *text) {
  if (w->json == NULL) return;
  const size_t size = strlen(text);
  const bool is_it = strncmp(w->json, text, size) == 0;
  walk_holds(w, is_it, text);
  if (is_it) w->json += size;
}

/* Whether this field stands next in the JSON. */
static inline int walk_key(walk_t *w, const char *name) {
  if (w->json == NULL) return UNKNOWN;
  const char *at = w->json + (*w->json == ',');
  const size_t size = strlen(name);
  if (*at != '"' || strncmp(at + 1, name, size) != 0 || strncmp(at + 1 + size, "\":", 2) != 0) return ABSENT;
  w->json = at + size + 3;
  return PRESENT;
}

static inline void walk_comma(walk_t *w, uint32_t index) {
  if (index > 0) walk_take(w, ",");
}

/* Reads both ends, and has the sanitizer say of all between them whether it may be read. */
static inline void walk_touch(walk_t *w, const void *data, uint64_t size) {
  const volatile unsigned char *const bytes = (const volatile unsigned char *)data;
  if (size == 0) return;
  w->sum += bytes[0];
  w->sum += bytes[size - 1];
#ifdef __SANITIZE_ADDRESS__
  walk_must(w, __asan_region_is_poisoned((void *)(uintptr_t)data, (size_t)size) == NULL, "poisoned");
#endif
}

static inline void walk_u64(walk_t *w, uint64_t value) {
  char text[32];
  w->sum += value;
  if (w->json == NULL) return;
  (void)snprintf(text, sizeof text, "%llu", (unsigned long long)value);
  walk_take(w, text);
}

static inline void walk_i64(walk_t *w, int64_t value) {
  char text[32];
  w->sum += (uint64_t)value;
  if (w->json == NULL) return;
  (void)snprintf(text, sizeof text, "%lld", (long long)value);
  walk_take(w, text);
}

static inline void walk_bool(walk_t *w, bool value) {
  w->sum += value;
  walk_take(w, value ? "true" : "false");
}

static inline void walk_f64(walk_t *w, double value) {
  char *end = NULL;
  if (w->json == NULL) return;
  if (value != value) { walk_take(w, "\"NaN\""); return; }
  if (value - value != 0) { walk_take(w, value > 0 ? "\"inf\"" : "\"-inf\""); return; }
  const double read = strtod(w->json, &end);
  walk_holds(w, end != w->json && memcmp(&read, &value, sizeof read) == 0, "f64");
  w->json = end;
}

static inline void walk_f32(walk_t *w, float value) {
  char *end = NULL;
  if (w->json == NULL) return;
  if (value != value) { walk_take(w, "\"NaN\""); return; }
  if (value - value != 0) { walk_take(w, value > 0 ? "\"inf\"" : "\"-inf\""); return; }
  const float read = strtof(w->json, &end);
  walk_holds(w, end != w->json && memcmp(&read, &value, sizeof read) == 0, "f32");
  w->json = end;
}

/* The name of an enum's value; false where it has none, and its number stands there. */
static inline bool walk_name(walk_t *w, const char *name) {
  if (name == NULL) return false;
  walk_take(w, "\"");
  walk_take(w, name);
  walk_take(w, "\"");
  return true;
}

static inline void walk_str(walk_t *w, vil_str_t text) {
  walk_touch(w, text.data, text.size == 0 ? 0 : (uint64_t)text.size + 1);
  walk_take(w, "\"");
  for (uint32_t at = 0; w->json != NULL && w->wrong == NULL && at < text.size; ++at) {
    const unsigned char byte = (unsigned char)text.data[at];
    char escaped[8] = {(char)byte, 0};
    if (byte == '"' || byte == '\\') (void)snprintf(escaped, sizeof escaped, "\\%c", byte);
    else if (byte == '\n') memcpy(escaped, "\\n", 3);
    else if (byte == '\t') memcpy(escaped, "\\t", 3);
    else if (byte == '\r') memcpy(escaped, "\\r", 3);
    else if (byte < ' ') (void)snprintf(escaped, sizeof escaped, "\\u%04x", byte);
    /* Those that JSON lets stand may be escaped as well; from U+0080 on they have two bytes. */
    else if (strncmp(w->json, "\\u00", 4) == 0 && byte == 0x7f) memcpy(escaped, "\\u007f", 7);
    else if (strncmp(w->json, "\\u00", 4) == 0 && byte == 0xc2 && at + 1 < text.size) {
      (void)snprintf(escaped, sizeof escaped, "\\u%04x", (unsigned char)text.data[++at]);
    }
    walk_take(w, escaped);
  }
  walk_take(w, "\"");
}

/* A walk beside this one that expects nothing: of what is absent. */
static inline walk_t walk_aside(const walk_t *w) {
  const walk_t aside = {NULL, w->left < 64 ? w->left : 64, NULL, 0};
  return aside;
}

typedef struct walk_kind_t {
  const char *name;
  const uint32_t *descriptor;
  void (*walk)(walk_t *w, const void *data, size_t size);
} walk_kind_t;

#endif
