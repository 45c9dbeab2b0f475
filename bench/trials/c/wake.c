/* Round trips of two processes that wait for each other: through libvil.so, and by the kernel's own means, an eventfd each way
   or a Unix socket of packets. `--rest US`: each side rests before it sends, so that every message meets a sleeper, and the
   rests are not counted: a sample is the time of the way there and of the way back. Without it they go back to back. */
#define _GNU_SOURCE
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "ends.h"

/* Trips before anything is counted. */
#define WARM_UP 200

/* What goes there and back: its number, when it was sent, and what it carries beside. */
typedef struct letter {
  uint64_t number, sent, beside;
} letter_t;

/* One side, by whatever it sends. */
typedef struct side {
  const trial_t *trial;
  ends_t ends;          /* vil-c */
  int reads, writes;    /* eventfd, seqpacket */
  bool is_vil, is_event;
  size_t rest_us;
} side_t;

/* An eventfd carries a number and nothing else: moments lie in memory that the two share, the even one of who asks. */
static volatile uint64_t (*moments)[2];

static side_t side_of(const trial_t *trial) {
  side_t side;
  memset(&side, 0, sizeof side);
  side.trial = trial;
  side.is_vil = strcmp(trial->subject, "vil-c") == 0, side.is_event = strcmp(trial->subject, "eventfd") == 0;
  if (!side.is_vil && !side.is_event && strcmp(trial->subject, "seqpacket") != 0) {
    fprintf(stderr, "no trial of %s in %s\n", trial->subject, trial->benchmark);
    exit(3);
  }
  side.rest_us = trial_number(trial, "rest", 0);
  return side;
}

static void rest(const side_t *side) {
  if (side->rest_us > 0) usleep((useconds_t)side->rest_us);
}

static void send_by_vil(const side_t *side, letter_t letter) {
  vil_loan_t loan;
  TRIAL_GOES(vil_sender_loan(side->ends.senders[0], &loan));
  memcpy(loan.data, &letter, sizeof letter);
  TRIAL_GOES(vil_sender_publish(side->ends.senders[0], &loan));
}

static letter_t take_by_vil(const side_t *side) {
  letter_t letter;
  vil_message_t message;
  TRIAL_GOES(vil_receiver_receive(side->ends.receivers[0], UINT64_C(10000000000), &message));
  memcpy(&letter, message.data, sizeof letter);
  TRIAL_GOES(vil_receiver_release(side->ends.receivers[0], &message));
  return letter;
}

static void send_letter(const side_t *side, int who, uint64_t number, uint64_t beside) {
  const letter_t letter = {number, trial_now(), beside};
  if (side->is_vil) {
    send_by_vil(side, letter);
    return;
  }
  const uint64_t one = 1;
  if (side->is_event) moments[who][0] = letter.sent, moments[who][1] = beside;
  const void *data = side->is_event ? (const void *)&one : (const void *)&letter;
  const size_t size = side->is_event ? sizeof one : sizeof letter;
  if (write(side->writes, data, size) != (ssize_t)size) TRIAL_ENDS("write: %s", strerror(errno));
}

/* `number` is what must come. */
static letter_t take_letter(const side_t *side, int from, uint64_t number) {
  letter_t letter = {number, 0, 0};
  if (side->is_vil) {
    letter = take_by_vil(side);
  } else {
    uint64_t one;
    void *data = side->is_event ? (void *)&one : (void *)&letter;
    const size_t size = side->is_event ? sizeof one : sizeof letter;
    if (read(side->reads, data, size) != (ssize_t)size) TRIAL_ENDS("read: %s", strerror(errno));
    if (side->is_event) letter.sent = moments[from][0], letter.beside = moments[from][1];
  }
  if (letter.number != number) TRIAL_ENDS("letter %" PRIu64 " instead of %" PRIu64, letter.number, number);
  return letter;
}

static void answer(side_t *side) {
  const uint64_t trips = WARM_UP + side->trial->messages;
  trial_pin(side->trial->core_b);
  if (side->is_vil) {
    side->ends = ends_attach(side->trial, side->trial->world, false);
    trial_ready();
  }
  for (uint64_t trip = 0; trip < trips; trip++) {
    const letter_t letter = take_letter(side, 0, trip);
    const uint64_t there = trial_now() - letter.sent;
    rest(side);
    send_letter(side, 1, trip, there);
  }
  if (side->is_vil) ends_close(&side->ends);
}

static void ask(side_t *side) {
  const trial_t *trial = side->trial;
  trial_times_t times = trial_times(trial, 0, 1);
  for (uint64_t trip = 0; trip < WARM_UP + trial->messages; trip++) {
    rest(side);
    send_letter(side, 0, trip, 0);
    const letter_t letter = take_letter(side, 1, trip);
    const uint64_t ticks = trial_now() - letter.sent + letter.beside;
    if (trip >= WARM_UP) times.ns[trip - WARM_UP] = (double)ticks * trial->tick_ns;
  }
  trial_say(trial, &times);
}

static void by_vil(side_t *side) {
  const char *name = trial_world_name();
  trial_pin(side->trial->core_a);
  side->ends = ends_create(side->trial, name, true);
  const trial_peer_t peer = trial_start_peer(side->trial, "answer", name);
  TRIAL_GOES(vil_world_unlink(name, NULL, NULL));
  ask(side);
  trial_end_peer(&peer);
  ends_close(&side->ends);
}

/* What the kernel offers needs no name: the other process is a child that has it already. */
static void by_kernel(side_t *side) {
  int there[2], back[2];
  if (side->is_event) {
    there[0] = there[1] = eventfd(0, 0), back[0] = back[1] = eventfd(0, 0);
    if (there[0] < 0 || back[0] < 0) TRIAL_ENDS("eventfd: %s", strerror(errno));
  } else {
    int both[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, both) != 0) TRIAL_ENDS("socketpair: %s", strerror(errno));
    there[1] = back[0] = both[0], there[0] = back[1] = both[1];
  }
  void *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) TRIAL_ENDS("mmap: %s", strerror(errno));
  moments = (volatile uint64_t(*)[2])shared;
  const pid_t child = fork();
  if (child < 0) TRIAL_ENDS("fork: %s", strerror(errno));
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    side->reads = there[0], side->writes = back[1];
    answer(side);
    _exit(0);
  }
  side->reads = back[0], side->writes = there[1];
  trial_pin(side->trial->core_a);
  ask(side);
  const trial_peer_t peer = {child, 0};
  trial_end_peer(&peer);
}

int main(int argc, char **argv) {
  const trial_t trial = trial_of(argc, argv);
  side_t side = side_of(&trial);
  if (trial.role != NULL) answer(&side);
  else if (side.is_vil) by_vil(&side);
  else by_kernel(&side);
  return 0;
}
