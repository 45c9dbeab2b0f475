/* Two processes stream messages to each other and back while the kernel kills whoever makes a system call:
   `confined LANE [call|sleep]`, LANE is slots or queue. With a second argument the left one makes a call in the middle of
   the stream, or waits for a message when there is none, so that the kernel is seen to kill. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exchange.h"

#define WARM_UP 4096
#define MESSAGES 20000
/* Messages under way at once: less than a ring holds, so that nobody ever waits for room. */
#define WINDOW 128
/* What a process answers that cannot be confined here, and how long one may run. */
#define UNCONFINED 77
#define DEADLINE_S 120

/* Shared by the two and their parent. */
typedef struct board {
  int arrived;
  uint64_t messages[2];
} board_t;

static board_t *board;

static void meet(int total) {
  __atomic_fetch_add(&board->arrived, 1, __ATOMIC_ACQ_REL);
  while (__atomic_load_n(&board->arrived, __ATOMIC_ACQUIRE) < total) sched_yield();
}

/* From here on every system call kills, but for the exit and, so that a failure can be told, writing to stderr. */
static void confine(void) {
  struct sock_filter rules[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 3, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, STDERR_FILENO, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  };
  const struct sock_fprog filter = {sizeof rules / sizeof rules[0], rules};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) != 0) _exit(UNCONFINED);
  if (prctl(PR_SET_SECCOMP, (unsigned long)SECCOMP_MODE_FILTER, &filter, 0L, 0L) != 0) _exit(UNCONFINED);
}

/* Sends and takes back messages `from` to `to`, polling. */
static void lead(const ends_t *ends, uint64_t from, uint64_t to, bool is_calling) {
  uint64_t out = from, back = from;
  while (back < to) {
    while (out < to && out - back < WINDOW) put(ends, out++);
    while (back < out && get(ends, back)) back++;
    if (is_calling && back >= from + (to - from) / 2) {
      syscall(SYS_getppid);
      is_calling = false;
    }
    board->messages[0] = back;
  }
}

/* Sends back what comes, polling. */
static void follow(const ends_t *ends, uint64_t from, uint64_t to) {
  for (uint64_t number = from; number < to; board->messages[1] = number) {
    if (get(ends, number)) put(ends, number++);
  }
}

static void left(const char *lane, const char *how) {
  ends_t ends = {NULL, NULL, NULL, NULL, NULL};
  const home_t at = home(lane, &stream_left_contract);
  produce(&ends, &at, lane, 0);
  consume(&ends, &at, "slots_back", 1);
  meet(2);
  lead(&ends, 0, WARM_UP, false);
  meet(4);
  confine();
  lead(&ends, WARM_UP, WARM_UP + MESSAGES, how != NULL && strcmp(how, "call") == 0);
  if (how != NULL && strcmp(how, "sleep") == 0) {
    vil_message_t message;
    vil_block_t block;
    if (ends.receiver != NULL) vil_receiver_receive(ends.receiver, 1000000, &message);
    else vil_queue_pop(ends.consumer, 1000000, &block);
  }
}

static void right(const char *lane) {
  ends_t ends = {NULL, NULL, NULL, NULL, NULL};
  const home_t at = home(lane, &stream_right_contract);
  consume(&ends, &at, lane, 0);
  produce(&ends, &at, "slots_back", 1);
  meet(2);
  follow(&ends, 0, WARM_UP);
  meet(4);
  confine();
  follow(&ends, WARM_UP, WARM_UP + MESSAGES);
}

/* How a process ended: its exit code, or minus the signal that killed it. */
static int how_ended(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int main(int argc, char **argv) {
  const char *lane = argc > 1 ? argv[1] : "slots", *how = argc > 2 ? argv[2] : NULL;
  static const char *const names[2] = {"left", "right"};
  pid_t pids[2];
  board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (board == MAP_FAILED) return 1;
  for (int i = 0; i < 2; i++) {
    pids[i] = fork();
    if (pids[i] < 0) return 1;
    if (pids[i] == 0) {
      alarm(DEADLINE_S);
      if (i == 0) left(lane, how);
      else right(lane);
      _exit(0);
    }
  }
  for (int i = 0; i < 2; i++) {
    int status = 0;
    const pid_t pid = wait(&status);
    const int one = pid == pids[1];
    if (status != 0 && i == 0) kill(pids[1 - one], SIGKILL);
    printf("%s.ended %d\n%s.messages %llu\n", names[one], how_ended(status), names[one],
           (unsigned long long)(board->messages[one] < WARM_UP ? 0 : board->messages[one] - WARM_UP));
  }
  return 0;
}
