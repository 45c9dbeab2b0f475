/* Memory that stays with libvil.so: two processes and one route, after messages have flown around its slots twice. What the
   two processes have more than before they opened anything, shared pages once (Pss). As bench/src/trials/memory.rs. */
#define _GNU_SOURCE
#include "ends.h"

/* This process's share of resident memory in bytes. */
static uint64_t resident(void) {
  char line[256];
  unsigned long long kib = 0;
  FILE *file = fopen("/proc/self/smaps_rollup", "r");
  if (file == NULL) TRIAL_ENDS("the kernel does not say Pss");
  while (fgets(line, sizeof line, file) != NULL && sscanf(line, "Pss: %llu", &kib) != 1) continue;
  fclose(file);
  return (uint64_t)kib * 1024;
}

/* Does a process of its own make the world, and go before anybody enters it? */
static bool is_made_before(const trial_t *trial) {
  const char *made = trial_text(trial, "made");
  return made != NULL && strcmp(made, "before") == 0;
}

/* That process. */
static void makes(const trial_t *trial) {
  ends_t ends = ends_create(trial, trial->world, false);
  trial_ready();
  ends_close(&ends);
}

static void tell(int to, uint64_t number) {
  if (write(to, &number, sizeof number) != sizeof number) TRIAL_ENDS("nobody listens");
}

static uint64_t hear(int from) {
  uint64_t number;
  if (read(from, &number, sizeof number) != sizeof number) TRIAL_ENDS("nobody is there");
  return number;
}

/* Both go on in turns: who shares a page with whom must not change between the two looks. */
static void sends(const trial_t *trial, int in, int out) {
  tell(out, resident());
  hear(in);
  ends_t ends = ends_attach(trial, trial->world, true);
  for (uint64_t number = 0; number < 2 * trial->cells; number++) ends_send(trial, ends.senders[0], number);
  tell(out, 0);
  hear(in);
  tell(out, resident());
  hear(in);
  ends_close(&ends);
}

static void receives(const trial_t *trial, int in, int out) {
  trial_program(trial);
  trial_plan(trial);
  const uint64_t theirs_before = hear(in), before = resident();
  ends_t ends = is_made_before(trial) ? ends_attach(trial, trial->world, false) : ends_create(trial, trial->world, false);
  tell(out, 0);
  for (uint64_t number = 0; number < 2 * trial->cells; number++) ends_take(trial, ends.receivers[0], number);
  hear(in);
  const uint64_t after = resident();
  tell(out, 0);
  const uint64_t theirs_after = hear(in);
  tell(out, 0);
  printf("{\"benchmark\":\"%s\",\"subject\":\"%s\",\"unit\":\"bytes\",\"value\":%" PRId64 ",", trial->benchmark,
         trial->subject, (int64_t)(after + theirs_after) - (int64_t)(before + theirs_before));
  printf("\"resident_before\":%" PRIu64 ",\"resident_after\":%" PRIu64 "}\n", before + theirs_before,
         after + theirs_after);
  ends_close(&ends);
  TRIAL_GOES(vil_world_unlink(trial->world, NULL, NULL));
}

int main(int argc, char **argv) {
  trial_t trial = trial_of(argc, argv);
  if (trial.role != NULL) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    trial_pin(trial.core_b);
    if (strcmp(trial.role, "maker") == 0) makes(&trial);
    else sends(&trial, 0, 1);
    return 0;
  }
  int there[2], back[2];
  trial_pin(trial.core_a);
  trial.world = trial_world_name();
  if (is_made_before(&trial)) {
    const trial_peer_t maker = trial_start_peer(&trial, "maker", trial.world);
    trial_end_peer(&maker);
  }
  char **words = (char **)calloc((size_t)argc + 5, sizeof *words);
  if (words == NULL || pipe(there) != 0 || pipe(back) != 0) TRIAL_ENDS("the sender cannot be started");
  memcpy(words, argv, (size_t)argc * sizeof *words);
  const char *more[] = {"--role", "sender", "--world", trial.world};
  memcpy(words + argc, more, sizeof more);
  const pid_t process = vfork();
  if (process == 0) {
    dup2(there[0], 0);
    dup2(back[1], 1);
    close(there[1]);
    close(back[0]);
    execv("/proc/self/exe", words);
    _exit(2);
  }
  free(words);
  close(there[0]);
  close(back[1]);
  receives(&trial, back[0], there[1]);
  waitpid(process, NULL, 0);
  return 0;
}
