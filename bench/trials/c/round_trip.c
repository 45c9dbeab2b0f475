/* Round trips through libvil.so: both processes poll. */
#define _GNU_SOURCE
#include "ends.h"

static void answer(const trial_t *trial) {
  trial_pin(trial->core_b);
  ends_t ends = ends_attach(trial, trial->world, false);
  trial_ready();
  for (uint64_t trip = 0; trip < trial->warm_up + trial->messages; trip++) {
    ends_take(trial, ends.receivers[0], trip);
    ends_send(trial, ends.senders[0], trip);
  }
  ends_close(&ends);
}

static void ask(const trial_t *trial) {
  const char *name = trial_world_name();
  trial_pin(trial->core_a);
  ends_t ends = ends_create(trial, name, true);
  const trial_peer_t peer = trial_start_peer(trial, "answer", name);
  TRIAL_GOES(vil_world_unlink(name, NULL, NULL));
  trial_times_t times = trial_times(trial, trial->warm_up, 1);
  for (uint64_t trip = 0; trip < trial->warm_up + trial->messages; trip++) {
    ends_send(trial, ends.senders[0], trip);
    ends_take(trial, ends.receivers[0], trip);
    trial_received(&times);
  }
  trial_say(trial, &times);
  trial_end_peer(&peer);
  ends_close(&ends);
}

int main(int argc, char **argv) {
  const trial_t trial = trial_of(argc, argv);
  if (trial.role != NULL) {
    answer(&trial);
  } else {
    ask(&trial);
  }
  return 0;
}
