/* How long it takes until a first message is possible, through libvil.so: for a process that is there (--from open), for one
   that is started (--from spawn), and for the one that makes the world (--from create). As bench/src/trials/attach.rs. */
#define _GNU_SOURCE
#include "ends.h"

static double *space(size_t count) {
  double *times = (double *)calloc(count + 1, sizeof *times);
  if (times == NULL) TRIAL_ENDS("no memory for %zu times", count);
  return times;
}

static void say(const trial_t *trial, double *ns, size_t count) {
  trial_times_t times;
  memset(&times, 0, sizeof times);
  times.ns = ns, times.count = count, times.counts = trial_counts();
  trial_say(trial, &times);
}

/* The first process, again and again; the first time is not counted. */
static void makes(const trial_t *trial, size_t repeats) {
  double *times = space(repeats);
  for (size_t repeat = 0; repeat <= repeats; repeat++) {
    char name[64];
    snprintf(name, sizeof name, "%s-%zu", trial_world_name(), repeat);
    const uint64_t begun = trial_monotonic_ns();
    ends_t ends = ends_create(trial, name, true);
    const uint64_t made = trial_monotonic_ns();
    if (repeat > 0) times[repeat - 1] = (double)(made - begun);
    ends_close(&ends);
    TRIAL_GOES(vil_world_unlink(name, NULL, NULL));
  }
  say(trial, times, repeats);
}

/* Starts this program again, as the asker, on its own processor: on the one where this side polls it would have to wait for
   its turn. Its only words come through the answer. */
static int start(const trial_t *trial, const char *world, size_t repeat, pid_t *process) {
  int pipe_ends[2];
  char number[24];
  char **words = (char **)calloc((size_t)trial->argc + 7, sizeof *words);
  if (words == NULL || pipe(pipe_ends) != 0) TRIAL_ENDS("the asker cannot be started");
  snprintf(number, sizeof number, "%zu", repeat);
  memcpy(words, trial->argv, (size_t)trial->argc * sizeof *words);
  const char *more[] = {"--role", "asker", "--world", world, "--repeat", number};
  memcpy(words + trial->argc, more, sizeof more);
  const int core = (int)trial_number(trial, "core-b", 0);
  *process = vfork();
  if (*process == 0) {
    trial_pin(core);
    dup2(pipe_ends[1], 1);
    execv("/proc/self/exe", words);
    _exit(2);
  }
  if (*process < 0) TRIAL_ENDS("vfork: %s", strerror(errno));
  free(words);
  close(pipe_ends[1]);
  return pipe_ends[0];
}

/* The side that is there before. */
static void waits(const trial_t *trial, size_t repeats, bool is_spawn) {
  double *times = space(repeats);
  const char *name = trial_world_name();
  ends_t ends = ends_create(trial, name, false);
  for (size_t repeat = 0; repeat <= repeats; repeat++) {
    pid_t process;
    uint64_t opened;
    const uint64_t started = trial_monotonic_ns();
    const int said = start(trial, name, repeat, &process);
    for (size_t i = 0; i < ends.receiver_count; i++) ends_take(trial, ends.receivers[i], repeat);
    const uint64_t received = trial_monotonic_ns();
    if (read(said, &opened, sizeof opened) != sizeof opened) TRIAL_ENDS("the asker ended before it had opened");
    close(said);
    waitpid(process, NULL, 0);
    if (repeat > 0) times[repeat - 1] = (double)(is_spawn ? received - started : opened);
  }
  ends_close(&ends);
  TRIAL_GOES(vil_world_unlink(name, NULL, NULL));
  say(trial, times, repeats);
}

/* The process that attaches. */
static void comes(const trial_t *trial, uint64_t begun) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  ends_t ends = ends_attach(trial, trial->world, true);
  const uint64_t repeat = trial_number(trial, "repeat", 0);
  for (size_t i = 0; i < ends.sender_count; i++) ends_send(trial, ends.senders[i], repeat);
  const uint64_t opened = trial_monotonic_ns() - begun;
  if (write(1, &opened, sizeof opened) != sizeof opened) TRIAL_ENDS("nobody listens");
  ends_close(&ends);
}

int main(int argc, char **argv) {
  /* What the command line says takes 10 ms to find out, for the length of a tick: a process that is measured does not. */
  if (argc > 6 && strcmp(argv[argc - 6], "--role") == 0) {
    trial_t trial;
    memset(&trial, 0, sizeof trial);
    trial.argc = argc, trial.argv = argv;
    trial.routes = trial_number(&trial, "routes", 1), trial.world = trial_text(&trial, "world");
    trial.size = 64, trial.words = 8;
    trial_pin((int)trial_number(&trial, "core-b", 0));
    comes(&trial, trial_monotonic_ns());
    return 0;
  }
  const trial_t trial = trial_of(argc, argv);
  const char *from = trial_text(&trial, "from");
  const size_t repeats = trial_number(&trial, "repeats", 20);
  trial_pin(trial.core_a);
  if (from != NULL && strcmp(from, "create") == 0) {
    makes(&trial, repeats);
  } else {
    waits(&trial, repeats, from != NULL && strcmp(from, "spawn") == 0);
  }
  return 0;
}
