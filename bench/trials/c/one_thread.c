/* Calls in one thread through libvil.so, both ends in one process: the four hot ones together, each alone, a loan that is
   discarded, and a receive that finds nothing. A sample is the mean of a batch of calls. */
#define _GNU_SOURCE
#include "ends.h"

/* Calls in a batch; as many loans and messages are in hand at once where a step is measured alone. */
#define BATCH 64

/* Batches before anything is counted: several laps of the ring. */
#define WARM_UP 32

/* Loan, write a word, publish, receive, read it, release. */
static void all(const trial_t *trial, const ends_t *asker, const ends_t *answerer, trial_times_t *times) {
  vil_sender_t *sender = asker->senders[0];
  vil_receiver_t *receiver = answerer->receivers[0];
  trial_start(times);
  for (uint64_t number = 0; number < BATCH; number++) {
    vil_loan_t loan;
    vil_message_t message;
    TRIAL_GOES(vil_sender_loan(sender, &loan));
    trial_write(trial, loan.data, number);
    TRIAL_GOES(vil_sender_publish(sender, &loan));
    TRIAL_GOES(vil_receiver_receive(receiver, 0, &message));
    trial_read(trial, message.data, number);
    TRIAL_GOES(vil_receiver_release(receiver, &message));
  }
  trial_end(times);
}

static void discard(const ends_t *asker, trial_times_t *times) {
  trial_start(times);
  for (size_t i = 0; i < BATCH; i++) {
    vil_loan_t loan;
    TRIAL_GOES(vil_sender_loan(asker->senders[0], &loan));
    TRIAL_GOES(vil_sender_discard(asker->senders[0], &loan));
  }
  trial_end(times);
}

static void empty(const ends_t *answerer, trial_times_t *times) {
  trial_start(times);
  for (size_t i = 0; i < BATCH; i++) {
    vil_message_t message;
    const vil_status_t status = vil_receiver_receive(answerer->receivers[0], 0, &message);
    if (status != VIL_EMPTY) TRIAL_ENDS("receive answers %s", vil_status_name(status));
  }
  trial_end(times);
}

static void begin(const trial_t *trial, const char *step, trial_times_t *times) {
  if (strcmp(trial->step, step) == 0) trial_start(times);
}

static void end(const trial_t *trial, const char *step, trial_times_t *times) {
  if (strcmp(trial->step, step) == 0) trial_end(times);
}

/* A batch of each step, one of them measured. */
static void alone(const trial_t *trial, const ends_t *asker, const ends_t *answerer, trial_times_t *times) {
  static vil_loan_t loans[BATCH];
  static vil_message_t messages[BATCH];
  begin(trial, "loan", times);
  for (size_t i = 0; i < BATCH; i++) TRIAL_GOES(vil_sender_loan(asker->senders[0], &loans[i]));
  end(trial, "loan", times);
  for (size_t i = 0; i < BATCH; i++) trial_write(trial, loans[i].data, i);
  begin(trial, "publish", times);
  for (size_t i = 0; i < BATCH; i++) TRIAL_GOES(vil_sender_publish(asker->senders[0], &loans[i]));
  end(trial, "publish", times);
  begin(trial, "receive", times);
  for (size_t i = 0; i < BATCH; i++) TRIAL_GOES(vil_receiver_receive(answerer->receivers[0], 0, &messages[i]));
  end(trial, "receive", times);
  for (size_t i = 0; i < BATCH; i++) trial_read(trial, messages[i].data, i);
  begin(trial, "release", times);
  for (size_t i = 0; i < BATCH; i++) TRIAL_GOES(vil_receiver_release(answerer->receivers[0], &messages[i]));
  end(trial, "release", times);
}

static void one_batch(const trial_t *trial, const ends_t *asker, const ends_t *answerer, trial_times_t *times) {
  if (strcmp(trial->step, "all") == 0) {
    all(trial, asker, answerer, times);
  } else if (strcmp(trial->step, "discard") == 0) {
    discard(asker, times);
  } else if (strcmp(trial->step, "empty") == 0) {
    empty(answerer, times);
  } else {
    alone(trial, asker, answerer, times);
  }
}

int main(int argc, char **argv) {
  trial_t trial = trial_of(argc, argv);
  if (trial.step == NULL) trial.step = "all";
  const char *name = trial_world_name();
  trial_pin(trial.core_a);
  ends_t asker = ends_create(&trial, name, true), answerer = ends_attach(&trial, name, false);
  TRIAL_GOES(vil_world_unlink(name, NULL, NULL));
  trial_times_t times = trial_times(&trial, 0, BATCH);
  for (size_t batch = 0; batch < WARM_UP + times.count; batch++) {
    if (batch == WARM_UP) times.next = 0, times.counts = trial_counts();
    one_batch(&trial, &asker, &answerer, &times);
  }
  trial_say(&trial, &times);
  ends_close(&answerer);
  ends_close(&asker);
  return 0;
}
