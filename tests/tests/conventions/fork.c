/* Fork and exec: a child has nothing of its parent's worlds, and cannot harm them. */
#include "driver.h"

#include <sys/syscall.h>

#include <dirent.h>

/* The exit code of a function run in a fork child. */
static int in_child(void (*run)(notebook_t *), notebook_t *book) {
  const pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    run(book);
    exit(0); /* with everything a normal end does */
  }
  return ended(pid);
}

static void use_the_parents(notebook_t *book) {
  vil_loan_t loan = {NULL, 0, 0, 0};
  vil_message_t message = {NULL, 0, 0, 0, 0, 0};
  vil_audit_t audit = {sizeof audit, 0, 0, 0, 0, 0, 0, 0};
  vil_sender_t *sender = NULL;
  uint64_t count = 0;
  SAYS(VIL_E_FORKED, vil_sender_loan(book->sender, &loan));
  SAYS(VIL_E_FORKED, vil_sender_published(book->sender, &count));
  SAYS(VIL_E_FORKED, vil_receiver_receive(book->receiver, 0, &message));
  SAYS(VIL_E_FORKED, vil_world_audit(book->writers, &audit));
  SAYS(VIL_E_FORKED, vil_world_cancel(book->writers));
  SAYS(VIL_E_FORKED, vil_sender_open(book->writers, "spill", &sender, NULL));
  GOES(vil_sender_close(book->sender));
  SAYS(VIL_E_HANDLE, vil_sender_published(book->sender, &count));
  GOES(vil_receiver_close(book->receiver));
  GOES(vil_world_close(book->writers));
  GOES(vil_world_close(book->readers));
}

static void a_child_has_nothing_and_harms_nothing(void) {
  notebook_t book = notebook("notes");
  vil_loan_t loan;
  vil_audit_t audit = {sizeof audit, 0, 0, 0, 0, 0, 0, 0};
  GOES(vil_sender_loan(book.sender, &loan));
  ((notebook_note_t *)loan.data)->number = 1;
  ((notebook_note_t *)loan.data)->value = ~UINT64_C(1);
  CHECK(in_child(use_the_parents, &book) == 0);
  GOES(vil_sender_publish(book.sender, &loan)); /* the loan survived */
  vil_message_t message = read_note(book.receiver, 1);
  GOES(vil_receiver_release(book.receiver, &message));
  GOES(vil_world_audit(book.writers, &audit)); /* and so did both attachments */
  CHECK(audit.processes == 2 && audit.recoveries == 0 && audit.leaked_slots == 0);
  put_away(&book);
}

static void open_its_own(notebook_t *unused) {
  (void)unused;
  the_world = "C-FORK-2-child";
  notebook_t book = notebook("notes");
  write_note(book.sender, 1);
  vil_message_t message = read_note(book.receiver, 1);
  GOES(vil_receiver_release(book.receiver, &message));
  put_away(&book);
}

static void a_child_may_open_worlds(void) {
  notebook_t book = notebook("notes");
  CHECK(in_child(open_its_own, &book) == 0);
  write_note(book.sender, 1);
  vil_message_t message = read_note(book.receiver, 1);
  GOES(vil_receiver_release(book.receiver, &message));
  put_away(&book);
}

static void as_lister(void) {
  const char *dir = getenv("VIL_RUNTIME_DIR");
  DIR *open_files = opendir("/proc/self/fd");
  struct dirent *entry;
  CHECK(open_files != NULL);
  while ((entry = readdir(open_files)) != NULL) {
    char path[300], target[4096];
    snprintf(path, sizeof path, "/proc/self/fd/%s", entry->d_name);
    const ssize_t size = readlink(path, target, sizeof target - 1);
    if (size < 0) continue;
    target[size] = '\0';
    CHECK(strstr(target, dir) == NULL);
  }
  closedir(open_files);
}

static void no_descriptor_survives_exec(void) {
  notebook_t book = notebook("notes");
  CHECK(ended(started("as-lister")) == 0);
  put_away(&book);
}

/* A copy of this process, as fork makes it, but around its handlers. */
static pid_t fork_around_the_handlers(void) { return (pid_t)syscall(SYS_clone, (long)SIGCHLD, 0L, 0L, 0L, 0L); }

/* Publishes, leaves a child behind that lives as long as stdin is open, and dies. */
static void as_dying_parent_of(pid_t (*make)(void)) {
  vil_world_t *writers = attached(&notebook_writer_contract);
  vil_sender_t *sender = NULL;
  char byte;
  GOES(vil_sender_open(writers, "notes", &sender, NULL));
  const pid_t child = make();
  CHECK(child >= 0);
  if (child == 0) _exit(read(0, &byte, 1) == 0 ? 0 : 1);
  write_note(sender, (uint64_t)child);
  raise(SIGKILL);
}

static void as_dying_parent(void) { as_dying_parent_of(fork); }
static void as_dying_cloner(void) { as_dying_parent_of(fork_around_the_handlers); }

static void is_dead_while_its_child_lives(const char *role) {
  vil_world_t *readers = attached(&notebook_reader_contract);
  vil_receiver_t *receiver = NULL;
  vil_message_t message;
  int ends[2];
  CHECK(pipe(ends) == 0 && dup2(ends[0], 0) == 0);
  GOES(vil_receiver_open(readers, "notes", &receiver, NULL));
  const pid_t parent = fork();
  CHECK(parent >= 0);
  if (parent == 0) {
    close(ends[1]); /* only we keep the grandchild alive */
    execl("/proc/self/exe", "rules", role, the_world, (char *)NULL);
    _exit(127);
  }
  CHECK(ended(parent) == -SIGKILL);
  GOES(vil_receiver_receive(receiver, LONG_NS, &message));
  const pid_t grandchild = (pid_t)((const notebook_note_t *)message.data)->number;
  GOES(vil_receiver_release(receiver, &message));
  SAYS(VIL_PEER_GONE, vil_receiver_receive(receiver, LONG_NS, &message));
  CHECK(kill(grandchild, 0) == 0); /* it lives, and changes nothing */
  close(ends[1]);
  GOES(vil_receiver_close(receiver));
  GOES(vil_world_close(readers));
}

static void a_dead_parent_is_dead(void) { is_dead_while_its_child_lives("as-dying-parent"); }
static void a_dead_cloner_is_dead(void) { is_dead_while_its_child_lives("as-dying-cloner"); }

static const rule_t rules[] = {
    {"C-FORK-1", a_child_has_nothing_and_harms_nothing},
    {"C-FORK-2", a_child_may_open_worlds},
    {"C-FORK-3", no_descriptor_survives_exec},
    {"C-FORK-4", a_dead_parent_is_dead},
    {"C-FORK-6", a_dead_cloner_is_dead},
    {"as-lister", as_lister},
    {"as-dying-parent", as_dying_parent},
    {"as-dying-cloner", as_dying_cloner},
};

RULES(rules)
