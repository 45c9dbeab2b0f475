/* What every victim knows: the lanes of steps.yaml, or with MODES of modes.yaml, and the diary in which it says what it is about to do and what it
   has done. The diary is a file that outlives the victim; the judge reads it at the moment of a death. */
#ifndef LANES_H
#define LANES_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Messages that a victim holds at one end at most. */
#define HELD 4
#define DIARY_SIZE 4096

/* What is special about a lane. */
enum lane_mode {
  PLAIN,
  SKIPS,       /* what its receiver leaves behind is skipped */
  TAKEN,       /* a received message is the receiver's */
  DROPS,       /* the same, and the oldest are dropped when there is no room */
  SHARED,      /* its sender publishes into the ring behind it as well */
  SECOND_RING, /* that ring */
  RELAYED,     /* received messages are passed on by the lane before it */
  THROWN       /* the same, and they are the receiver's */
};

typedef struct lane_name {
  const char *port, *in_port;
  int producer, consumer; /* 0 left, 1 right, 2 third */
  enum lane_mode mode;
} lane_name_t;

#ifdef MODES
#define LANES 12
static const lane_name_t lane_names[LANES] = {
    {"given", "given", 0, 1, TAKEN},      {"shared", "shared", 0, 1, SHARED}, {"shared", "shared", 0, 2, SECOND_RING},
    {"passed", "passed", 2, 1, PLAIN},    {"relayed", "relayed", 0, 2, RELAYED}, {"onward", "onward", 2, 1, TAKEN},
    {"thrown", "thrown", 0, 2, THROWN},   {"kept", "kept", 0, 1, PLAIN},      {"jobs", "jobs", 0, 1, TAKEN},
    {"news", "news", 0, 1, DROPS},        {"ask", "serve", 0, 1, PLAIN},      {"serve", "ask", 1, 0, PLAIN},
};
#else
#define LANES 5
static const lane_name_t lane_names[LANES] = {
    {"letters", "letters", 0, 1, PLAIN}, {"skips", "skips", 0, 1, SKIPS},       {"notes", "notes", 0, 1, PLAIN},
    {"back", "back", 1, 0, PLAIN},       {"parcels", "parcels", 0, 1, PLAIN},
};
#endif

/* Counts of messages of one lane: what is done is between the two of a pair. */
typedef struct lane_diary {
  volatile uint64_t attempted, published;
  volatile uint64_t releasing, released;
  volatile uint64_t spare[4];
} lane_diary_t;

typedef struct diary {
  lane_diary_t lanes[LANES];
} diary_t;

/* What a person reads when a victim ends badly. */
static inline void fail(const char *what, long long number) {
  fprintf(stderr, "%s: %lld\n", what, number);
  exit(1);
}

static inline diary_t *open_diary(const char *path) {
  const int file = open(path, O_RDWR | O_CLOEXEC);
  void *place = mmap(NULL, DIARY_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (place == MAP_FAILED) fail("no diary", file);
  close(file);
  return (diary_t *)place;
}

/* The text of a file, which ends with NUL. */
static inline char *text_of(const char *path) {
  FILE *file = fopen(path, "rb");
  char *text = (char *)calloc(1, 1 << 16);
  if (file == NULL || text == NULL || fread(text, 1, (1 << 16) - 1, file) == 0) fail("no program", 0);
  fclose(file);
  return text;
}

/* Begins and ends what the tracer looks at; one place, so that it knows the end when it comes there again. */
static __attribute__((noinline)) void mark(void) { __asm__ volatile("int3"); }

/* Checks a count against the two between which it must lie, and makes it both. */
static inline void settle(const char *what, uint64_t count, volatile uint64_t *high, volatile uint64_t *low) {
  if (count < *low || count > *high) fail(what, (long long)count);
  *high = count;
  *low = count;
}

#endif
