/* The world of a trial and its ends in C: the asker sends by `there_0` and so on and receives by `back`, the answerer the
   other way. The program comes from the conductor. */
#ifndef ENDS_H
#define ENDS_H

#include "trial.h"

/* The ends of one side: no more room than they need, because a trial's own memory is measured with libvil's. */
typedef struct ends {
  vil_world_t *world;
  vil_sender_t **senders;
  vil_receiver_t **receivers;
  size_t sender_count, receiver_count;
} ends_t;

static inline vil_contract_t ends_contract(const char *process) {
  vil_contract_t contract;
  memset(&contract, 0, sizeof contract);
  contract.struct_size = sizeof contract;
  contract.generator_level = 1;
  contract.program = "exchange";
  contract.process = process;
  return contract;
}

static inline void ends_open(const trial_t *trial, ends_t *ends, bool is_asker) {
  vil_error_t error;
  const size_t theres = trial->routes;
  const char *way_back = trial_text(trial, "back");
  const size_t backs = way_back != NULL && strcmp(way_back, "no") == 0 ? 0 : 1;
  ends->sender_count = is_asker ? theres : backs, ends->receiver_count = is_asker ? backs : theres;
  ends->senders = (vil_sender_t **)calloc(ends->sender_count + 1, sizeof *ends->senders);
  ends->receivers = (vil_receiver_t **)calloc(ends->receiver_count + 1, sizeof *ends->receivers);
  if (ends->senders == NULL || ends->receivers == NULL) TRIAL_ENDS("no memory for %zu ends", theres + backs);
  for (size_t i = 0; i < theres + backs; i++) {
    char port[32] = "back";
    const bool is_there = i < theres;
    if (is_there) snprintf(port, sizeof port, "there_%zu", i);
    const size_t at = is_there ? i : 0;
    const vil_status_t status = is_there == is_asker ? vil_sender_open(ends->world, port, &ends->senders[at], &error)
                                                     : vil_receiver_open(ends->world, port, &ends->receivers[at], &error);
    if (status != VIL_OK) TRIAL_ENDS("%s: %s", port, error.message);
  }
}

/* The world's program: loaded as generated code loads it, or parsed. */
static inline vil_program_t *ends_program(const trial_t *trial) {
  vil_error_t error;
  vil_program_t *program = NULL;
  const trial_file_t json = trial_program(trial), plan = trial_plan(trial);
  const char *text = (const char *)json.bytes;
  if (vil_program_load(text, json.size, plan.bytes, plan.size, &program, &error) != VIL_OK) TRIAL_ENDS("%s", error.message);
  return program;
}

/* Makes the world and opens the ends of one side. */
static inline ends_t ends_create(const trial_t *trial, const char *name, bool is_asker) {
  ends_t ends;
  vil_error_t error;
  memset(&ends, 0, sizeof ends);
  const vil_contract_t contract = ends_contract(is_asker ? "asker" : "answerer");
  vil_program_t *program = ends_program(trial);
  if (vil_world_create(name, program, &contract, NULL, &ends.world, &error) != VIL_OK) TRIAL_ENDS("%s", error.message);
  TRIAL_GOES(vil_program_close(program));
  ends_open(trial, &ends, is_asker);
  return ends;
}

/* Opens the ends of the other side. */
static inline ends_t ends_attach(const trial_t *trial, const char *name, bool is_asker) {
  ends_t ends;
  vil_error_t error;
  memset(&ends, 0, sizeof ends);
  const vil_contract_t contract = ends_contract(is_asker ? "asker" : "answerer");
  if (vil_world_open(name, &contract, NULL, &ends.world, &error) != VIL_OK) TRIAL_ENDS("%s", error.message);
  ends_open(trial, &ends, is_asker);
  return ends;
}

static inline void ends_close(ends_t *ends) {
  for (size_t i = 0; i < ends->sender_count; i++) TRIAL_GOES(vil_sender_close(ends->senders[i]));
  for (size_t i = 0; i < ends->receiver_count; i++) TRIAL_GOES(vil_receiver_close(ends->receivers[i]));
  TRIAL_GOES(vil_world_close(ends->world));
  free(ends->senders);
  free(ends->receivers);
}

/* Writes into a message of one's own and sends a copy; waits while there is no room. */
static inline void ends_copy(const trial_t *trial, vil_sender_t *sender, uint64_t number) {
  static uint64_t message[64];
  vil_status_t status;
  trial_write(trial, message, number);
  while ((status = vil_sender_send(sender, message, trial->size)) == VIL_FULL) trial_relax(trial);
  if (status != VIL_OK) TRIAL_ENDS("send answers %s", vil_status_name(status));
}

/* Loans, writes, publishes; waits while there is no room. Where the route copies, so does this. */
static inline void ends_send(const trial_t *trial, vil_sender_t *sender, uint64_t number) {
  if (trial->is_copy) {
    ends_copy(trial, sender, number);
    return;
  }
  vil_loan_t loan;
  vil_status_t status;
  while ((status = vil_sender_loan(sender, &loan)) == VIL_FULL) trial_relax(trial);
  if (status != VIL_OK) TRIAL_ENDS("loan answers %s", vil_status_name(status));
  trial_write(trial, loan.data, number);
  while ((status = vil_sender_publish(sender, &loan)) == VIL_FULL) trial_relax(trial);
  if (status != VIL_OK) TRIAL_ENDS("publish answers %s", vil_status_name(status));
}

/* Reads a copy; waits until there is something. */
static inline void ends_read(const trial_t *trial, vil_receiver_t *receiver, uint64_t number) {
  static uint64_t message[64];
  vil_status_t status;
  while ((status = vil_receiver_read(receiver, 0, message, trial->size)) == VIL_EMPTY) trial_relax(trial);
  if (status != VIL_OK) TRIAL_ENDS("read answers %s", vil_status_name(status));
  trial_read(trial, message, number);
}

/* Receives, reads, releases; waits until there is something. Where the route copies, so does this. */
static inline void ends_take(const trial_t *trial, vil_receiver_t *receiver, uint64_t number) {
  if (trial->is_copy) {
    ends_read(trial, receiver, number);
    return;
  }
  vil_message_t message;
  vil_status_t status;
  while ((status = vil_receiver_receive(receiver, 0, &message)) == VIL_EMPTY) trial_relax(trial);
  if (status != VIL_OK) TRIAL_ENDS("receive answers %s", vil_status_name(status));
  trial_read(trial, message.data, number);
  TRIAL_GOES(vil_receiver_release(receiver, &message));
}

/* Writes `count` messages of one's own from `number` on and sends copies by one call. */
static inline void ends_copy_batch(const trial_t *trial, vil_sender_t *sender, uint64_t number, size_t count) {
  static uint64_t messages[TRIAL_CHUNK * 64];
  size_t done = 0;
  for (size_t i = 0; i < count; i++) trial_write(trial, messages + i * trial->size / 8, number + i);
  for (size_t sent = 0; sent < count; sent += done) {
    const vil_status_t status =
        vil_sender_send_batch(sender, messages + sent * trial->size / 8, trial->size, count - sent, &done);
    if (status != VIL_OK && status != VIL_FULL) TRIAL_ENDS("send answers %s", vil_status_name(status));
    if (status == VIL_FULL) trial_relax(trial);
  }
}

/* Reads copies by one call; how many. */
static inline size_t ends_read_batch(const trial_t *trial, vil_receiver_t *receiver, uint64_t number, size_t most) {
  static uint64_t messages[TRIAL_CHUNK * 64];
  vil_status_t status;
  size_t count = 0;
  while ((status = vil_receiver_read_batch(receiver, 0, messages, trial->size, most, &count)) == VIL_EMPTY) {
    trial_relax(trial);
  }
  if (status != VIL_OK) TRIAL_ENDS("read answers %s", vil_status_name(status));
  for (size_t i = 0; i < count; i++) trial_read(trial, messages + i * trial->size / 8, number + i);
  return count;
}

/* The same for `count` messages from `number` on, by calls that move several. */
static inline void ends_send_batch(const trial_t *trial, vil_sender_t *sender, uint64_t number, size_t count) {
  if (trial->is_copy) {
    ends_copy_batch(trial, sender, number, count);
    return;
  }
  vil_loan_t loans[TRIAL_CHUNK];
  vil_status_t status;
  size_t done = 0;
  for (size_t held = 0; held < count; held += done) {
    while ((status = vil_sender_loan_batch(sender, loans + held, count - held, &done)) == VIL_FULL) trial_relax(trial);
    if (status != VIL_OK) TRIAL_ENDS("loans answer %s", vil_status_name(status));
  }
  for (size_t i = 0; i < count; i++) trial_write(trial, loans[i].data, number + i);
  for (size_t sent = 0; sent < count; sent += done) {
    status = vil_sender_publish_batch(sender, loans + sent, count - sent, &done);
    if (status != VIL_OK && status != VIL_FULL) TRIAL_ENDS("publish answers %s", vil_status_name(status));
    if (status == VIL_FULL) trial_relax(trial);
  }
}

/* The same for `most` messages from `number` on at most, by calls that move several; how many. */
static inline size_t ends_take_batch(const trial_t *trial, vil_receiver_t *receiver, uint64_t number, size_t most) {
  if (trial->is_copy) return ends_read_batch(trial, receiver, number, most);
  vil_message_t messages[TRIAL_CHUNK];
  vil_status_t status;
  size_t count = 0, released = 0;
  while ((status = vil_receiver_receive_batch(receiver, 0, messages, most, &count)) == VIL_EMPTY) trial_relax(trial);
  if (status != VIL_OK) TRIAL_ENDS("receive answers %s", vil_status_name(status));
  for (size_t i = 0; i < count; i++) trial_read(trial, messages[i].data, number + i);
  TRIAL_GOES(vil_receiver_release_batch(receiver, messages, count, &released));
  return count;
}

#endif
