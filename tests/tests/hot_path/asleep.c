/* Two processes send each other a message in turn, each only when the other sleeps: `asleep TRIPS [shout]`. Counts the system
   calls that waiting and waking make; with `shout` each message is followed by a wake-up for nobody, so that the counting is
   seen to count. The definitions here take the place of the C library's in libvil.so too, and pass each call on. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "exchange.h"

/* Longer than any trip takes, and how long both may run. */
#define PATIENCE_NS UINT64_C(20000000000)
#define DEADLINE_S 100
/* The first sleep of a wait is no longer than this. */
#define NAP_NS 50000

enum { WAKES, WAITS, NAPS_OVER, SLICES_OVER, BARRIERS, YIELDS, ASKS, OTHERS, KINDS };
static const char *const kinds[KINDS] = {"wakes", "waits", "naps_over", "slices_over", "barriers", "yields", "asks", "others"};

/* Shared by the two and their parent. */
typedef struct board {
  pid_t pids[2];
  int is_waiting[2], is_over[2];
  int64_t counts[2][KINDS];
} board_t;

static board_t *board;
static int64_t counts[KINDS];
static bool is_counting;

static void count(int kind) {
  if (is_counting) counts[kind]++;
}

static void count_futex(const long *words, long answer, int why) {
  const long operation = words[1] & FUTEX_CMD_MASK;
  if (operation == FUTEX_WAKE) count(WAKES);
  if (operation != FUTEX_WAIT) return;
  const struct timespec *time = (const struct timespec *)words[3];
  const bool is_nap = time != NULL && time->tv_sec == 0 && time->tv_nsec <= NAP_NS;
  count(WAITS);
  if (answer != 0 && why == ETIMEDOUT) count(is_nap ? NAPS_OVER : SLICES_OVER);
}

long syscall(long number, ...) {
  static long (*next)(long, ...);
  long words[6];
  va_list list;
  va_start(list, number);
  for (int i = 0; i < 6; i++) words[i] = va_arg(list, long);
  va_end(list);
  if (next == NULL) *(void **)(&next) = dlsym(RTLD_NEXT, "syscall");
  const long answer = next(number, words[0], words[1], words[2], words[3], words[4], words[5]);
  const int why = errno;
  if (number == SYS_futex) count_futex(words, answer, why);
  else if (number == SYS_membarrier) count(BARRIERS);
  else if (number == SYS_pidfd_open) count(ASKS); /* who lives, once in a slice */
  else if (number != SYS_sched_yield) count(OTHERS);
  errno = why;
  return answer;
}

int sched_yield(void) {
  count(YIELDS);
  return (int)syscall(SYS_sched_yield);
}

/* Is the other one asleep in its wait? */
static bool sleeps(int who) {
  char path[40], text[512];
  if (!__atomic_load_n(&board->is_waiting[who], __ATOMIC_ACQUIRE)) return false;
  snprintf(path, sizeof path, "/proc/%d/stat", (int)__atomic_load_n(&board->pids[who], __ATOMIC_ACQUIRE));
  const int file = open(path, O_RDONLY);
  const ssize_t size = file < 0 ? -1 : read(file, text, sizeof text - 1);
  if (file >= 0) close(file);
  if (size <= 0) return false;
  text[size] = '\0';
  const char *name = strrchr(text, ')');
  return name != NULL && name[1] == ' ' && name[2] == 'S';
}

static void send_to_sleeper(const ends_t *ends, int other, uint64_t number, bool shouts) {
  static uint32_t nobody;
  while (!sleeps(other)) sched_yield();
  is_counting = true;
  put(ends, number);
  if (shouts) syscall(SYS_futex, &nobody, FUTEX_WAKE, 1, 0L, 0L, 0L);
  is_counting = false;
}

static void take_asleep(const ends_t *ends, int who) {
  vil_message_t message;
  __atomic_store_n(&board->is_waiting[who], 1, __ATOMIC_RELEASE);
  is_counting = true;
  GOES(vil_receiver_receive(ends->receiver, PATIENCE_NS, &message));
  is_counting = false;
  __atomic_store_n(&board->is_waiting[who], 0, __ATOMIC_RELEASE);
  GOES(vil_receiver_release(ends->receiver, &message));
}

static void run(int who, uint64_t trips, bool shouts) {
  ends_t ends = {NULL, NULL, NULL, NULL, NULL};
  const home_t at = home("slots", who == 0 ? &stream_left_contract : &stream_right_contract);
  produce(&ends, &at, who == 0 ? "slots" : "slots_back", 0);
  consume(&ends, &at, who == 0 ? "slots_back" : "slots", 0);
  __atomic_store_n(&board->pids[who], getpid(), __ATOMIC_RELEASE);
  for (uint64_t trip = 0; trip < trips; trip++) {
    if (who == 0) send_to_sleeper(&ends, 1, trip, shouts);
    take_asleep(&ends, who);
    if (who == 1) send_to_sleeper(&ends, 0, trip, shouts);
  }
  memcpy(board->counts[who], counts, sizeof counts);
  /* Nobody leaves while the other may wait: that would be told as a loss. */
  __atomic_store_n(&board->is_over[who], 1, __ATOMIC_RELEASE);
  while (!__atomic_load_n(&board->is_over[1 - who], __ATOMIC_ACQUIRE)) sched_yield();
}

int main(int argc, char **argv) {
  const uint64_t trips = argc > 1 ? (uint64_t)strtoul(argv[1], NULL, 10) : 100;
  static const char *const names[2] = {"left", "right"};
  int worst = 0;
  board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (board == MAP_FAILED) return 1;
  for (int i = 0; i < 2; i++) {
    const pid_t pid = fork();
    if (pid < 0) return 1;
    if (pid == 0) {
      alarm(DEADLINE_S);
      run(i, trips, argc > 2);
      _exit(0);
    }
  }
  for (int i = 0; i < 2; i++) {
    int status = 0;
    wait(&status);
    if (status != 0) worst = 1;
  }
  for (int i = 0; i < 2; i++) {
    for (int kind = 0; kind < KINDS; kind++) {
      printf("%s.%s %lld\n", names[i], kinds[kind], (long long)board->counts[i][kind]);
    }
  }
  return worst;
}
