/* A stream through libvil.so: one process sends as fast as it can over one route or several in turn, this one receives and
   measures. By `copy` routes the message is sent from the stack and lies in the cell. */
#define _GNU_SOURCE
#include "ends.h"

static void produce(const trial_t *trial) {
  trial_pin(trial->core_b);
  ends_t ends = ends_attach(trial, trial->world, true);
  trial_ready();
  size_t route = 0;
  for (uint64_t number = 0; number < trial->warm_up + trial->messages; number++) {
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
  size_t route = 0;
  for (uint64_t number = 0; number < trial->warm_up + trial->messages; number++) {
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
