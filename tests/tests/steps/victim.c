/* A victim in C: does what its script says, one letter and one digit for each call, and writes its diary.
   `victim PROGRAM DIARY SCRIPT`. With MODES it speaks of the lanes of modes.yaml. What cannot be done now is left out, so every script is a legal one. */
#include <stdbool.h>
#include <string.h>

#include "lanes.h"
#include "vil/vil.h"

typedef struct lane {
  vil_sender_t *sender;
  vil_receiver_t *receiver;
  vil_loan_t loans[HELD];
  vil_loan_t kept[HELD]; /* published and still read */
  vil_message_t held[HELD];
  uint32_t loan_count, kept_count, held_count;
  uint64_t next;   /* number of the next message to publish */
  uint64_t cursor; /* number of the next message to receive */
} lane_t;

static lane_t lanes[LANES];
#define ROLES 3

static vil_world_t *worlds[ROLES];
static vil_program_t *program;
static diary_t *book;

static const vil_contract_t roles[ROLES] = {
    {sizeof(vil_contract_t), 1, "steps", "left", NULL, 0, 0},
    {sizeof(vil_contract_t), 1, "steps", "right", NULL, 0, 0},
    {sizeof(vil_contract_t), 1, "steps", "third", NULL, 0, 0},
};

static void goes(const char *what, vil_status_t status) {
  if (status != VIL_OK) fail(what, status);
}

/* More than the contract allows at once, or not this way on this lane. */
static bool is_refused(vil_status_t status) {
  return status == VIL_E_LIMIT || status == VIL_E_NOMEM || status == VIL_E_UNSUPPORTED;
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
  if (world == NULL || lane->sender != NULL || name->mode == SECOND_RING) return;
  goes(name->port, vil_sender_open(world, name->port, &lane->sender, NULL));
  goes("published", vil_sender_published(lane->sender, &lane->next));
  settle("published", lane->next, &says->attempted, &says->published);
}

static void close_sender(lane_t *lane) {
  if (lane->sender != NULL) goes("close sender", vil_sender_close(lane->sender));
  lane->sender = NULL;
  lane->loan_count = lane->kept_count = 0;
}

static void open_receiver(lane_t *lane, const lane_name_t *name, lane_diary_t *says) {
  vil_world_t *world = worlds[name->consumer];
  if (world == NULL || lane->receiver != NULL) return;
  const vil_status_t status = vil_receiver_open_within(world, name->in_port, 10000, &lane->receiver, NULL);
  if (status == VIL_E_PENDING) return;
  goes(name->in_port, status);
  goes("received", vil_receiver_received(lane->receiver, &lane->cursor));
  if (name->mode == SKIPS || name->mode == DROPS) says->releasing = says->attempted;
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

/* Messages of the lane behind it are passed on by this one, and no others travel there: so both count alike. */
static bool passes_on(const lane_name_t *name) {
  return name != lane_names + LANES - 1 && (name[1].mode == RELAYED || name[1].mode == THROWN);
}

static void loan(lane_t *lane, const lane_name_t *name) {
  if (lane->sender == NULL || lane->loan_count == HELD || passes_on(name)) return;
  const vil_status_t status = vil_sender_loan(lane->sender, &lane->loans[lane->loan_count]);
  if (status == VIL_OK) lane->loan_count++;
  if (status < 0 && !is_refused(status)) fail("loan", status);
}

static void drop_first(lane_t *lane) {
  lane->loan_count--;
  memmove(lane->loans, lane->loans + 1, lane->loan_count * sizeof lane->loans[0]);
}

static void discard(lane_t *lane) {
  if (lane->loan_count > 0) goes("discard", vil_sender_discard(lane->sender, &lane->loans[--lane->loan_count]));
}

/* What a lane's diary says of publishing, in both rings when there are two. */
static void says_attempted(lane_diary_t *says, const lane_name_t *name, uint64_t count) {
  if (name->mode == SHARED) says[1].attempted = count;
  says->attempted = count;
}

static void says_published(lane_diary_t *says, const lane_name_t *name, uint64_t count) {
  if (name->mode == SHARED) says[1].published = count;
  says->published = count;
}

static vil_status_t publish_by(char how, lane_t *lane) {
  if (how == 'K') return vil_sender_keep(lane->sender, &lane->loans[0]);
  if (how == 'A') return vil_sender_answer(lane->sender, &lane->loans[0], &lane[-1].held[0]);
  return vil_sender_publish(lane->sender, &lane->loans[0]);
}

/* The oldest loan goes out: is published, kept or an answer to the oldest request in hand. A full ring leaves it or drops
   it, as the lane's policy is. */
static void publish(lane_t *lane, const lane_name_t *name, lane_diary_t *says, char how) {
  if (lane->loan_count == 0 || (how == 'A' && lane[-1].held_count == 0)) return;
  if (how == 'K' && lane->kept_count == HELD) return;
  write_message(lane->loans[0].data, lane->loans[0].size, lane->next);
  says_attempted(says, name, lane->next + 1);
  const vil_status_t status = publish_by(how, lane);
  if (status < 0 && !is_refused(status)) fail("publish", status);
  if (status == VIL_OK) says_published(says, name, ++lane->next);
  says_attempted(says, name, lane->next);
  if (status == VIL_OK && how == 'K') lane->kept[lane->kept_count++] = lane->loans[0];
  if (status == VIL_OK || status == VIL_DROPPED) drop_first(lane);
}

/* Ends the reading of the oldest that was kept. */
static void end_kept(lane_t *lane) {
  if (lane->kept_count == 0) return;
  goes("end", vil_sender_release(lane->sender, &lane->kept[0]));
  lane->kept_count--;
  memmove(lane->kept, lane->kept + 1, lane->kept_count * sizeof lane->kept[0]);
}

static void send(lane_t *lane, const lane_name_t *name, lane_diary_t *says, uint32_t size) {
  uint64_t words[32];
  if (lane->sender == NULL || passes_on(name)) return;
  write_message(words, size, lane->next);
  says_attempted(says, name, lane->next + 1);
  const vil_status_t status = vil_sender_send(lane->sender, words, size);
  if (status < 0 && !is_refused(status)) fail("send", status);
  if (status == VIL_OK) says_published(says, name, ++lane->next);
  says_attempted(says, name, lane->next);
}

static bool is_taken(const lane_name_t *name) {
  return name->mode == TAKEN || name->mode == THROWN || name->mode == DROPS;
}

/* What is taken is released from its ring by being received. */
static void receive(lane_t *lane, const lane_name_t *name, lane_diary_t *says, uint64_t timeout_ns) {
  if (lane->receiver == NULL || lane->held_count == HELD) return;
  vil_message_t *message = &lane->held[lane->held_count];
  if (is_taken(name)) says->releasing = lane->cursor + 1;
  const vil_status_t status = vil_receiver_receive(lane->receiver, timeout_ns, message);
  if (status < 0 && status != VIL_E_LIMIT) fail("receive", status);
  if (status == VIL_OK) {
    /* What was dropped leaves its number out. */
    if (name->mode == DROPS && message->number > lane->cursor) lane->cursor = message->number;
    read_message(message, lane->cursor++);
    lane->held_count++;
  }
  if (is_taken(name)) says->releasing = says->released = lane->cursor;
}

static void drop_held(lane_t *lane, uint32_t position) {
  lane->held_count--;
  memmove(lane->held + position, lane->held + position + 1, (lane->held_count - position) * sizeof lane->held[0]);
}

/* Passes the oldest in hand on, by the lane before its own. */
static void forward(lane_t *lane, const lane_name_t *name, lane_diary_t *says) {
  if ((name->mode != RELAYED && name->mode != THROWN) || lane->held_count == 0 || lane[-1].sender == NULL) return;
  lane_t *to = lane - 1;
  says[-1].attempted = to->next + 1;
  const vil_status_t status = vil_receiver_forward(lane->receiver, &lane->held[0], to->sender);
  if (status < 0 && !is_refused(status)) fail("forward", status);
  if (status == VIL_OK) {
    says[-1].published = ++to->next;
    drop_held(lane, 0);
  }
  says[-1].attempted = to->next;
}

/* Number of the first message in hand once the one at `position` is gone, or of the next to come. */
static uint64_t first_without(const lane_t *lane, uint32_t position) {
  for (uint32_t i = 0; i < lane->held_count; i++) {
    if (i != position) return lane->held[i].number;
  }
  return lane->cursor;
}

/* A message that was passed on is its own lane's again when the next reader lets it go, so the one before may say so. */
static void release(lane_t *lane, const lane_name_t *name, lane_diary_t *says, bool youngest) {
  if (lane->held_count == 0 || name->mode == RELAYED || name->mode == THROWN) return;
  const uint32_t position = youngest ? lane->held_count - 1 : 0;
  const uint64_t first = first_without(lane, position);
  if (is_taken(name)) {
    goes("consume", vil_receiver_consume(lane->receiver, &lane->held[position]));
    drop_held(lane, position);
    return;
  }
  if (passes_on(name)) says[1].releasing = first;
  says->releasing = first;
  goes("release", vil_receiver_release(lane->receiver, &lane->held[position]));
  says->released = first;
  drop_held(lane, position);
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
    case 'R': open_receiver(lane, name, says); break;
    case 'r': close_receiver(lane); break;
    case 'l': loan(lane, name); break;
    case 'd': discard(lane); break;
    case 'p':
    case 'K':
    case 'A': publish(lane, name, says, what); break;
    case 'e': end_kept(lane); break;
    case 'n': send(lane, name, says, strcmp(name->port, "parcels") == 0 ? 152 : 32); break;
    case 'g': receive(lane, name, says, 0); break;
    case 'G': receive(lane, name, says, 100000); break;
    case 'f': forward(lane, name, says); break;
    case 'o': release(lane, name, says, false); break;
    case 'y': release(lane, name, says, true); break;
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
    const int lane = at[1] <= '9' ? at[1] - '0' : at[1] - 'a' + 10;
    if (lane < 0 || lane >= LANES) fail("no such lane", at[1]);
    act(at[0], lane, text);
  }
  return 0;
}
