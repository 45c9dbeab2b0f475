/* What sending and reading promise, where a message is the caller's copy at both ends. Every process of the program is played by
   this one. */
#include "batches.h"

/* A way there: both ends, and the size of its messages. */
typedef struct way {
  vil_sender_t *from;
  vil_receiver_t *to;
  size_t size;
} way_t;

/* The bytes of message `number`: the number, and bytes that follow from it. */
static void fill(void *message, size_t size, uint64_t number) {
  memcpy(message, &number, sizeof number);
  for (size_t i = sizeof number; i < size; i++) ((unsigned char *)message)[i] = (unsigned char)(number + i);
}

static bool is(const void *message, size_t size, uint64_t number) {
  unsigned char expected[512];
  fill(expected, size, number);
  return memcmp(message, expected, size) == 0;
}

static void send_one(const way_t *way, uint64_t number) {
  unsigned char message[512];
  fill(message, way->size, number);
  GOES(vil_sender_send(way->from, message, way->size));
}

static void read_one(const way_t *way, uint64_t number) {
  unsigned char message[512];
  GOES(vil_receiver_read(way->to, 0, message, way->size));
  CHECK(is(message, way->size, number));
}

/* `count` messages by one call; how many went, and what was said. */
static vil_status_t send_many(const way_t *way, size_t count, uint64_t first, size_t *sent) {
  unsigned char messages[16 * 256];
  for (size_t i = 0; i < count; i++) fill(messages + i * way->size, way->size, first + i);
  return vil_sender_send_batch(way->from, messages, way->size, count, sent);
}

/* All that is there, up to `most`: `count` messages. */
static void read_many(const way_t *way, size_t most, size_t count, uint64_t first) {
  unsigned char messages[16 * 256];
  size_t done = 77;
  GOES(vil_receiver_read_batch(way->to, 0, messages, way->size, most, &done));
  CHECK(done == count);
  for (size_t i = 0; i < count; i++) CHECK(is(messages + i * way->size, way->size, first + i));
}

static void it_goes_by_every_way(void) {
  begin();
  const size_t item = sizeof(batches_item_t), sheet = sizeof(batches_sheet_t);
  const way_t ways[] = {
      {giver.plain, taker.plain, sheet},  {giver.cells, taker.cells, item},   {giver.copies, taker.copies, sheet},
      {giver.work, taker.work, item},     {giver.taken, taker.taken, item},   {giver.kept, taker.kept, item},
      {giver.oldest, taker.oldest, item}, {giver.waits, taker.waits, item},   {giver.drops, taker.drops, item},
      {giver.first, taker.both, item},    {giver.second, taker.both, item},
  };
  const way_t both[] = {{giver.shared, taker.shared, sheet}, {giver.shared, reader.shared, sheet}};
  for (uint64_t round = 0; round < 40; round++) { /* over laps of rings, stamps and counts */
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
      const uint64_t first = round * 10;
      size_t sent = 77;
      send_one(&ways[i], first);
      read_one(&ways[i], first);
      GOES(send_many(&ways[i], 6, first + 1, &sent));
      CHECK(sent == 6);
      read_many(&ways[i], 4, 4, first + 1);
      send_one(&ways[i], first + 7);
      read_many(&ways[i], ROOM, 3, first + 5);
    }
    send_one(&both[0], round);
    read_one(&both[0], round);
    read_one(&both[1], round);
  }
  end();
}

static void what_is_read_is_over_and_what_is_held_stays(void) {
  vil_message_t held;
  unsigned char message[512];
  begin();
  const way_t ways[] = {{giver.cells, taker.cells, sizeof(batches_item_t)},
                        {giver.plain, taker.plain, sizeof(batches_sheet_t)}};
  for (size_t i = 0; i < 2; i++) {
    const way_t *way = &ways[i];
    size_t sent = 77;
    uint64_t received = 77;
    for (uint64_t number = 0; number < 3; number++) send_one(way, number);
    GOES(vil_receiver_receive(way->to, 0, &held));
    read_one(way, 1);
    read_many(way, ROOM, 1, 2);
    CHECK(is(held.data, way->size, 0));
    GOES(vil_receiver_received(way->to, &received));
    CHECK(received == 0); /* they come back in the order of the ring */
    GOES(vil_receiver_release(way->to, &held));
    GOES(vil_receiver_received(way->to, &received));
    CHECK(received == 3);
    SAYS(VIL_EMPTY, vil_receiver_read(way->to, 0, message, way->size));
    GOES(send_many(way, ROOM, 3, &sent));
    read_many(way, ROOM, ROOM, 3);
    SAYS(VIL_TIMEOUT, vil_receiver_read(way->to, SHORT_NS, message, way->size));
  }
  end();
}

static void another_size_is_refused_and_nothing_happens(void) {
  unsigned char message[512] = {7};
  size_t done = 77;
  begin();
  const way_t way = {giver.cells, taker.cells, sizeof(batches_item_t)};
  send_one(&way, 0);
  const size_t wrong[] = {0, 8, 15, 17, 24, SIZE_MAX};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    SAYS(VIL_E_ARGUMENT, vil_sender_send(way.from, message, wrong[i]));
    SAYS(VIL_E_ARGUMENT, vil_receiver_read(way.to, 0, message, wrong[i]));
    SAYS(VIL_E_ARGUMENT, vil_sender_send_batch(way.from, message, wrong[i], 2, &done));
    SAYS(VIL_E_ARGUMENT, vil_receiver_read_batch(way.to, 0, message, wrong[i], 2, &done));
    CHECK(done == 0 && message[0] == 7);
  }
  const size_t counts[] = {0, VIL_BATCH_SIZE + 1, SIZE_MAX};
  for (size_t i = 0; i < 3; i++) {
    SAYS(VIL_E_ARGUMENT, vil_sender_send_batch(way.from, message, way.size, counts[i], &done));
    SAYS(VIL_E_ARGUMENT, vil_receiver_read_batch(way.to, 0, message, way.size, counts[i], &done));
    CHECK(done == 0 && message[0] == 7);
  }
  read_one(&way, 0);
  SAYS(VIL_EMPTY, vil_receiver_read(way.to, 0, message, way.size));
  end();
}

static void a_batch_goes_as_far_as_it_can_and_says_how_far(void) {
  size_t sent = 77;
  begin();
  const way_t cells = {giver.cells, taker.cells, sizeof(batches_item_t)};
  GOES(send_many(&cells, 5, 0, &sent));
  SAYS(VIL_FULL, send_many(&cells, 6, 5, &sent));
  CHECK(sent == 3);
  SAYS(VIL_FULL, send_many(&cells, 2, 8, &sent));
  CHECK(sent == 0);
  read_many(&cells, 16, ROOM, 0);

  const way_t waits = {giver.waits, taker.waits, sizeof(batches_item_t)};
  const uint64_t start = now_ns();
  SAYS(VIL_TIMEOUT, send_many(&waits, 10, 0, &sent));
  CHECK(now_ns() - start >= 50000000u && sent == ROOM);
  read_many(&waits, 16, ROOM, 0); /* what went before the wait is there */

  const way_t drops = {giver.drops, taker.drops, sizeof(batches_item_t)};
  SAYS(VIL_DROPPED, send_many(&drops, 10, 0, &sent));
  CHECK(sent == 10);
  read_many(&drops, 16, ROOM, 0);

  const way_t oldest = {giver.oldest, taker.oldest, sizeof(batches_item_t)};
  GOES(send_many(&oldest, 10, 0, &sent));
  CHECK(sent == 10);
  read_many(&oldest, 16, ROOM, 2);
  end();
}

static void who_has_all_loans_out_is_refused(void) {
  vil_loan_t loans[ROOM];
  vil_message_t held[ROOM];
  unsigned char message[512];
  size_t done = 77;
  begin();
  const way_t ways[] = {{giver.cells, taker.cells, sizeof(batches_item_t)},
                        {giver.plain, taker.plain, sizeof(batches_sheet_t)}};
  for (size_t i = 0; i < 2; i++) {
    const way_t *way = &ways[i];
    fill(message, way->size, 0);
    GOES(vil_sender_loan_batch(way->from, loans, ROOM, &done));
    SAYS(VIL_E_LIMIT, vil_sender_send(way->from, message, way->size));
    SAYS(VIL_E_LIMIT, vil_sender_send_batch(way->from, message, way->size, 1, &done));
    CHECK(done == 0);
    for (size_t at = 0; at < ROOM; at++) GOES(vil_sender_discard(way->from, &loans[at]));
    GOES(send_many(way, ROOM, 0, &done));
    GOES(vil_receiver_receive_batch(way->to, 0, held, ROOM - 1, &done));
    read_one(way, ROOM - 1);
    GOES(vil_receiver_release_batch(way->to, held, ROOM - 1, &done));
  }
  const way_t few = {giver.few, taker.few, sizeof(batches_item_t)};
  GOES(send_many(&few, 2, 0, &done));
  GOES(vil_receiver_receive_batch(few.to, 0, held, 2, &done));
  SAYS(VIL_EMPTY, vil_receiver_read(few.to, 0, message, few.size));
  SAYS(VIL_TIMEOUT, vil_receiver_read(few.to, 1000, message, few.size));
  SAYS(VIL_EMPTY, vil_receiver_read_batch(few.to, 0, message, few.size, 2, &done));
  GOES(send_many(&few, 1, 2, &done));
  SAYS(VIL_E_LIMIT, vil_receiver_read(few.to, 0, message, few.size));
  SAYS(VIL_E_LIMIT, vil_receiver_read(few.to, 1000, message, few.size));
  SAYS(VIL_E_LIMIT, vil_receiver_read_batch(few.to, 0, message, few.size, 2, &done));
  CHECK(done == 0);
  GOES(vil_receiver_release(few.to, &held[0]));
  read_one(&few, 2);
  GOES(vil_receiver_release(few.to, &held[1]));
  end();
}

static const rule_t rules[] = {
    {"C-COPY-1", it_goes_by_every_way},
    {"C-COPY-2", what_is_read_is_over_and_what_is_held_stays},
    {"C-COPY-3", another_size_is_refused_and_nothing_happens},
    {"C-COPY-4", a_batch_goes_as_far_as_it_can_and_says_how_far},
    {"C-COPY-5", who_has_all_loans_out_is_refused},
};

RULES(rules)
