/* A pipeline of three stages through libvil.so: the first writes a message, the second looks at its first word and passes it
   on, the third reads all of it. `--how forward`: passed on as it lies; `--how copy`: copied into a message of the second
   stage's own. On two processors the first and the last stage are one thread of one process; one message is under way. */
#define _GNU_SOURCE
#include "ends.h"

/* Receives if there is something. */
static bool poll_one(vil_receiver_t *receiver, vil_message_t *message) {
  const vil_status_t status = vil_receiver_receive(receiver, 0, message);
  if (status != VIL_OK && status != VIL_EMPTY) TRIAL_ENDS("receive answers %s", vil_status_name(status));
  return status == VIL_OK;
}

static void pass_on(const trial_t *trial, const ends_t *ends, vil_message_t *message) {
  vil_status_t status;
  while ((status = vil_receiver_forward(ends->receivers[0], message, ends->senders[0])) == VIL_FULL) trial_relax(trial);
  if (status != VIL_OK) TRIAL_ENDS("forward answers %s", vil_status_name(status));
}

static void copy_on(const trial_t *trial, const ends_t *ends, vil_message_t *message) {
  vil_loan_t loan;
  vil_status_t status;
  while ((status = vil_sender_loan(ends->senders[0], &loan)) == VIL_FULL) trial_relax(trial);
  if (status != VIL_OK) TRIAL_ENDS("loan answers %s", vil_status_name(status));
  memcpy(loan.data, message->data, trial->size);
  while ((status = vil_sender_publish(ends->senders[0], &loan)) == VIL_FULL) trial_relax(trial);
  if (status != VIL_OK) TRIAL_ENDS("publish answers %s", vil_status_name(status));
  TRIAL_GOES(vil_receiver_release(ends->receivers[0], message));
}

static void middle(const trial_t *trial) {
  const char *how = trial_text(trial, "how");
  const bool is_copied = how != NULL && strcmp(how, "copy") == 0;
  trial_pin(trial->core_b);
  ends_t ends = ends_attach(trial, trial->world, false);
  trial_ready();
  for (uint64_t number = 0; number < trial->warm_up + trial->messages; number++) {
    vil_message_t message;
    while (!poll_one(ends.receivers[0], &message)) trial_relax(trial);
    if (*(const uint64_t *)message.data != number) TRIAL_ENDS("another message than number %" PRIu64, number);
    if (is_copied) copy_on(trial, &ends, &message);
    else pass_on(trial, &ends, &message);
  }
  /* What was lent on ends before its receiver closes: releases are looked for by whoever looks for messages. */
  uint64_t published = 0, received = 0;
  do {
    vil_message_t message;
    TRIAL_GOES(vil_sender_published(ends.senders[0], &published));
    TRIAL_GOES(vil_receiver_received(ends.receivers[0], &received));
    if (vil_receiver_receive(ends.receivers[0], 0, &message) != VIL_EMPTY) break;
  } while (received < published);
  ends_close(&ends);
}

/* The first stage and the last. Measures. */
static void both_ends(const trial_t *trial) {
  const char *name = trial_world_name();
  trial_pin(trial->core_a);
  ends_t ends = ends_create(trial, name, true);
  trial_times_t times = trial_times(trial, trial->warm_up, trial->batch);
  const trial_peer_t peer = trial_start_peer(trial, "middle", name);
  TRIAL_GOES(vil_world_unlink(name, NULL, NULL));
  for (uint64_t number = 0; number < trial->warm_up + trial->messages; number++) {
    ends_send(trial, ends.senders[0], number);
    ends_take(trial, ends.receivers[0], number);
    trial_received(&times);
  }
  trial_say(trial, &times);
  trial_end_peer(&peer);
  ends_close(&ends);
}

int main(int argc, char **argv) {
  const trial_t trial = trial_of(argc, argv);
  if (trial.role != NULL) middle(&trial);
  else both_ends(&trial);
  return 0;
}
