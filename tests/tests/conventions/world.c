/* Worlds: how they come to be, where they live, who may attach, and how they end. */
#include "driver.h"

#include <fcntl.h>
#include <sys/stat.h>

static void create_open_and_either(void) {
  vil_program_t *parsed = program();
  vil_world_t *made = NULL, *other = NULL;
  SAYS(VIL_E_NOT_FOUND, vil_world_open(the_world, NULL, NULL, &other, NULL));
  GOES(vil_world_create(the_world, parsed, NULL, NULL, &made, NULL));
  SAYS(VIL_E_EXISTS, vil_world_create(the_world, parsed, NULL, NULL, &other, NULL));
  GOES(vil_world_open(the_world, NULL, NULL, &other, NULL));
  GOES(vil_world_close(other));
  GOES(vil_world_open_or_create(the_world, parsed, NULL, NULL, &other, NULL));
  GOES(vil_world_close(other));
  GOES(vil_world_close(made));
  GOES(vil_world_unlink(the_world, NULL, NULL));
  GOES(vil_world_open_or_create(the_world, parsed, NULL, NULL, &made, NULL));
  GOES(vil_world_close(made));
  GOES(vil_world_create(the_world, parsed, NULL, NULL, &made, NULL)); /* nobody lives in it: it is made anew */
  GOES(vil_world_close(made));
  GOES(vil_program_close(parsed));
}

#define RACERS 6

/* Attaches, and stays until all racers are in the same world. */
static void as_racer(void) {
  vil_world_t *world = attached(NULL);
  vil_audit_t audit = {sizeof audit, 0, 0, 0, 0, 0, 0, 0};
  const uint64_t deadline = now_ns() + LONG_NS;
  do {
    GOES(vil_world_audit(world, &audit));
    CHECK(now_ns() < deadline);
  } while (audit.processes < RACERS + 1);
  raise(SIGSTOP); /* nobody leaves before everybody was seen */
}

/* Makes the world and stays in it, or ends. */
static void as_creator(void) {
  vil_program_t *parsed = program();
  vil_world_t *world = NULL;
  const vil_status_t status = vil_world_create(the_world, parsed, NULL, NULL, &world, NULL);
  if (status == VIL_E_EXISTS) return;
  GOES(status);
  raise(SIGSTOP);
}

/* Creates the world in many processes at once; how many say that they made it. */
static int winners(void) {
  pid_t racers[RACERS];
  int count = 0;
  for (int i = 0; i < RACERS; i++) racers[i] = started("as-creator");
  for (int i = 0; i < RACERS; i++) {
    int status = 0;
    CHECK(waitpid(racers[i], &status, WUNTRACED) == racers[i]);
    CHECK(WIFSTOPPED(status) || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
    if (!WIFSTOPPED(status)) racers[i] = 0;
  }
  for (int i = 0; i < RACERS; i++) {
    if (racers[i] == 0) continue;
    CHECK(kill(racers[i], SIGKILL) == 0 && ended(racers[i]) == -SIGKILL);
    count++;
  }
  return count;
}

/* Makes the world or finds it, leaves a message, and is gone. */
static void as_leaver(void) {
  vil_world_t *writers = attached(&notebook_writer_contract);
  vil_sender_t *sender = NULL;
  GOES(vil_sender_open(writers, "notes", &sender, NULL));
  write_note(sender, 1);
  GOES(vil_sender_close(sender));
  GOES(vil_world_close(writers));
}

/* However the two meet, the message is in the world that we attach to. */
static void meet_a_leaver(void) {
  const pid_t leaver = started("as-leaver");
  vil_world_t *readers = attached(&notebook_reader_contract);
  vil_receiver_t *receiver = NULL;
  GOES(vil_receiver_open(readers, "notes", &receiver, NULL));
  vil_message_t message = read_note(receiver, 1);
  GOES(vil_receiver_release(receiver, &message));
  CHECK(ended(leaver) == 0);
  GOES(vil_receiver_close(receiver));
  GOES(vil_world_close(readers));
  GOES(vil_world_unlink(the_world, NULL, NULL));
}

static void one_of_many_creators_wins(void) {
  pid_t racers[RACERS];
  for (int i = 0; i < 10; i++) CHECK(winners() == 1);
  GOES(vil_world_unlink(the_world, NULL, NULL));
  for (int i = 0; i < RACERS; i++) racers[i] = started("as-racer");
  vil_world_t *world = attached(NULL);
  for (int i = 0; i < RACERS; i++) {
    int status = 0;
    CHECK(waitpid(racers[i], &status, WUNTRACED) == racers[i] && WIFSTOPPED(status));
  }
  for (int i = 0; i < RACERS; i++) CHECK(kill(racers[i], SIGKILL) == 0 && ended(racers[i]) == -SIGKILL);
  GOES(vil_world_close(world));
  GOES(vil_world_unlink(the_world, NULL, NULL));
  for (int i = 0; i < 50; i++) meet_a_leaver();
}

static void a_world_stays_until_it_is_unlinked(void) {
  notebook_t book = notebook("notes");
  write_note(book.sender, 1);
  put_away(&book); /* nobody is left, the message stays */
  book = notebook("notes");
  GOES(vil_world_unlink(the_world, NULL, NULL));
  SAYS(VIL_E_NOT_FOUND, vil_world_unlink(the_world, NULL, NULL));
  vil_message_t message = read_note(book.receiver, 1);
  GOES(vil_receiver_release(book.receiver, &message));
  write_note(book.sender, 2); /* attached is attached */
  message = read_note(book.receiver, 2);
  GOES(vil_receiver_release(book.receiver, &message));
  put_away(&book);
}

static void a_name_is_a_name(void) {
  static const char *const wrong[] = {"", ".", "..", ".hidden", "a/b", "/a", "a b", "caf\xc3\xa9", "a\n"};
  char longest[202];
  vil_program_t *parsed = program();
  vil_world_t *world = NULL;
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    SAYS(VIL_E_NAME, vil_world_create(wrong[i], parsed, NULL, NULL, &world, NULL));
    SAYS(VIL_E_NAME, vil_world_open(wrong[i], NULL, NULL, &world, NULL));
    SAYS(VIL_E_NAME, vil_world_unlink(wrong[i], NULL, NULL));
  }
  memset(longest, 'w', sizeof longest);
  longest[201] = '\0';
  SAYS(VIL_E_NAME, vil_world_create(longest, parsed, NULL, NULL, &world, NULL));
  longest[200] = '\0';
  GOES(vil_world_create(longest, parsed, NULL, NULL, &world, NULL));
  GOES(vil_world_close(world));
  GOES(vil_world_create("A-z_0.9", parsed, NULL, NULL, &world, NULL));
  GOES(vil_world_close(world));
  GOES(vil_program_close(parsed));
}

static void a_text_is_utf8(void) {
  static const char wrong[] = "\xff\xfe";
  vil_program_t *parsed = program();
  vil_world_t *world = NULL;
  vil_sender_t *sender = NULL;
  vil_world_options_t options = {sizeof options, 0, wrong, 0, 0};
  SAYS(VIL_E_ARGUMENT, vil_world_create(wrong, parsed, NULL, NULL, &world, NULL));
  SAYS(VIL_E_ARGUMENT, vil_world_open(wrong, NULL, NULL, &world, NULL));
  SAYS(VIL_E_ARGUMENT, vil_world_open(the_world, NULL, &options, &world, NULL));
  SAYS(VIL_E_ARGUMENT, vil_world_unlink(wrong, NULL, NULL));
  GOES(vil_world_create(the_world, parsed, &notebook_writer_contract, NULL, &world, NULL));
  SAYS(VIL_E_ARGUMENT, vil_sender_open(world, wrong, &sender, NULL));
  GOES(vil_world_close(world));
  GOES(vil_program_close(parsed));
}

static int exists(const char *dir, const char *name) {
  char path[4200];
  struct stat found;
  snprintf(path, sizeof path, "%s/%s.vil", dir, name);
  return stat(path, &found) == 0;
}

static void a_world_is_a_file_in_the_runtime_directory(void) {
  char ours[4096], theirs[4110], standard[64], name[64];
  vil_program_t *parsed = program();
  vil_world_t *world = NULL;
  vil_world_options_t options = {sizeof options, 0, theirs, 0, 0};
  snprintf(ours, sizeof ours, "%s", getenv("VIL_RUNTIME_DIR"));
  snprintf(theirs, sizeof theirs, "%s/options", ours);
  snprintf(standard, sizeof standard, "/dev/shm/vil-%u", (unsigned)geteuid());
  snprintf(name, sizeof name, "%s-%d", the_world, (int)getpid());
  GOES(vil_world_create(name, parsed, NULL, &options, &world, NULL));
  CHECK(exists(theirs, name) && !exists(ours, name));
  GOES(vil_world_close(world));
  GOES(vil_world_create(name, parsed, NULL, NULL, &world, NULL));
  CHECK(exists(ours, name) && !exists(standard, name));
  GOES(vil_world_close(world));
  CHECK(unsetenv("VIL_RUNTIME_DIR") == 0);
  GOES(vil_world_create(name, parsed, NULL, NULL, &world, NULL));
  CHECK(exists(standard, name));
  GOES(vil_world_close(world));
  GOES(vil_world_unlink(name, NULL, NULL));
  CHECK(!exists(standard, name));
  GOES(vil_program_close(parsed));
}

static void the_runtime_directory_is_ours_alone(void) {
  char made[4110], linked[4110], opened[4110];
  const char *ours = getenv("VIL_RUNTIME_DIR");
  struct stat found;
  vil_program_t *parsed = program();
  vil_world_t *world = NULL;
  vil_world_options_t options = {sizeof options, 0, made, 0, 0};
  snprintf(made, sizeof made, "%s/made", ours);
  snprintf(linked, sizeof linked, "%s/linked", ours);
  snprintf(opened, sizeof opened, "%s/opened", ours);
  GOES(vil_world_create(the_world, parsed, NULL, &options, &world, NULL));
  CHECK(stat(made, &found) == 0 && (found.st_mode & 07777) == 0700);
  GOES(vil_world_close(world));
  CHECK(symlink(made, linked) == 0);
  options.runtime_dir = linked;
  SAYS(VIL_E_OWNER, vil_world_open(the_world, NULL, &options, &world, NULL));
  CHECK(mkdir(opened, 0700) == 0 && chmod(opened, 0750) == 0);
  options.runtime_dir = opened;
  SAYS(VIL_E_OWNER, vil_world_create(the_world, parsed, NULL, &options, &world, NULL));
  if (geteuid() == 0) {
    CHECK(chmod(opened, 0700) == 0 && chown(opened, 12345, 12345) == 0);
  } else {
    options.runtime_dir = "/";
  }
  SAYS(VIL_E_OWNER, vil_world_create(the_world, parsed, NULL, &options, &world, NULL));
  GOES(vil_program_close(parsed));
}

static void another_contract_is_refused_by_field(void) {
  vil_world_t *world = attached(NULL), *other = NULL;
  vil_port_contract_t ports[8];
  vil_contract_t contract = notebook_writer_contract;
  vil_error_t error;
  CHECK(contract.port_count <= 8);
  for (uint32_t i = 0; i < contract.port_count; i++) {
    ports[i] = contract.ports[i];
    ports[i].layout_id ^= 1;
    ports[i].layout_text =
        "vil-layout 1\nstruct Note: size 16 align 8\n  @0 #1 value: u64\n  @8 #2 number: u64\n";
  }
  contract.ports = ports;
  SAYS(VIL_E_CONTRACT, vil_world_open(the_world, &contract, NULL, &other, &error));
  CHECK(strstr(error.message, "Note") != NULL && strstr(error.message, "number") != NULL);
  CHECK(strstr(error.message, "0") != NULL && strstr(error.message, "8") != NULL);
  GOES(vil_world_close(world));
}

static void as_dying_writer(void) {
  vil_world_t *writers = attached(&notebook_writer_contract);
  vil_sender_t *sender = NULL;
  GOES(vil_sender_open(writers, "notes", &sender, NULL));
  write_note(sender, 1);
  raise(SIGKILL);
}

static int is_over;

static void *keep_cancelling(void *world) {
  while (!__atomic_load_n(&is_over, __ATOMIC_ACQUIRE)) {
    GOES(vil_world_cancel((vil_world_t *)world));
    sched_yield();
  }
  return NULL;
}

static void a_port_has_one_holder(void) {
  vil_world_t *first = attached(&notebook_writer_contract), *second = attached(&notebook_writer_contract);
  vil_sender_t *holder = NULL, *other = NULL;
  GOES(vil_sender_open(first, "notes", &holder, NULL));
  SAYS(VIL_E_BUSY, vil_sender_open(second, "notes", &other, NULL));
  SAYS(VIL_E_BUSY, vil_sender_open(first, "notes", &other, NULL));
  GOES(vil_sender_close(holder));
  GOES(vil_sender_open(second, "notes", &other, NULL));
  SAYS(VIL_E_BUSY, vil_sender_open_within(first, "notes", SHORT_NS, &holder, NULL));
  pthread_t canceller;
  CHECK(pthread_create(&canceller, NULL, keep_cancelling, first) == 0);
  SAYS(VIL_CANCELLED, vil_sender_open_within(first, "notes", VIL_FOREVER, &holder, NULL));
  __atomic_store_n(&is_over, 1, __ATOMIC_RELEASE);
  CHECK(pthread_join(canceller, NULL) == 0);
  GOES(vil_sender_close(other));
  CHECK(ended(started("as-dying-writer")) == -SIGKILL);
  GOES(vil_sender_open(first, "notes", &holder, NULL));
  GOES(vil_sender_close(holder));
  GOES(vil_world_close(first));
  GOES(vil_world_close(second));
}

static void nonsense_is_no_world(void) {
  char nonsense[8192];
  struct stat found;
  vil_world_t *world = attached(NULL);
  GOES(vil_world_close(world));
  CHECK(stat(world_file(), &found) == 0);
  for (off_t size = found.st_size - 1; size > 0; size /= 2) { /* only a part of one */
    CHECK(truncate(world_file(), size) == 0);
    SAYS(VIL_E_CORRUPT, vil_world_open(the_world, NULL, NULL, &world, NULL));
  }
  CHECK(truncate(world_file(), 0) == 0);
  SAYS(VIL_E_CORRUPT, vil_world_open(the_world, NULL, NULL, &world, NULL));
  memset(nonsense, 'n', sizeof nonsense);
  const int file = open(world_file(), O_WRONLY);
  CHECK(file >= 0 && write(file, nonsense, sizeof nonsense) == (ssize_t)sizeof nonsense && close(file) == 0);
  SAYS(VIL_E_CORRUPT, vil_world_open(the_world, NULL, NULL, &world, NULL));
}

static const rule_t rules[] = {
    {"C-WORLD-1", create_open_and_either},
    {"C-WORLD-2", one_of_many_creators_wins},
    {"C-WORLD-3", a_world_stays_until_it_is_unlinked},
    {"C-WORLD-4", a_name_is_a_name},
    {"C-NAME-3", a_text_is_utf8},
    {"C-WORLD-5", a_world_is_a_file_in_the_runtime_directory},
    {"C-WORLD-6", the_runtime_directory_is_ours_alone},
    {"C-WORLD-7", another_contract_is_refused_by_field},
    {"C-WORLD-8", a_port_has_one_holder},
    {"C-WORLD-9", nonsense_is_no_world},
    {"as-racer", as_racer},
    {"as-creator", as_creator},
    {"as-leaver", as_leaver},
    {"as-dying-writer", as_dying_writer},
};

RULES(rules)
