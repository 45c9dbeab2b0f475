/* Counts calls of the allocator, of locks and of the clock, and page faults, while messages pass from end to end in one
   process: `count LANE [malloc|mutex|wait]`. With `wait` messages are waited for; with the others the stream itself does what
   must not be done, so that the counting is seen to count. The definitions here take the place of glibc's in libvil.so too, and pass each call on. */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/resource.h>
#include <time.h>

#include "exchange.h"

#define LAPS 5
#define LAP_MESSAGES 20000

enum { ALLOCATIONS, FREES, LOCKS, CLOCKS, KINDS };
static const char *const kinds[KINDS] = {"allocations", "frees", "locks", "clocks"};
static uint64_t counts[KINDS];

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t align, size_t size);
void __libc_free(void *block);

void *malloc(size_t size) {
  counts[ALLOCATIONS]++;
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  counts[ALLOCATIONS]++;
  return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
  counts[ALLOCATIONS]++;
  return __libc_realloc(block, size);
}

void *memalign(size_t align, size_t size);
void *memalign(size_t align, size_t size) {
  counts[ALLOCATIONS]++;
  return __libc_memalign(align, size);
}

void *aligned_alloc(size_t align, size_t size) {
  counts[ALLOCATIONS]++;
  return __libc_memalign(align, size);
}

int posix_memalign(void **block, size_t align, size_t size) {
  counts[ALLOCATIONS]++;
  *block = __libc_memalign(align, size);
  return *block == NULL ? ENOMEM : 0;
}

void free(void *block) {
  counts[FREES]++;
  __libc_free(block);
}

/* Defines NAME so that it counts and calls the one that would have been called without this program. */
#define PASS_ON(kind, name, parameter)            \
  int name(parameter *what) {                     \
    static int (*next)(parameter *);              \
    if (next == NULL) {                           \
      *(void **)(&next) = dlsym(RTLD_NEXT, #name); \
    }                                             \
    counts[kind]++;                               \
    return next(what);                            \
  }

PASS_ON(LOCKS, pthread_mutex_lock, pthread_mutex_t)
PASS_ON(LOCKS, pthread_mutex_trylock, pthread_mutex_t)
PASS_ON(LOCKS, pthread_rwlock_rdlock, pthread_rwlock_t)
PASS_ON(LOCKS, pthread_rwlock_tryrdlock, pthread_rwlock_t)
PASS_ON(LOCKS, pthread_rwlock_wrlock, pthread_rwlock_t)
PASS_ON(LOCKS, pthread_rwlock_trywrlock, pthread_rwlock_t)
PASS_ON(LOCKS, pthread_spin_lock, pthread_spinlock_t)
PASS_ON(LOCKS, sem_wait, sem_t)

int clock_gettime(clockid_t clock, struct timespec *time) {
  static int (*next)(clockid_t, struct timespec *);
  if (next == NULL) {
    *(void **)(&next) = dlsym(RTLD_NEXT, "clock_gettime");
  }
  counts[CLOCKS]++;
  return next(clock, time);
}

static void *volatile kept;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* A message that is waited for in every way there is, and waits that find none and sleep until they are late. */
static uint64_t wait_together(const ends_t *ends, vil_waitset_t *set, uint64_t number) {
  vil_receiver_t *const receivers[] = {ends->receiver};
  vil_message_t message;
  uint64_t token;
  size_t index;
  put(ends, number);
  GOES(vil_waitset_wait(set, 0, &token));
  GOES(vil_waitset_wait(set, 100000, &token));
  GOES(vil_receiver_wait_any(receivers, 1, 100000, &index));
  take_now(ends, number, &message);
  release(ends, &message);
  const vil_status_t late[] = {vil_waitset_wait(set, 0, &token), vil_waitset_wait(set, 100000, &token),
                               vil_receiver_wait_any(receivers, 1, 100000, &index)};
  if (late[0] != VIL_EMPTY || late[1] != VIL_TIMEOUT || late[2] != VIL_TIMEOUT) exit(1);
  return number + 1;
}

static vil_waitset_t *set_of(const ends_t *ends) {
  vil_waitset_t *set = NULL;
  GOES(vil_waitset_create(world_of_receiver, &set, NULL));
  GOES(vil_waitset_add(set, ends->receiver, 1, NULL));
  return set;
}

static void misbehave(const char *how) {
  if (strcmp(how, "malloc") == 0) {
    kept = malloc(24);
    free(kept);
  } else if (strcmp(how, "mutex") == 0) {
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
  }
}

static uint64_t faults(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (uint64_t)usage.ru_minflt + (uint64_t)usage.ru_majflt;
}

/* One lap in which every shape of the stream occurs. */
static uint64_t lap(const ends_t *ends, uint64_t number, uint32_t size, const char *how) {
  const uint64_t end = number + LAP_MESSAGES;
  while (number < end) {
    number = one_by_one(ends, number, 64);
    number = in_bursts(ends, number, 16);
    if (ends->sender != NULL) number = sent_in_batches(ends, sent(ends, in_batches(ends, number, 8), 8, size), 4, size);
    if (how != NULL) misbehave(how);
  }
  return number;
}

static void print(const char *when, const uint64_t *found) {
  for (int kind = 0; kind < KINDS; kind++) printf("%s.%s %llu\n", when, kinds[kind], (unsigned long long)found[kind]);
}

int main(int argc, char **argv) {
  const char *lane = argc > 1 ? argv[1] : "slots", *how = argc > 2 ? argv[2] : NULL;
  uint64_t opening[KINDS], stream[KINDS], fewest_faults = UINT64_MAX;
  memset(counts, 0, sizeof counts);
  const ends_t ends = both_ends(lane);
  memcpy(opening, counts, sizeof counts);

  const uint32_t size = size_of(lane);
  uint64_t number = lap(&ends, 0, size, NULL);
  if (how != NULL && strcmp(how, "wait") == 0) {
    vil_waitset_t *set = set_of(&ends);
    /* The first wait finds out how many processors there are, and who lives. */
    number = wait_together(&ends, set, number);
    memset(counts, 0, sizeof counts);
    for (int i = 0; i < 500; i++) number = wait_together(&ends, set, number);
    memcpy(stream, counts, sizeof counts);
    print("wait", stream);
    GOES(vil_waitset_close(set));
    close_ends(&ends);
    return 0;
  }
  const uint64_t first = number;
  memset(counts, 0, sizeof counts);
  for (int i = 0; i < LAPS; i++) {
    const uint64_t before = faults();
    number = lap(&ends, number, size, how);
    const uint64_t found = faults() - before;
    if (found < fewest_faults) fewest_faults = found;
  }
  memcpy(stream, counts, sizeof counts);

  print("opening", opening);
  print("stream", stream);
  printf("stream.messages %llu\n", (unsigned long long)(number - first));
  printf("stream.faults %llu\n", (unsigned long long)fewest_faults);
  close_ends(&ends);
  return 0;
}
