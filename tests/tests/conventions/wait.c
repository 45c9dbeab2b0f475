/* Waiting, and what ends it. */
#include "driver.h"

#include <sys/time.h>

static void *write_one(void *argument) {
  vil_sender_t *sender = (vil_sender_t *)argument;
  GOES(vil_sender_move_to_thread(sender));
  write_note(sender, 1);
  return NULL;
}

static void timeouts_count_from_the_call(void) {
  notebook_t book = notebook("notes");
  vil_message_t message;
  pthread_t writer;
  SAYS(VIL_EMPTY, vil_receiver_receive(book.receiver, 0, &message));
  for (uint64_t timeout = 1; timeout <= SHORT_NS; timeout *= 10) {
    const uint64_t start = now_ns();
    SAYS(VIL_TIMEOUT, vil_receiver_receive(book.receiver, timeout, &message));
    CHECK(now_ns() - start >= timeout);
  }
  CHECK(pthread_create(&writer, NULL, write_one, book.sender) == 0);
  GOES(vil_receiver_receive(book.receiver, VIL_FOREVER, &message));
  GOES(vil_receiver_release(book.receiver, &message));
  CHECK(pthread_join(writer, NULL) == 0);
  GOES(vil_sender_move_to_thread(book.sender));
  put_away(&book);
}

static vil_loan_t loaned(vil_sender_t *sender, uint64_t number) {
  vil_loan_t loan;
  GOES(vil_sender_loan(sender, &loan));
  ((notebook_note_t *)loan.data)->number = number;
  ((notebook_note_t *)loan.data)->value = ~number;
  return loan;
}

static void a_full_ring_does_as_its_backpressure_says(void) {
  notebook_t notes = notebook("notes"); /* block for 50 ms, four cells */
  for (uint64_t i = 0; i < 4; i++) write_note(notes.sender, i);
  vil_loan_t loan = loaned(notes.sender, 4);
  const uint64_t start = now_ns();
  SAYS(VIL_TIMEOUT, vil_sender_publish(notes.sender, &loan));
  CHECK(now_ns() - start >= UINT64_C(50000000) && loan.data != NULL);
  GOES(vil_sender_discard(notes.sender, &loan));
  vil_sender_t *spill = NULL, *drops = NULL; /* two cells each */
  vil_receiver_t *nobody = NULL;
  GOES(vil_sender_open(notes.writers, "spill", &spill, NULL));
  write_note(spill, 0), write_note(spill, 1);
  loan = loaned(spill, 2);
  SAYS(VIL_FULL, vil_sender_publish(spill, &loan));
  CHECK(loan.data != NULL);
  GOES(vil_sender_discard(spill, &loan));
  GOES(vil_receiver_open(notes.readers, "drops", &nobody, NULL));
  GOES(vil_sender_open(notes.writers, "drops", &drops, NULL));
  write_note(drops, 0), write_note(drops, 1);
  loan = loaned(drops, 2);
  SAYS(VIL_DROPPED, vil_sender_publish(drops, &loan));
  CHECK(loan.data == NULL);
  GOES(vil_sender_close(spill));
  GOES(vil_sender_close(drops));
  GOES(vil_receiver_close(nobody));
  put_away(&notes);
}

static void *cancel(void *argument) {
  GOES(vil_world_cancel((vil_world_t *)argument));
  return NULL;
}

static void cancel_ends_one_wait_of_each_end(void) {
  notebook_t book = notebook("notes");
  vil_receiver_t *other = NULL;
  vil_message_t message;
  pthread_t thread;
  GOES(vil_receiver_open(book.readers, "spill", &other, NULL));
  CHECK(pthread_create(&thread, NULL, cancel, book.readers) == 0);
  SAYS(VIL_CANCELLED, vil_receiver_receive(book.receiver, VIL_FOREVER, &message)); /* in progress, or to come */
  CHECK(pthread_join(thread, NULL) == 0);
  SAYS(VIL_TIMEOUT, vil_receiver_receive(book.receiver, SHORT_NS, &message));
  SAYS(VIL_CANCELLED, vil_receiver_receive(other, VIL_FOREVER, &message));
  SAYS(VIL_TIMEOUT, vil_receiver_receive(other, SHORT_NS, &message));
  for (uint64_t i = 0; i < 4; i++) write_note(book.sender, i);
  vil_loan_t loan = loaned(book.sender, 4);
  SAYS(VIL_TIMEOUT, vil_sender_publish(book.sender, &loan)); /* of another world handle: not cancelled */
  GOES(vil_world_cancel(book.writers));
  SAYS(VIL_CANCELLED, vil_sender_publish(book.sender, &loan));
  SAYS(VIL_TIMEOUT, vil_sender_publish(book.sender, &loan));
  GOES(vil_sender_discard(book.sender, &loan));
  GOES(vil_receiver_close(other));
  put_away(&book);
}

static vil_world_t *to_cancel;

static void cancel_on_signal(int number) {
  (void)number;
  (void)vil_world_cancel(to_cancel);
}

static void ignore_signal(int number) { (void)number; }

static void on_signal(int number, void (*handler)(int), int flags) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  action.sa_flags = flags;
  CHECK(sigaction(number, &action, NULL) == 0);
}

/* SIGALRM every 10 ms: however late the wait begins, one comes while it lasts. */
static void alarms(int on) {
  struct itimerval every = {{0, on * 10000}, {0, on * 10000}};
  CHECK(setitimer(ITIMER_REAL, &every, NULL) == 0);
}

static void a_signal_handler_may_cancel(void) {
  notebook_t book = notebook("notes");
  vil_message_t message;
  vil_status_t status = VIL_INTERRUPTED;
  to_cancel = book.readers;
  on_signal(SIGALRM, cancel_on_signal, 0);
  alarms(1);
  while (status == VIL_INTERRUPTED) status = vil_receiver_receive(book.receiver, VIL_FOREVER, &message);
  alarms(0);
  SAYS(VIL_CANCELLED, status);
  put_away(&book);
}

static void a_signal_handler_interrupts_a_wait(void) {
  static const int flags[] = {0, SA_RESTART};
  notebook_t book = notebook("notes");
  vil_message_t message;
  for (int i = 0; i < 2; i++) {
    on_signal(SIGALRM, ignore_signal, flags[i]);
    alarms(1);
    SAYS(VIL_INTERRUPTED, vil_receiver_receive(book.receiver, VIL_FOREVER, &message));
    SAYS(VIL_INTERRUPTED, vil_receiver_receive(book.receiver, LONG_NS, &message));
    alarms(0);
  }
  put_away(&book);
}

static void as_dying_writer(void) {
  vil_world_t *writers = attached(&notebook_writer_contract);
  vil_sender_t *sender = NULL;
  GOES(vil_sender_open(writers, "notes", &sender, NULL));
  write_note(sender, 0);
  write_note(sender, 1);
  raise(SIGKILL);
}

static void a_lost_peer_is_said_once(void) {
  vil_world_t *readers = attached(&notebook_reader_contract);
  vil_receiver_t *receiver = NULL;
  vil_message_t message;
  GOES(vil_receiver_open(readers, "notes", &receiver, NULL));
  for (int loss = 0; loss < 2; loss++) {
    const pid_t writer = started("as-dying-writer");
    for (uint64_t i = 0; i < 2; i++) {
      message = read_note(receiver, i);
      GOES(vil_receiver_release(receiver, &message));
    }
    SAYS(VIL_PEER_GONE, vil_receiver_receive(receiver, VIL_FOREVER, &message));
    SAYS(VIL_TIMEOUT, vil_receiver_receive(receiver, SHORT_NS, &message));
    CHECK(ended(writer) == -SIGKILL);
  }
  vil_world_t *writers = attached(&notebook_writer_contract);
  vil_sender_t *sender = NULL;
  GOES(vil_sender_open(writers, "notes", &sender, NULL));
  SAYS(VIL_TIMEOUT, vil_receiver_receive(receiver, SHORT_NS, &message));
  GOES(vil_sender_close(sender));
  SAYS(VIL_PEER_GONE, vil_receiver_receive(receiver, VIL_FOREVER, &message));
  SAYS(VIL_TIMEOUT, vil_receiver_receive(receiver, SHORT_NS, &message));
  GOES(vil_world_close(writers));
  GOES(vil_receiver_close(receiver));
  GOES(vil_world_close(readers));
}

static void the_first_with_a_message_is_answered(void) {
  notebook_t book = notebook("notes");
  vil_receiver_t *several[2] = {NULL, book.receiver};
  vil_sender_t *spill = NULL;
  vil_message_t message;
  size_t index = 77;
  GOES(vil_receiver_open(book.readers, "spill", &several[0], NULL));
  GOES(vil_sender_open(book.writers, "spill", &spill, NULL));
  SAYS(VIL_TIMEOUT, vil_receiver_wait_any(several, 2, SHORT_NS, &index));
  write_note(book.sender, 1);
  GOES(vil_receiver_wait_any(several, 2, LONG_NS, &index));
  CHECK(index == 1);
  write_note(spill, 2);
  GOES(vil_receiver_wait_any(several, 2, LONG_NS, &index)); /* both have one */
  CHECK(index == 0);
  message = read_note(several[0], 2);
  GOES(vil_receiver_release(several[0], &message));
  message = read_note(several[1], 1);
  GOES(vil_receiver_release(several[1], &message));
  SAYS(VIL_E_ARGUMENT, vil_receiver_wait_any(several, 0, 0, &index));
  GOES(vil_receiver_close(several[0]));
  GOES(vil_sender_close(spill));
  put_away(&book);
}

static const rule_t rules[] = {
    {"C-WAIT-1", timeouts_count_from_the_call},
    {"C-WAIT-2", a_full_ring_does_as_its_backpressure_says},
    {"C-WAIT-3", cancel_ends_one_wait_of_each_end},
    {"C-WAIT-4", a_signal_handler_may_cancel},
    {"C-WAIT-5", a_signal_handler_interrupts_a_wait},
    {"C-WAIT-6", a_lost_peer_is_said_once},
    {"C-WAIT-7", the_first_with_a_message_is_answered},
    {"as-dying-writer", as_dying_writer},
};

RULES(rules)
