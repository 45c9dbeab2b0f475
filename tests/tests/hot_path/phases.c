/* One phase of a lane between two breakpoints, for who counts instructions: messages one by one or in batches, looks at an
   empty ring, loans that are given back, or messages sent and read by one call each, or several of them by one. */
#include "exchange.h"

/* Messages until everything has been touched and every cell was written. */
#define WARM_UP 2048
/* One lap of stamps. */
#define STEPPED 64

/* One place, so that the tracer knows the end when it comes there again. */
static __attribute__((noinline)) void mark(void) {
  __asm__ volatile("int3");
}

static void look(const ends_t *ends, uint64_t count) {
  for (uint64_t i = 0; i < count; i++) {
    vil_message_t message;
    if (vil_receiver_receive(ends->receiver, 0, &message) != VIL_EMPTY) exit(1);
  }
}

static void give_back(const ends_t *ends, uint64_t count) {
  for (uint64_t i = 0; i < count; i++) {
    vil_loan_t loan;
    GOES(vil_sender_loan(ends->sender, &loan));
    GOES(vil_sender_discard(ends->sender, &loan));
  }
}

static void phase(const ends_t *ends, const char *name, uint64_t number, uint64_t count, uint32_t size) {
  if (strcmp(name, "stream") == 0) one_by_one(ends, number, count);
  if (strcmp(name, "batched") == 0) {
    for (uint64_t i = 0; i < count; i += BATCH) number = one_batch(ends, number, BATCH);
  }
  if (strcmp(name, "sent") == 0) sent(ends, number, count, size);
  if (strcmp(name, "sent_batched") == 0) sent_in_batches(ends, number, count / BATCH, size);
  if (strcmp(name, "empty") == 0) look(ends, count);
  if (strcmp(name, "given_back") == 0) give_back(ends, count);
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  const uint32_t size = size_of(argv[1]);
  const ends_t ends = both_ends(argv[1]);
  const uint64_t number = one_by_one(&ends, 0, WARM_UP);
  mark();
  phase(&ends, argv[2], number, STEPPED, size);
  mark();
  close_ends(&ends);
  return 0;
}
