/* A victim in C: does what its script says, one letter and one digit for each call, and writes its diary.
   `victim PROGRAM DIARY SCRIPT`. What cannot be done now is left out, so every script is a legal one. */
#include <stdbool.h>
#include <string.h>

#include "lanes.h"
#include "vil/vil.h"

typedef struct lane {
  vil_sender_t *sender;
  vil_receiver_t *receiver;
  vil_loan_t loans[HELD];
  vil_message_t held[HELD];
  uint32_t loan_count, held_count;
  uint64_t next;   /* number of the next message to publish */
  uint64_t cursor; /* number of the next message to receive */
} lane_t;

static lane_t lanes[LANES];
static vil_world_t *worlds[2];
static vil_program_t *program;
static diary_t *book;

static const vil_contract_t roles[2] = {
    {sizeof(vil_contract_t), 1, "steps", "left", NULL, 0, 0},
    {sizeof(vil_contract_t), 1, "steps", "right", NULL, 0, 0},
};

static void goes(const char *what, vil_status_t status) {
  if (status != VIL_OK) fail(what, status);
}

static void enter(int role) {
  vil_error_t error;
  memset(&error, 0, sizeof error);
  if (worlds[role] != NULL) return;
  const vil_status_t status =
      program != NULL ? vil_world_open_or_create("steps", program, &roles[role], NULL, &worlds[role], &error)
                      : vil_world_open("steps", &roles[role], NULL, &worlds[role], &error);
  if (status != VIL_OK) fail(error.message, status);
}

static void leave(int role) {
  if (worlds[role] != NULL) goes("leave", vil_world_close(worlds[role]));
  worlds[role] = NULL;
}

static void open_sender(lane_t *lane, const lane_name_t *name, lane_diary_t *says) {
  vil_world_t *world = worlds[name->producer];
  if (world == NULL || lane->sender != NULL) return;
  goes(name->port, vil_sender_open(world, name->port, &lane->sender, NULL));
  goes("published", vil_sender_published(lane->sender, &lane->next));
  settle("published", lane->next, &says->attempted, &says->published);
}

static void close_sender(lane_t *lane) {
  if (lane->sender != NULL) goes("close sender", vil_sender_close(lane->sender));
  lane->sender = NULL;
  lane->loan_count = 0;
}

static void open_receiver(lane_t *lane, const lane_name_t *name, lane_diary_t *says, bool skips) {
  vil_world_t *world = worlds[name->consumer];
  if (world == NULL || lane->receiver != NULL) return;
  goes(name->port, vil_receiver_open(world, name->port, &lane->receiver, NULL));
  goes("received", vil_receiver_received(lane->receiver, &lane->cursor));
  if (skips) says->releasing = says->attempted;
  settle("received", lane->cursor, &says->releasing, &says->released);
}

static void close_receiver(lane_t *lane) {
  if (lane->receiver != NULL) goes("close receiver", vil_receiver_close(lane->receiver));
  lane->receiver = NULL;
  lane->held_count = 0;
}

/* The message that a number stands for: the number, its complement, and the rest is its low byte. */
static void write_message(void *data, uint32_t size, uint64_t number) {
  uint64_t *words = (uint64_t *)data;
  words[0] = number;
  words[1] = ~number;
  memset(words + 2, (int)(number & 0xff), size - 16);
}

static void read_message(const vil_message_t *message, uint64_t number) {
  const uint64_t *words = (const uint64_t *)message->data;
  const uint8_t *rest = (const uint8_t *)(words + 2);
  bool is_whole = message->number == number && words[0] == number && words[1] == ~number;
  for (uint32_t i = 0; i < message->size - 16; i++) is_whole = is_whole && rest[i] == (uint8_t)number;
  if (!is_whole) fail("another message than", (long long)number);
}

static void loan(lane_t *lane) {
  if (lane->sender == NULL || lane->loan_count == HELD) return;
  const vil_status_t status = vil_sender_loan(lane->sender, &lane->loans[lane->loan_count]);
  if (status == VIL_OK) lane->loan_count++;
  if (status < 0 && status != VIL_E_LIMIT && status != VIL_E_NOMEM) fail("loan", status);
}

static void drop_first(lane_t *lane) {
  lane->loan_count--;
  memmove(lane->loans, lane->loans + 1, lane->loan_count * sizeof lane->loans[0]);
}

static void discard(lane_t *lane) {
  if (lane->loan_count > 0) goes("discard", vil_sender_discard(lane->sender, &lane->loans[--lane->loan_count]));
}

/* The oldest loan goes out; a full ring leaves it or drops it, as the lane's policy is. */
static void publish(lane_t *lane, lane_diary_t *says) {
  if (lane->loan_count == 0) return;
  write_message(lane->loans[0].data, lane->loans[0].size, lane->next);
  says->attempted = lane->next + 1;
  const vil_status_t status = vil_sender_publish(lane->sender, &lane->loans[0]);
  if (status < 0) fail("publish", status);
  if (status == VIL_OK) says->published = ++lane->next;
  says->attempted = lane->next;
  if (status == VIL_OK || status == VIL_DROPPED) drop_first(lane);
}

static void send(lane_t *lane, lane_diary_t *says, uint32_t size) {
  uint64_t words[32];
  if (lane->sender == NULL) return;
  write_message(words, size, lane->next);
  says->attempted = lane->next + 1;
  const vil_status_t status = vil_sender_send(lane->sender, words, size);
  if (status < 0 && status != VIL_E_LIMIT && status != VIL_E_NOMEM) fail("send", status);
  if (status == VIL_OK) says->published = ++lane->next;
  says->attempted = lane->next;
}

static void receive(lane_t *lane, uint64_t timeout_ns) {
  if (lane->receiver == NULL || lane->held_count == HELD) return;
  vil_message_t *message = &lane->held[lane->held_count];
  const vil_status_t status = vil_receiver_receive(lane->receiver, timeout_ns, message);
  if (status < 0 && status != VIL_E_LIMIT) fail("receive", status);
  if (status != VIL_OK) return;
  read_message(message, lane->cursor++);
  lane->held_count++;
}

/* Number of the first message in hand once the one at `position` is gone, or of the next to come. */
static uint64_t first_without(const lane_t *lane, uint32_t position) {
  for (uint32_t i = 0; i < lane->held_count; i++) {
    if (i != position) return lane->held[i].number;
  }
  return lane->cursor;
}

static void release(lane_t *lane, lane_diary_t *says, bool youngest) {
  if (lane->held_count == 0) return;
  const uint32_t position = youngest ? lane->held_count - 1 : 0;
  const uint64_t first = first_without(lane, position);
  says->releasing = first;
  goes("release", vil_receiver_release(lane->receiver, &lane->held[position]));
  says->released = first;
  lane->held_count--;
  memmove(lane->held + position, lane->held + position + 1, (lane->held_count - position) * sizeof lane->held[0]);
}

static void wait_for_any(void) {
  vil_receiver_t *receivers[LANES];
  size_t count = 0, index = 0;
  for (int i = 0; i < LANES; i++) {
    if (lanes[i].receiver != NULL && lane_names[i].consumer == 1) receivers[count++] = lanes[i].receiver;
  }
  if (count == 0) return;
  const vil_status_t status = vil_receiver_wait_any(receivers, count, 200000, &index);
  if (status < 0) fail("wait", status);
}

static void audit(vil_world_t *world) {
  vil_audit_t found;
  memset(&found, 0, sizeof found);
  found.struct_size = sizeof found;
  if (world == NULL) return;
  goes("audit", vil_world_audit(world, &found));
  if (found.leaked_slots != 0) fail("leaked", (long long)found.leaked_slots);
}

static void look(vil_world_t *world) {
  uint32_t count = 0;
  if (world == NULL) return;
  goes("routes", vil_world_route_count(world, &count));
  for (uint32_t i = 0; i < count; i++) {
    vil_route_info_t info;
    info.struct_size = sizeof info;
    goes("route", vil_world_route_info(world, i, &info));
  }
  vil_process_info_t info;
  info.struct_size = sizeof info;
  const vil_status_t status = vil_world_process_info(world, 0, &info);
  if (status != VIL_OK && status != VIL_EMPTY) fail("process", status);
}

static void act(char what, int at, const char *program_text) {
  lane_t *lane = &lanes[at];
  const lane_name_t *name = &lane_names[at];
  lane_diary_t *says = &book->lanes[at];
  vil_world_t *world = worlds[0] != NULL ? worlds[0] : worlds[1];
  switch (what) {
    case 'm': mark(); break;
    case 'J': goes("parse", vil_program_parse(program_text, strlen(program_text), &program, NULL)); break;
    case 'j': goes("forget", vil_program_close(program)), program = NULL; break;
    case 'W': enter(at); break;
    case 'V': leave(at); break;
    case 'S': open_sender(lane, name, says); break;
    case 's': close_sender(lane); break;
    case 'R': open_receiver(lane, name, says, strcmp(name->port, "skips") == 0); break;
    case 'r': close_receiver(lane); break;
    case 'l': loan(lane); break;
    case 'd': discard(lane); break;
    case 'p': publish(lane, says); break;
    case 'n': send(lane, says, strcmp(name->port, "parcels") == 0 ? 152 : 32); break;
    case 'g': receive(lane, 0); break;
    case 'G': receive(lane, 100000); break;
    case 'o': release(lane, says, false); break;
    case 'y': release(lane, says, true); break;
    case 'w': wait_for_any(); break;
    case 'a': audit(world); break;
    case 'i': look(world); break;
    case 'c':
      if (world != NULL) goes("recover", vil_world_recover(world, NULL));
      break;
    case 'u': goes("unlink", vil_world_unlink("steps", NULL, NULL)); break;
    default: fail("no such act", what);
  }
}

int main(int argc, char **argv) {
  if (argc != 4) fail("usage: victim PROGRAM DIARY SCRIPT", argc);
  const char *text = text_of(argv[1]);
  book = open_diary(argv[2]);
  for (const char *at = argv[3]; at[0] != 0 && at[1] != 0; at += 2) {
    if (at[1] < '0' || at[1] >= '0' + LANES) fail("no such lane", at[1]);
    act(at[0], at[1] - '0', text);
  }
  return 0;
}
