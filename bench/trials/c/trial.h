/* What trials in C and C++ share: the command line, processors, time, the other process, and the line that is said at the
   end. The same as bench/src has it for Rust, so that both add the same to what they measure. */
#ifndef TRIAL_H
#define TRIAL_H

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "vil/vil.h"

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

/* At most this many samples are said. */
#define TRIAL_SAID 4097

/* Most messages that one call moves, where --chunk asks for several. */
#define TRIAL_CHUNK 32

#define TRIAL_ENDS(...)                                                                                       \
  do {                                                                                                        \
    fprintf(stderr, __VA_ARGS__);                                                                             \
    fputc('\n', stderr);                                                                                      \
    exit(2);                                                                                                  \
  } while (0)

/* A call that must answer VIL_OK. */
#define TRIAL_GOES(call)                                                                                      \
  do {                                                                                                        \
    const vil_status_t said_ = (call);                                                                        \
    if (said_ != VIL_OK) TRIAL_ENDS("%s answers %s", #call, vil_status_name(said_));                          \
  } while (0)

/* What was asked for: PROGRAM BENCHMARK SUBJECT [--key value]... */
typedef struct trial {
  int argc;
  char **argv;
  const char *benchmark, *subject;
  const char *program; /* file of the world's program, as canonical JSON */
  const char *plan;    /* file of its plan, as generated code has it; NULL: the program is parsed */
  const char *role, *world, *step;
  size_t size, words, messages, batch, chunk, cells, routes, warm_up;
  int core_a, core_b;
  bool is_filled, is_copy, gives_way;
  double tick_ns;
} trial_t;

static inline const char *trial_text(const trial_t *trial, const char *key) {
  for (int i = 3; i + 1 < trial->argc; i += 2) {
    if (strncmp(trial->argv[i], "--", 2) == 0 && strcmp(trial->argv[i] + 2, key) == 0) return trial->argv[i + 1];
  }
  return NULL;
}

static inline size_t trial_number(const trial_t *trial, const char *key, size_t otherwise) {
  const char *text = trial_text(trial, key);
  if (text == NULL) return otherwise;
  char *end;
  const unsigned long long number = strtoull(text, &end, 10);
  if (end == text || *end != '\0') TRIAL_ENDS("--%s wants a number, not `%s`", key, text);
  return (size_t)number;
}

static inline uint64_t trial_now(void) {
#if defined(__x86_64__)
  return __rdtsc();
#else
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
#endif
}

static inline uint64_t trial_monotonic_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Nanoseconds of a tick, by comparing with the monotonic clock for 10 ms. */
static inline double trial_tick_ns(void) {
  const uint64_t start = trial_monotonic_ns(), ticks = trial_now();
  uint64_t ns;
  do {
    ns = trial_monotonic_ns() - start;
  } while (ns < 10000000u);
  return (double)ns / (double)(trial_now() - ticks);
}

/* Reads the command line. */
static inline trial_t trial_of(int argc, char **argv) {
  trial_t trial;
  memset(&trial, 0, sizeof trial);
  if (argc < 3 || (argc - 3) % 2 != 0) TRIAL_ENDS("usage: PROGRAM BENCHMARK SUBJECT [--key value]...");
  trial.argc = argc, trial.argv = argv, trial.benchmark = argv[1], trial.subject = argv[2];
  trial.program = trial_text(&trial, "program"), trial.plan = trial_text(&trial, "plan"), trial.role = trial_text(&trial, "role");
  trial.world = trial_text(&trial, "world"), trial.step = trial_text(&trial, "step");
  const char *transfer = trial_text(&trial, "transfer");
  trial.is_copy = transfer != NULL && strcmp(transfer, "copy") == 0;
  trial.size = trial_number(&trial, "size", 64);
  if (trial.size < 8) trial.size = 8;
  trial.words = trial.size / 8;
  if (trial.is_copy && trial.size > 512) TRIAL_ENDS("copies are of at most 512 B here");
  trial.messages = trial_number(&trial, "messages", 10000);
  if (trial.messages == 0) trial.messages = 1;
  trial.batch = trial_number(&trial, "batch", 64);
  if (trial.batch == 0) trial.batch = 1;
  trial.messages = (trial.messages + trial.batch - 1) / trial.batch * trial.batch;
  trial.chunk = trial_number(&trial, "chunk", 1);
  if (trial.chunk > TRIAL_CHUNK) trial.chunk = TRIAL_CHUNK;
  trial.cells = trial_number(&trial, "cells", 256), trial.routes = trial_number(&trial, "routes", 1);
  trial.warm_up = 2 * trial.cells + (trial.cells < 256 ? 0 : 500);
  trial.core_a = (int)trial_number(&trial, "core-a", 0), trial.core_b = (int)trial_number(&trial, "core-b", 0);
  trial.gives_way = trial.core_a == trial.core_b;
  const char *touch = trial_text(&trial, "touch");
  trial.is_filled = touch != NULL && strcmp(touch, "all") == 0;
  trial.tick_ns = trial_tick_ns();
  return trial;
}

/* Binds this process to a processor. */
static inline void trial_pin(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET((size_t)core, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) TRIAL_ENDS("processor %d: %s", core, strerror(errno));
}

/* Once around a polling loop. */
static inline void trial_relax(const trial_t *trial) {
  if (trial->gives_way) {
    sched_yield();
    return;
  }
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static inline uint64_t trial_pattern(uint64_t number) {
  return ((number & 0x7f) + 1) * UINT64_C(0x0101010101010101);
}

/* Writes message `number`: all of it, or its first word. */
static inline void trial_write(const trial_t *trial, void *data, uint64_t number) {
  if (trial->is_filled) memset(data, (int)(number & 0x7f) + 1, trial->size);
  ((uint64_t *)data)[0] = number;
}

static inline uint64_t trial_sum(const uint64_t *words, size_t count) {
  uint64_t a = 0, b = 0, c = 0, d = 0;
  size_t i = 0;
  for (; i + 4 <= count; i += 4) a += words[i], b += words[i + 1], c += words[i + 2], d += words[i + 3];
  for (; i < count; i++) a += words[i];
  return a + b + c + d;
}

/* Reads message `number`; another one ends the trial. */
static inline void trial_read(const trial_t *trial, const void *data, uint64_t number) {
  const uint64_t *words = (const uint64_t *)data;
  if (words[0] != number) TRIAL_ENDS("message %" PRIu64 " instead of %" PRIu64, words[0], number);
  if (!trial->is_filled) return;
  if (trial_sum(words, trial->words) != trial_pattern(number) * (trial->words - 1) + number) {
    TRIAL_ENDS("message %" PRIu64 " is not what was written", number);
  }
}

/* Faults and context switches of this thread. */
typedef struct {
  long faults, waits, preemptions;
} trial_counts_t;

static inline trial_counts_t trial_counts(void) {
  struct rusage usage;
  memset(&usage, 0, sizeof usage);
  getrusage(RUSAGE_SELF, &usage);
  const trial_counts_t counts = {usage.ru_minflt + usage.ru_majflt, usage.ru_nvcsw, usage.ru_nivcsw};
  return counts;
}

/* Times as they come: one for each batch of messages, after the warming up. */
typedef struct {
  double *ns;
  size_t count, next, batch, left;
  bool is_warm;
  uint64_t last;
  double per_message;
  trial_counts_t counts;
} trial_times_t;

static inline trial_times_t trial_times(const trial_t *trial, size_t warm_up, size_t batch) {
  trial_times_t times;
  memset(&times, 0, sizeof times);
  times.count = trial->messages / batch, times.batch = batch, times.left = warm_up > 0 ? warm_up : 1;
  times.per_message = trial->tick_ns / (double)batch;
  times.ns = (double *)malloc(times.count * sizeof *times.ns);
  if (times.ns == NULL) TRIAL_ENDS("no memory for %zu times", times.count);
  for (size_t i = 0; i < times.count; i++) times.ns[i] = 1;
  times.counts = trial_counts();
  return times;
}

static inline void trial_start(trial_times_t *times) { times->last = trial_now(); }

static inline void trial_end(trial_times_t *times) {
  const uint64_t now = trial_now();
  if (times->next < times->count) times->ns[times->next] = (double)(now - times->last) * times->per_message;
  times->next++;
  times->last = trial_now();
}

/* So many more messages, times->left at most. */
static inline void trial_received_many(trial_times_t *times, size_t count) {
  times->left -= count;
  if (times->left != 0) return;
  if (times->is_warm) {
    trial_end(times);
  } else {
    times->is_warm = true;
    times->counts = trial_counts();
    trial_start(times);
  }
  times->left = times->batch;
}

/* One more message. */
static inline void trial_received(trial_times_t *times) { trial_received_many(times, 1); }

static inline int trial_order(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Says the line: evenly spaced order statistics, the mean, the counts. */
static inline void trial_say(const trial_t *trial, trial_times_t *times) {
  const trial_counts_t now = trial_counts();
  double sum = 0;
  for (size_t i = 0; i < times->count; i++) sum += times->ns[i];
  qsort(times->ns, times->count, sizeof *times->ns, trial_order);
  const size_t said = times->count < TRIAL_SAID ? times->count : TRIAL_SAID, last = times->count - 1;
  printf("{\"benchmark\":\"%s\",\"subject\":\"%s\",\"unit\":\"ns\",\"mean\":%.2f,", trial->benchmark, trial->subject,
         sum / (double)times->count);
  printf("\"counts\":{\"faults\":%ld,\"waits\":%ld,\"preemptions\":%ld},\"samples\":[", now.faults - times->counts.faults,
         now.waits - times->counts.waits, now.preemptions - times->counts.preemptions);
  for (size_t i = 0; i < said; i++) {
    const size_t at = said < TRIAL_SAID || said == times->count ? i : i * last / (said - 1);
    printf("%s%.1f", i == 0 ? "" : ",", times->ns[at]);
  }
  puts("]}");
  free(times->ns);
}

/* The other process. */
typedef struct trial_peer {
  pid_t process;
  int said;
} trial_peer_t;

/* Starts this program again in a role, in a world, and waits until it is ready. It dies with this one. */
static inline trial_peer_t trial_start_peer(const trial_t *trial, const char *role, const char *world) {
  int pipe_ends[2];
  if (pipe(pipe_ends) != 0) TRIAL_ENDS("pipe: %s", strerror(errno));
  char **words = (char **)calloc((size_t)trial->argc + 5, sizeof *words);
  if (words == NULL) TRIAL_ENDS("no memory");
  memcpy(words, trial->argv, (size_t)trial->argc * sizeof *words);
  words[trial->argc] = (char *)"--role", words[trial->argc + 1] = (char *)role;
  words[trial->argc + 2] = (char *)"--world", words[trial->argc + 3] = (char *)world;
  trial_peer_t peer = {fork(), pipe_ends[0]};
  if (peer.process < 0) TRIAL_ENDS("fork: %s", strerror(errno));
  if (peer.process == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(pipe_ends[1], 1);
    execv("/proc/self/exe", words);
    _exit(2);
  }
  free(words);
  close(pipe_ends[1]);
  char byte;
  if (read(peer.said, &byte, 1) != 1) TRIAL_ENDS("the other process ended before it was ready");
  return peer;
}

/* In the other process: it is ready. */
static inline void trial_ready(void) {
  if (write(1, "!", 1) != 1) TRIAL_ENDS("nobody listens");
}

/* Waits for the other process; anything but success ends this one. */
static inline void trial_end_peer(const trial_peer_t *peer) {
  int status = 0;
  waitpid(peer->process, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) TRIAL_ENDS("the other process failed");
  close(peer->said);
}

/* A file that is read where it lies, as what is embedded in a program is. */
typedef struct trial_file {
  const void *bytes;
  size_t size;
} trial_file_t;

static inline trial_file_t trial_map(const char *key, const char *path) {
  struct stat about;
  trial_file_t file = {NULL, 0};
  const int opened = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (opened < 0 || fstat(opened, &about) != 0) TRIAL_ENDS("%s %s: there is no such file", key, path != NULL ? path : "");
  file.size = (size_t)about.st_size;
  file.bytes = mmap(NULL, file.size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, opened, 0);
  if (file.bytes == MAP_FAILED) TRIAL_ENDS("%s %s cannot be read", key, path);
  close(opened);
  return file;
}

/* The text of the world's program, and its plan where the trial is given one. They are read once, as what is in a program is
   there once. */
static inline trial_file_t trial_program(const trial_t *trial) {
  static trial_file_t json;
  if (json.bytes == NULL) json = trial_map("--program", trial->program);
  return json;
}

static inline trial_file_t trial_plan(const trial_t *trial) {
  static trial_file_t plan;
  if (plan.bytes == NULL && trial->plan != NULL) plan = trial_map("--plan", trial->plan);
  return plan;
}

/* The name of the world that this process makes. */
static inline const char *trial_world_name(void) {
  static char name[40];
  snprintf(name, sizeof name, "trial-%ld", (long)getpid());
  return name;
}

#endif
