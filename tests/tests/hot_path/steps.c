/* Messages from end to end in one process, between two breakpoints, for a tracer that looks at each instruction:
   `steps LANE MESSAGES [lock|xchg|call|sleep]`. With a third argument the stream itself runs an instruction that must not
   be run, or lets libvil do so by waiting for a message when there is none. */
#include <sys/syscall.h>
#include <unistd.h>

#include "exchange.h"

/* Messages until everything has been touched. */
#define WARM_UP 2048
/* The tracer sees a message with a stamp first. */
#define STAMP_EVERY 64

/* Begins and ends what the tracer looks at; one place, so that it knows the end when it comes there again. */
static __attribute__((noinline)) void mark(void) {
  __asm__ volatile("int3");
}

static uint64_t word;

static __attribute__((noinline)) void misbehave(const ends_t *ends, const char *how) {
  vil_message_t message;
  if (strcmp(how, "lock") == 0) __atomic_fetch_add(&word, 1, __ATOMIC_RELAXED);
  if (strcmp(how, "xchg") == 0) word += __atomic_exchange_n(&word, 2, __ATOMIC_RELAXED);
  if (strcmp(how, "call") == 0) word += (uint64_t)syscall(SYS_getppid);
  if (strcmp(how, "sleep") == 0) word += (uint64_t)vil_receiver_receive(ends->receiver, 100000, &message);
}

/* Every shape of the stream: `count` messages one by one, and some in bursts, in batches and by the calls that do all. */
static uint64_t stream(const ends_t *ends, uint64_t number, uint64_t count, uint32_t size) {
  number = one_by_one(ends, number, count);
  number = in_bursts(ends, number, 1 + count / 256);
  if (ends->sender == NULL) return number;
  number = in_batches(ends, sent(ends, number, 4, size), 2);
  number = sent_in_batches(ends, number, 1, size);
  return number;
}

int main(int argc, char **argv) {
  const char *lane = argc > 1 ? argv[1] : "slots", *how = argc > 3 ? argv[3] : NULL;
  const uint64_t messages = argc > 2 ? (uint64_t)strtoul(argv[2], NULL, 10) : 1;
  const uint32_t size = size_of(lane);
  const ends_t ends = both_ends(lane);
  uint64_t number = stream(&ends, 0, WARM_UP, size);
  while (number % STAMP_EVERY != 0) number = one_by_one(&ends, number, 1);
  if (how != NULL) misbehave(&ends, how);
  mark();
  stream(&ends, number, messages, size);
  if (how != NULL) misbehave(&ends, how);
  mark();
  close_ends(&ends);
  return 0;
}
