/* The life of a process, for a tracer that looks at which code runs: what it cannot do without between a first and a second
   breakpoint, and what many do beyond that until a third. `life maker` makes a world, `life comer` opens the one that is there.
   `life host` makes it and waits on its stdin. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vil/vil.h"

#include "life_comer.h"
#include "life_maker.h"
#include "life_program.h"
#include "modes_program.h"
#include "scan_program.h"

/* Messages a lane: more than a ring takes, so that stamps, full rings and what is done once in many messages are among it. */
#define MESSAGES 200

#define GOES(call)                                                                                            \
  do {                                                                                                        \
    const vil_status_t said_ = (call);                                                                        \
    if (said_ != VIL_OK) {                                                                                    \
      fprintf(stderr, "%s:%d: %s says %s\n", __FILE__, __LINE__, #call, vil_status_name(said_));              \
      exit(1);                                                                                                \
    }                                                                                                         \
  } while (0)

/* Where the tracer looks on; one place, so that it knows it when it comes there again. */
static __attribute__((noinline)) void mark(void) {
  __asm__ volatile("int3");
}

static vil_program_t *parsed(const char *json) {
  vil_program_t *program;
  GOES(vil_program_parse(json, strlen(json), &program, NULL));
  return program;
}

static vil_world_t *made(const char *name) {
  vil_program_t *program;
  vil_world_t *world;
  GOES(life_program_load(&program, NULL));
  GOES(vil_world_create(name, program, &life_maker_contract, NULL, &world, NULL));
  GOES(vil_program_close(program));
  return world;
}

static void sends(vil_sender_t *sender) {
  for (uint64_t number = 0; number < MESSAGES; number++) {
    vil_loan_t loan;
    GOES(vil_sender_loan(sender, &loan));
    memcpy(loan.data, &number, sizeof number);
    if (vil_sender_publish(sender, &loan) != VIL_OK) GOES(vil_sender_discard(sender, &loan));
  }
}

static void copies(vil_sender_t *sender) {
  for (uint64_t number = 0; number < MESSAGES; number++) {
    if (vil_sender_send(sender, &number, sizeof number) == VIL_FULL) return;
  }
}

/* Until there is nothing. */
static void takes(vil_receiver_t *receiver) {
  vil_message_t message;
  while (vil_receiver_receive(receiver, 0, &message) == VIL_OK) GOES(vil_receiver_release(receiver, &message));
}

/* Asleep, until it is too late. */
static void waits(vil_receiver_t *receiver) {
  vil_message_t message;
  vil_receiver_receive(receiver, 300000, &message);
}

static void comes(void) {
  vil_world_t *world;
  vil_sender_t *ping, *note;
  vil_receiver_t *reply;
  GOES(vil_world_open("life", &life_comer_contract, NULL, &world, NULL));
  GOES(vil_sender_open(world, "ping", &ping, NULL));
  GOES(vil_receiver_open(world, "reply_to", &reply, NULL));
  sends(ping);
  takes(reply);
  mark();
  GOES(vil_sender_open(world, "note", &note, NULL));
  copies(note);
  waits(reply);
  GOES(vil_sender_close(ping));
  GOES(vil_sender_close(note));
  GOES(vil_receiver_close(reply));
  GOES(vil_world_close(world));
}

static void makes(void) {
  vil_sender_t *reply;
  vil_receiver_t *ping, *note;
  vil_world_t *world = made("made");
  GOES(vil_receiver_open(world, "ping", &ping, NULL));
  GOES(vil_sender_open(world, "reply_to", &reply, NULL));
  sends(reply);
  takes(ping);
  mark();
  GOES(vil_receiver_open(world, "note", &note, NULL));
  waits(note);
  GOES(vil_receiver_close(ping));
  GOES(vil_receiver_close(note));
  GOES(vil_sender_close(reply));
  GOES(vil_world_close(world));
  GOES(vil_world_unlink("made", NULL, NULL));
  GOES(vil_program_close(parsed(life_program_json)));
  GOES(vil_program_close(parsed(modes_program_json)));
  GOES(vil_program_close(parsed(scan_program_json)));
}

static void hosts(void) {
  const life_ping_message_t message = {.number = 1};
  vil_receiver_t *ping, *note;
  vil_sender_t *reply;
  vil_world_t *world = made("life");
  GOES(vil_receiver_open(world, "ping", &ping, NULL));
  GOES(vil_receiver_open(world, "note", &note, NULL));
  GOES(vil_sender_open(world, "reply_to", &reply, NULL));
  for (int count = 0; count < 64; count++) GOES(vil_sender_send(reply, &message, sizeof message));
  puts("ready");
  fflush(stdout);
  getchar();
}

int main(int argc, char **argv) {
  const char *who = argc > 1 ? argv[1] : "host";
  if (strcmp(who, "host") == 0) {
    hosts();
    return 0;
  }
  mark();
  if (strcmp(who, "maker") == 0) makes();
  else comes();
  mark();
  return 0;
}
