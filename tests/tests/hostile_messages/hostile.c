/* Changes messages at random, verifies them, and walks them: `hostile SEEDS SEED ROUNDS SECONDS RACE`. With RACE a second
 * thread changes the bytes all the time. Prints rounds and how many were accepted. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "walk.h"
#include "walkers.h"

enum { MOST = 4096, SEEDS = 4096, KINDS = sizeof walk_kinds / sizeof *walk_kinds };

typedef struct seed_t { uint32_t kind, size; unsigned char *bytes; } seed_t;

static seed_t seeds[SEEDS];
static uint32_t seed_count;
static char json[1 << 20];
static unsigned char *guard; /* the first byte that nobody may touch */

static uint64_t next_random(uint64_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state * UINT64_C(2685821657736338717);
}

static uint32_t below(uint64_t *state, uint32_t end) { return (uint32_t)((next_random(state) >> 24) % end); }

static bool read_seeds(const char *path) {
  FILE *const file = fopen(path, "rb");
  if (file == NULL) return false;
  while (seed_count < SEEDS && fread(&seeds[seed_count], 4, 2, file) == 2) {
    seed_t *const seed = &seeds[seed_count++];
    seed->bytes = (unsigned char *)malloc(seed->size);
    if (seed->bytes == NULL || fread(seed->bytes, 1, seed->size, file) != seed->size) return false;
  }
  return fclose(file) == 0 && seed_count > 0;
}

/* One change that is like what a careless or a cunning writer does. */
static void change(unsigned char *data, uint32_t size, uint64_t *state) {
  if (size < 8) return;
  const uint32_t at = below(state, size / 4) * 4, from = below(state, size / 4) * 4;
  uint32_t word;
  memcpy(&word, data + at, 4);
  switch (below(state, 12)) {
    case 0: word += below(state, 17) - 8u; break;
    case 1: word = below(state, size + 16); break;
    case 2: word = size - below(state, 32); break;
    case 3: word ^= UINT32_C(1) << below(state, 32); break;
    case 4: word = UINT32_MAX - below(state, 16); break;
    case 5: word = 0; break;
    case 6: memcpy(&word, data + from, 4); break;
    case 7: word = (uint32_t)next_random(state); break;
    case 8: data[8 + below(state, size - 8)] = (unsigned char)below(state, 256); return;
    case 9: data[16 + below(state, size - 8) % (size > 16 ? size - 16 : 1) % size] ^= 1; return;
    case 10: {
      /* A cut of the root, which nothing but its size tells. */
      const uint32_t root = below(state, size);
      memcpy(data + 12, &root, 4);
      return;
    }
    default: word = below(state, 4); break;
  }
  memcpy(data + at, &word, 4);
}

/* A message that was changed, or no message at all, in `data`; its size. */
static uint32_t make(const seed_t *seed, unsigned char *data, uint64_t *state) {
  uint32_t size = seed->size;
  if (below(state, 16) == 0) {
    for (uint32_t at = 0; at < size; ++at) data[at] = (unsigned char)(next_random(state) >> 40);
    if (size < 16 || below(state, 2) == 0) return size;
    memcpy(data, seed->bytes, 16);
    return size;
  }
  memcpy(data, seed->bytes, size);
  for (uint32_t left = below(state, 4); left > 0; --left) change(data, size, state);
  return below(state, 8) == 0 ? below(state, size + 1) : size;
}

static int wrong(const walk_kind_t *kind, const char *what, const char *at, const unsigned char *data, uint32_t size) {
  (void)fprintf(stderr, "%s: %s, at `%.60s`\n%s\n", kind->name, what, at == NULL ? "" : at, json);
  for (uint32_t byte = 0; byte < size; ++byte) (void)fprintf(stderr, "%02x%s", data[byte], byte % 32 == 31 ? "\n" : "");
  (void)fprintf(stderr, "\n");
  return 1;
}

/* Verifies and walks what nobody else changes. */
static int judge(const walk_kind_t *kind, const unsigned char *data, uint32_t size, uint64_t *accepted) {
  size_t written = 0;
  vil_msg_fault_t fault;
  const vil_status_t status = vil_msg_verify(kind->descriptor, data, size, &fault);
  walk_t walk = {NULL, 500, NULL, 0};
  if (status == VIL_OK) {
    const vil_status_t told = vil_msg_to_json(kind->descriptor, data, size, VIL_JSON_COMPACT, json, sizeof json, &written, &fault);
    if (told != VIL_OK) return wrong(kind, "accepted, and has no JSON", NULL, data, size);
    walk.json = json;
    walk.left = UINT64_MAX;
    ++*accepted;
  }
  kind->walk(&walk, data, size);
  if (walk.wrong != NULL) return wrong(kind, walk.wrong, walk.json, data, size);
  if (status == VIL_OK && *walk.json != 0) return wrong(kind, "there is more JSON", walk.json, data, size);
  return 0;
}

/* In bytes of its very size on the heap, or right before the guard, as near as alignment lets it. */
static int round_alone(const seed_t *seed, unsigned char *work, uint64_t *state, uint64_t *accepted) {
  const walk_kind_t *const kind = &walk_kinds[seed->kind];
  uint32_t size = make(seed, work, state);
  const bool on_heap = below(state, 2) == 0;
  if (!on_heap && below(state, 4) != 0) size &= ~7u;
  unsigned char *const data = on_heap ? (unsigned char *)malloc(size == 0 ? 1 : size) : guard - ((size + 7) & ~7u);
  if (data == NULL) return 1;
  memcpy(data, work, size);
  const int failed = judge(kind, data, size, accepted);
  if (on_heap) free(data);
  return failed;
}

static const seed_t *volatile raced; /* what is changed while it is read, right before the guard */
static atomic_bool is_over;

static void *race(void *context) {
  uint64_t state = *(const uint64_t *)context;
  while (!atomic_load_explicit(&is_over, memory_order_relaxed)) {
    const seed_t *const seed = raced;
    const uint32_t size = seed->size & ~7u;
    const uint32_t at = below(&state, size / 4) * 4;
    uint32_t word = below(&state, size + 16);
    if (below(&state, 2) == 0) memcpy(&word, seed->bytes + at, 4);
    if (below(&state, 8) == 0) word = (uint32_t)next_random(&state);
    __atomic_store_n((vil_raw32_t *)(void *)(guard - size + at), word, __ATOMIC_RELAXED);
  }
  return NULL;
}

static int round_raced(const seed_t *seed, uint64_t *state, uint64_t *accepted) {
  const walk_kind_t *const kind = &walk_kinds[seed->kind];
  const uint32_t size = seed->size & ~7u;
  unsigned char *const data = guard - size;
  vil_msg_fault_t fault;
  size_t written = 0;
  if (below(state, 8) == 0) memcpy(data, seed->bytes, size);
  *accepted += vil_msg_verify(kind->descriptor, data, size, &fault) == VIL_OK;
  (void)vil_msg_to_json(kind->descriptor, data, size, VIL_JSON_COMPACT, json, sizeof json, &written, &fault);
  walk_t walk = {NULL, 300, NULL, 0};
  kind->walk(&walk, data, size);
  return walk.wrong == NULL ? 0 : wrong(kind, walk.wrong, NULL, data, size);
}

int main(int count, char **arguments) {
  if (count != 6 || !read_seeds(arguments[1])) return 2;
  uint64_t state = strtoull(arguments[2], NULL, 10) | 1, accepted = 0, done = 0;
  const uint64_t rounds = strtoull(arguments[3], NULL, 10), seconds = strtoull(arguments[4], NULL, 10);
  const bool is_race = arguments[5][0] == '1';
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  unsigned char *const room = (unsigned char *)mmap(NULL, MOST + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED || mprotect(room + MOST, page, PROT_NONE) != 0) return 2;
  guard = room + MOST;
  /* The kernel ends what hangs. */
  (void)alarm((unsigned)seconds + 120);
  static unsigned char work[MOST];
  pthread_t other;
  uint64_t others = next_random(&state) | 1;
  raced = &seeds[0];
  if (is_race && pthread_create(&other, NULL, race, &others) != 0) return 2;
  const time_t end = time(NULL) + (time_t)seconds;
  for (; seconds != 0 ? (done % 1024 != 0 || time(NULL) < end) : done < rounds; ++done) {
    const seed_t *const seed = &seeds[below(&state, seed_count)];
    if (is_race) {
      if (done % 64 == 0 && seed->size >= 32) raced = seed;
      if (round_raced(raced, &state, &accepted) != 0) return 1;
    } else if (round_alone(seed, work, &state, &accepted) != 0) {
      (void)fprintf(stderr, "in round %llu\n", (unsigned long long)done);
      return 1;
    }
  }
  atomic_store(&is_over, true);
  if (is_race) (void)pthread_join(other, NULL);
  (void)printf("%llu %llu\n", (unsigned long long)done, (unsigned long long)accepted);
  return 0;
}
