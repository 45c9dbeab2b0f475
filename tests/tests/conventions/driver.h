/* What the rules of docs/c-conventions.md are checked with. One file of rules is one program: with an id as argument it
   checks that rule and exits with 0, or says what failed and exits with 1. Each rule has a world of its own, named by its
   id. Other processes that a rule needs are the same program again, with a role and the rule's world as arguments. */
#ifndef DRIVER_H
#define DRIVER_H

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "vil/vil.h"

#include "notebook_program.h"
#include "notebook_reader.h"
#include "notebook_writer.h"

typedef struct rule {
  const char *id;
  void (*check)(void);
} rule_t;

#define CHECK(condition)                                                        \
  do {                                                                          \
    if (!(condition)) {                                                         \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);   \
      exit(1);                                                                  \
    }                                                                           \
  } while (0)

#define SAYS(expected, call)                                                                              \
  do {                                                                                                    \
    const vil_status_t said_ = (call);                                                                    \
    if (said_ != (expected)) {                                                                            \
      fprintf(stderr, "%s:%d: %s says %s, not %s\n", __FILE__, __LINE__, #call, vil_status_name(said_), \
              #expected);                                                                                 \
      exit(1);                                                                                            \
    }                                                                                                     \
  } while (0)

#define GOES(call) SAYS(VIL_OK, call)

/* A duration that is over long before any deadline of a test, and one that only a hanging call reaches. */
#define SHORT_NS UINT64_C(20000000)
#define LONG_NS UINT64_C(20000000000)

/* The world of the rule that runs. */
static const char *the_world;

/* Both processes of the notebook, attached by this one. */
typedef struct notebook {
  vil_world_t *writers, *readers;
  vil_sender_t *sender;
  vil_receiver_t *receiver;
} notebook_t;

static inline vil_program_t *program(void) {
  vil_program_t *parsed = NULL;
  GOES(vil_program_parse(notebook_program_json, strlen(notebook_program_json), &parsed, NULL));
  return parsed;
}

static inline vil_world_t *attached(const vil_contract_t *contract) {
  vil_program_t *parsed = program();
  vil_world_t *world = NULL;
  vil_error_t error;
  const vil_status_t status = vil_world_open_or_create(the_world, parsed, contract, NULL, &world, &error);
  if (status != VIL_OK) fprintf(stderr, "%s\n", error.message);
  GOES(status);
  GOES(vil_program_close(parsed));
  return world;
}

/* The notebook with this port open at both ends. */
static inline notebook_t notebook(const char *port) {
  notebook_t book;
  book.writers = attached(&notebook_writer_contract);
  book.readers = attached(&notebook_reader_contract);
  GOES(vil_sender_open(book.writers, port, &book.sender, NULL));
  GOES(vil_receiver_open(book.readers, port, &book.receiver, NULL));
  return book;
}

static inline void put_away(notebook_t *book) {
  GOES(vil_sender_close(book->sender));
  GOES(vil_receiver_close(book->receiver));
  GOES(vil_world_close(book->writers));
  GOES(vil_world_close(book->readers));
}

static inline void write_note(vil_sender_t *sender, uint64_t number) {
  vil_loan_t loan;
  GOES(vil_sender_loan(sender, &loan));
  ((notebook_note_t *)loan.data)->number = number;
  ((notebook_note_t *)loan.data)->value = ~number;
  GOES(vil_sender_publish(sender, &loan));
}

static inline vil_message_t read_note(vil_receiver_t *receiver, uint64_t number) {
  vil_message_t message;
  GOES(vil_receiver_receive(receiver, LONG_NS, &message));
  const notebook_note_t *note = (const notebook_note_t *)message.data;
  CHECK(note->number == number && note->value == ~number);
  return message;
}

static inline uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * UINT64_C(1000000000) + (uint64_t)time.tv_nsec;
}

/* This program again, in a role, with the world of the rule. */
static inline pid_t started(const char *role) {
  const pid_t pid = fork();
  if (pid == 0) {
    execl("/proc/self/exe", "rules", role, the_world, (char *)NULL);
    _exit(127);
  }
  CHECK(pid > 0);
  return pid;
}

/* How a process ended: its exit code, or minus the signal that killed it. */
static inline int ended(pid_t pid) {
  int status = 0;
  CHECK(waitpid(pid, &status, 0) == pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* Runs a function in another thread to its end. */
static inline void in_thread(void *(*run)(void *), void *argument) {
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, run, argument) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
}

/* The file of the rule's world, in the directory that the test has set. */
static inline const char *world_file(void) {
  static char path[4096];
  snprintf(path, sizeof path, "%s/%s.vil", getenv("VIL_RUNTIME_DIR"), the_world);
  return path;
}

static inline int run_rules(const rule_t *rules, size_t count, int argc, char **argv) {
  for (size_t i = 0; argc >= 2 && i < count; i++) {
    if (strcmp(rules[i].id, argv[1]) == 0) {
      the_world = argc > 2 ? argv[2] : rules[i].id;
      rules[i].check();
      return 0;
    }
  }
  fprintf(stderr, "usage: %s RULE [WORLD]\n", argv[0]);
  return 2;
}

#define RULES(table)                                                         \
  int main(int argc, char **argv) {                                          \
    return run_rules(table, sizeof(table) / sizeof((table)[0]), argc, argv); \
  }

#endif
