/* A stream through libvil.so: one process sends as fast as it can over one route or several in turn, this one receives and
   measures. With --chunk one call moves several messages, over one route. By `copy` routes the message is sent from the stack
   and lies in the cell. */
#define _GNU_SOURCE
#include "ends.h"

/* Messages that one call is to move: no more than are left. */
static size_t chunk_of(const trial_t *trial, size_t left) {
  return left < trial->chunk ? left : trial->chunk;
}

static void produce(const trial_t *trial) {
  trial_pin(trial->core_b);
  ends_t ends = ends_attach(trial, trial->world, true);
  trial_ready();
  const size_t messages = trial->warm_up + trial->messages;
  size_t route = 0, number = 0;
  while (trial->chunk > 1 && number < messages) {
    const size_t count = chunk_of(trial, messages - number);
    ends_send_batch(trial, ends.senders[0], number, count);
    number += count;
  }
  for (; number < messages; number++) {
    ends_send(trial, ends.senders[route], number);
    if (++route == ends.sender_count) route = 0;
  }
  ends_close(&ends);
}

static void consume(const trial_t *trial) {
  const char *name = trial_world_name();
  trial_pin(trial->core_a);
  ends_t ends = ends_create(trial, name, false);
  trial_times_t times = trial_times(trial, trial->warm_up, trial->batch);
  const trial_peer_t peer = trial_start_peer(trial, "produce", name);
  TRIAL_GOES(vil_world_unlink(name, NULL, NULL));
  const size_t messages = trial->warm_up + trial->messages;
  size_t route = 0, number = 0;
  while (trial->chunk > 1 && number < messages) {
    const size_t left = messages - number < times.left ? messages - number : times.left;
    const size_t count = ends_take_batch(trial, ends.receivers[0], number, chunk_of(trial, left));
    trial_received_many(&times, count);
    number += count;
  }
  for (; number < messages; number++) {
    ends_take(trial, ends.receivers[route], number);
    if (++route == ends.receiver_count) route = 0;
    trial_received(&times);
  }
  trial_say(trial, &times);
  trial_end_peer(&peer);
  ends_close(&ends);
}

int main(int argc, char **argv) {
  const trial_t trial = trial_of(argc, argv);
  if (trial.role != NULL) {
    produce(&trial);
  } else {
    consume(&trial);
  }
  return 0;
}
