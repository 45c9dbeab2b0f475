/* Sets of ends that are waited for together, and their descriptor. */
#include "driver.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/time.h>

#define NOTES 71
#define SPILL 72

/* A set of two receivers, and who writes to them. */
typedef struct desk {
  notebook_t book;
  vil_sender_t *spill;
  vil_receiver_t *spilled;
  vil_waitset_t *set;
} desk_t;

static desk_t desk(void) {
  desk_t desk = {notebook("notes"), NULL, NULL, NULL};
  GOES(vil_sender_open(desk.book.writers, "spill", &desk.spill, NULL));
  GOES(vil_receiver_open(desk.book.readers, "spill", &desk.spilled, NULL));
  GOES(vil_waitset_create(desk.book.readers, &desk.set, NULL));
  GOES(vil_waitset_add(desk.set, desk.book.receiver, NOTES, NULL));
  GOES(vil_waitset_add(desk.set, desk.spilled, SPILL, NULL));
  return desk;
}

static void clear(desk_t *desk) {
  GOES(vil_waitset_close(desk->set));
  GOES(vil_sender_close(desk->spill));
  GOES(vil_receiver_close(desk->spilled));
  put_away(&desk->book);
}

/* The token of a wait that answers `expected`. */
static uint64_t waited(vil_waitset_t *set, uint64_t timeout_ns, vil_status_t expected) {
  uint64_t token = 0;
  SAYS(expected, vil_waitset_wait(set, timeout_ns, &token));
  return token;
}

static void take_note(vil_receiver_t *receiver, uint64_t number) {
  vil_message_t message = read_note(receiver, number);
  GOES(vil_receiver_release(receiver, &message));
}

static void a_set_answers_the_token_of_a_member(void) {
  desk_t at = desk();
  vil_sender_t *pen = at.book.sender;
  waited(at.set, 0, VIL_EMPTY);
  waited(at.set, SHORT_NS, VIL_TIMEOUT);
  write_note(pen, 1);
  CHECK(waited(at.set, LONG_NS, VIL_OK) == NOTES && waited(at.set, LONG_NS, VIL_OK) == NOTES);
  write_note(at.spill, 2);
  CHECK(waited(at.set, LONG_NS, VIL_OK) == SPILL); /* it was not answered last */
  CHECK(waited(at.set, LONG_NS, VIL_OK) == NOTES);
  take_note(at.book.receiver, 1);
  take_note(at.spilled, 2);
  SAYS(VIL_E_ARGUMENT, vil_waitset_add(at.set, at.spilled, 3, NULL)); /* twice */
  SAYS(VIL_E_ARGUMENT, vil_waitset_add_sender(at.set, pen, 3, NULL)); /* of another world handle */
  GOES(vil_waitset_remove(at.set, at.spilled));
  SAYS(VIL_E_NOT_FOUND, vil_waitset_remove(at.set, at.spilled));
  write_note(at.spill, 3);
  waited(at.set, 0, VIL_EMPTY);
  GOES(vil_waitset_remove(at.set, at.book.receiver));
  waited(at.set, LONG_NS, VIL_E_ARGUMENT); /* nobody is left */
  vil_waitset_t *pens = NULL;
  GOES(vil_waitset_create(at.book.writers, &pens, NULL));
  GOES(vil_waitset_add_sender(pens, pen, 9, NULL));
  CHECK(waited(pens, LONG_NS, VIL_OK) == 9);
  for (uint64_t i = 0; i < 4; i++) write_note(pen, i);
  waited(pens, SHORT_NS, VIL_TIMEOUT);
  take_note(at.book.receiver, 0);
  CHECK(waited(pens, LONG_NS, VIL_OK) == 9);
  GOES(vil_waitset_remove_sender(pens, pen));
  GOES(vil_waitset_close(pens));
  clear(&at);
}

static void a_closed_member_leaves(void) {
  desk_t at = desk();
  GOES(vil_receiver_close(at.spilled));
  write_note(at.book.sender, 1);
  CHECK(waited(at.set, LONG_NS, VIL_OK) == NOTES);
  SAYS(VIL_E_HANDLE, vil_waitset_remove(at.set, at.spilled)); /* it has left */
  GOES(vil_receiver_open(at.book.readers, "spill", &at.spilled, NULL));
  GOES(vil_waitset_add(at.set, at.spilled, SPILL, NULL));
  write_note(at.spill, 2);
  CHECK(waited(at.set, LONG_NS, VIL_OK) == SPILL);
  GOES(vil_waitset_close(at.set));
  take_note(at.spilled, 2); /* the members stay open */
  GOES(vil_waitset_create(at.book.readers, &at.set, NULL));
  clear(&at);
}

static void *wait_elsewhere(void *argument) {
  desk_t *at = (desk_t *)argument;
  waited(at->set, 0, VIL_E_BUSY);
  GOES(vil_waitset_move_to_thread(at->set));
  waited(at->set, 0, VIL_E_BUSY); /* the members are the other thread's still */
  GOES(vil_receiver_move_to_thread(at->book.receiver));
  GOES(vil_receiver_move_to_thread(at->spilled));
  waited(at->set, 0, VIL_EMPTY);
  return NULL;
}

static void a_set_belongs_to_a_thread(void) {
  desk_t at = desk();
  in_thread(wait_elsewhere, &at);
  waited(at.set, 0, VIL_E_BUSY);
  SAYS(VIL_E_BUSY, vil_waitset_close(at.set));
  GOES(vil_waitset_move_to_thread(at.set));
  GOES(vil_receiver_move_to_thread(at.book.receiver));
  GOES(vil_receiver_move_to_thread(at.spilled));
  waited(at.set, 0, VIL_EMPTY);
  clear(&at);
}

static vil_waitset_t *to_cancel;

static void cancel_on_signal(int number) {
  (void)number;
  (void)vil_waitset_cancel(to_cancel);
}

static void *cancel(void *argument) {
  GOES(vil_waitset_cancel((vil_waitset_t *)argument));
  return NULL;
}

static void a_set_is_cancelled_from_a_thread_and_a_signal_handler(void) {
  desk_t at = desk();
  vil_message_t message;
  uint64_t token;
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, cancel, at.set) == 0);
  waited(at.set, VIL_FOREVER, VIL_CANCELLED); /* in progress, or to come */
  CHECK(pthread_join(thread, NULL) == 0);
  waited(at.set, SHORT_NS, VIL_TIMEOUT);
  SAYS(VIL_TIMEOUT, vil_receiver_receive(at.spilled, SHORT_NS, &message)); /* a member's own waits go on */
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = cancel_on_signal;
  CHECK(sigaction(SIGALRM, &action, NULL) == 0);
  to_cancel = at.set;
  struct itimerval every = {{0, 10000}, {0, 10000}}, never = {{0, 0}, {0, 0}};
  CHECK(setitimer(ITIMER_REAL, &every, NULL) == 0);
  vil_status_t status = VIL_INTERRUPTED;
  while (status == VIL_INTERRUPTED) status = vil_waitset_wait(at.set, VIL_FOREVER, &token);
  CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
  SAYS(VIL_CANCELLED, status);
  while (vil_waitset_wait(at.set, 0, &token) == VIL_CANCELLED) continue; /* of alarms since */
  GOES(vil_world_cancel(at.book.readers));
  waited(at.set, VIL_FOREVER, VIL_CANCELLED);
  waited(at.set, 0, VIL_EMPTY);
  clear(&at);
}

static int is_readable(int fd, int timeout_ms) {
  struct pollfd polled = {fd, POLLIN, 0};
  const int count = poll(&polled, 1, timeout_ms);
  CHECK(count >= 0 && (polled.revents & ~POLLIN) == 0);
  return count;
}

static void a_descriptor_is_readable_while_there_is_something(void) {
  desk_t at = desk();
  int fd = 0, again = 0;
  GOES(vil_waitset_fd(at.set, &fd, NULL));
  GOES(vil_waitset_fd(at.set, &again, NULL));
  CHECK(fd >= 0 && fd == again && (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  waited(at.set, 0, VIL_EMPTY);
  for (uint64_t i = 0; i < 20; i++) {
    vil_message_t message;
    CHECK(!is_readable(fd, 0));
    write_note(at.book.sender, i);
    CHECK(is_readable(fd, 20000));
    CHECK(waited(at.set, 0, VIL_OK) == NOTES);
    take_note(at.book.receiver, i);
    SAYS(VIL_EMPTY, vil_receiver_receive(at.book.receiver, 0, &message)); /* and that was all of it */
  }
  GOES(vil_sender_close(at.spill));
  CHECK(is_readable(fd, 20000) && waited(at.set, 0, VIL_PEER_GONE) == SPILL);
  waited(at.set, 0, VIL_EMPTY);
  CHECK(!is_readable(fd, 0));
  GOES(vil_sender_open(at.book.writers, "spill", &at.spill, NULL));
  vil_waitset_t *empty = NULL;
  GOES(vil_waitset_create(at.book.readers, &empty, NULL));
  SAYS(VIL_E_ARGUMENT, vil_waitset_fd(empty, &again, NULL));
  CHECK(again == -1);
  GOES(vil_waitset_add(empty, at.spilled, 1, NULL));
  SAYS(VIL_E_STATE, vil_waitset_fd(empty, &again, NULL)); /* told of by the other set */
  GOES(vil_waitset_close(empty));
  clear(&at);
  CHECK(fcntl(fd, F_GETFD) == -1); /* it went with the set */
}

/* A fork child has neither descriptor nor thread, may close what it got, and does not disturb its parent. */
static void a_fork_child_has_no_set(void) {
  desk_t at = desk();
  int fd = -1, unused = 0;
  uint64_t token;
  GOES(vil_waitset_fd(at.set, &fd, NULL));
  waited(at.set, 0, VIL_EMPTY);
  const pid_t child = fork();
  if (child == 0) {
    CHECK(fcntl(fd, F_GETFD) == -1);
    SAYS(VIL_E_FORKED, vil_waitset_wait(at.set, 0, &token));
    SAYS(VIL_E_FORKED, vil_waitset_fd(at.set, &unused, NULL));
    SAYS(VIL_E_FORKED, vil_waitset_cancel(at.set));
    SAYS(VIL_E_FORKED, vil_waitset_add(at.set, at.spilled, 1, NULL));
    GOES(vil_waitset_close(at.set));
    GOES(vil_receiver_close(at.spilled));
    exit(0);
  }
  CHECK(child > 0 && ended(child) == 0);
  waited(at.set, SHORT_NS, VIL_TIMEOUT); /* not cancelled */
  CHECK(!is_readable(fd, 0));
  write_note(at.spill, 4);
  CHECK(is_readable(fd, 20000) && waited(at.set, 0, VIL_OK) == SPILL);
  take_note(at.spilled, 4);
  clear(&at);
}

static const rule_t rules[] = {
    {"C-WAIT-8", a_set_answers_the_token_of_a_member},
    {"C-WAIT-9", a_closed_member_leaves},
    {"C-WAIT-10", a_set_is_cancelled_from_a_thread_and_a_signal_handler},
    {"C-WAIT-11", a_descriptor_is_readable_while_there_is_something},
    {"C-THREAD-7", a_set_belongs_to_a_thread},
    {"C-FORK-5", a_fork_child_has_no_set},
};

RULES(rules)
