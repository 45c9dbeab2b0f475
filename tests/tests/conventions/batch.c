/* What batches promise. Every process of the program is played by this one. */
#include "batches.h"

/* `count` loans, with numbers from `first` on in them. */
static void lend(vil_sender_t *sender, vil_loan_t *loans, size_t count, uint64_t first) {
  size_t taken = 77;
  GOES(vil_sender_loan_batch(sender, loans, count, &taken));
  CHECK(taken == count);
  for (size_t i = 0; i < count; i++) *(uint64_t *)loans[i].data = first + i;
}

/* `count` messages, published as a batch. */
static void give(vil_sender_t *sender, size_t count, uint64_t first) {
  vil_loan_t loans[ROOM];
  size_t published = 77;
  lend(sender, loans, count, first);
  GOES(vil_sender_publish_batch(sender, loans, count, &published));
  CHECK(published == count);
  for (size_t i = 0; i < count; i++) CHECK(loans[i].data == NULL && loans[i].ticket == 0);
}

static uint64_t number_of(const vil_message_t *message) { return *(const uint64_t *)message->data; }

/* `count` messages, with numbers from `first` on in them, and no more. */
static void take(vil_receiver_t *receiver, vil_message_t *messages, size_t count, uint64_t first) {
  size_t received = 77;
  GOES(vil_receiver_receive_batch(receiver, 0, messages, ROOM, &received));
  CHECK(received == count);
  for (size_t i = 0; i < count; i++) CHECK(number_of(&messages[i]) == first + i);
}

static void let_go(vil_receiver_t *receiver, vil_message_t *messages, size_t count) {
  size_t released = 77;
  GOES(vil_receiver_release_batch(receiver, messages, count, &released));
  CHECK(released == count);
  for (size_t i = 0; i < count; i++) CHECK(messages[i].data == NULL && messages[i].ticket == 0);
}

static void get(vil_receiver_t *receiver, size_t count, uint64_t first) {
  vil_message_t messages[ROOM];
  take(receiver, messages, count, first);
  let_go(receiver, messages, count);
}

static void it_goes_as_far_as_it_can_and_says_how_far(void) {
  static vil_loan_t many[VIL_BATCH_SIZE + 1];
  static vil_message_t news[VIL_BATCH_SIZE + 1];
  vil_loan_t loans[ROOM];
  vil_message_t messages[ROOM];
  size_t done = 77;
  begin();
  give(giver.plain, 6, 0);
  lend(giver.plain, loans, 5, 6);
  const vil_loan_t third = loans[2];
  SAYS(VIL_FULL, vil_sender_publish_batch(giver.plain, loans, 5, &done)); /* there is room for two */
  CHECK(done == 2 && loans[0].data == NULL && loans[1].data == NULL && loans[2].data == third.data);
  take(taker.plain, messages, ROOM, 0);
  const vil_message_t fifth = messages[4];
  let_go(taker.plain, messages, 4);
  CHECK(messages[4].ticket == fifth.ticket && number_of(&messages[4]) == 4);
  GOES(vil_sender_publish_batch(giver.plain, &loans[2], 3, &done)); /* they were still on loan */
  CHECK(done == 3);
  const size_t wrong[] = {0, VIL_BATCH_SIZE + 1, SIZE_MAX};
  for (size_t i = 0; i < 3; i++) {
    done = 77;
    SAYS(VIL_E_ARGUMENT, vil_sender_loan_batch(giver.plain, many, wrong[i], &done));
    SAYS(VIL_E_ARGUMENT, vil_sender_publish_batch(giver.plain, many, wrong[i], &done));
    SAYS(VIL_E_ARGUMENT, vil_receiver_receive_batch(taker.plain, 0, news, wrong[i], &done));
    SAYS(VIL_E_ARGUMENT, vil_receiver_release_batch(taker.plain, messages, wrong[i], &done));
    CHECK(done == 77 && many[0].data == NULL && news[0].data == NULL && messages[4].data != NULL);
  }
  let_go(taker.plain, &messages[4], 4);
  get(taker.plain, 3, 8);
  SAYS(VIL_OK, vil_sender_loan_batch(giver.plain, many, VIL_BATCH_SIZE, &done)); /* as many as its contract says */
  CHECK(done == ROOM && many[ROOM].data == NULL);
  end();
}

static void only_the_first_one_is_waited_for(void) {
  vil_loan_t loans[ROOM + 1];
  vil_message_t messages[ROOM + 1];
  size_t done = 77;
  begin();
  give(giver.plain, 3, 0);
  GOES(vil_receiver_receive_batch(taker.plain, VIL_FOREVER, messages, ROOM, &done));
  CHECK(done == 3);
  SAYS(VIL_EMPTY, vil_receiver_receive_batch(taker.plain, 0, messages + 3, 5, &done));
  CHECK(done == 0);
  SAYS(VIL_TIMEOUT, vil_receiver_receive_batch(taker.plain, SHORT_NS, messages + 3, 5, &done));
  CHECK(done == 0);
  let_go(taker.plain, messages, 3);
  GOES(vil_sender_loan_batch(giver.plain, loans, ROOM + 1, &done));
  CHECK(done == ROOM);
  SAYS(VIL_E_LIMIT, vil_sender_loan_batch(giver.plain, loans + ROOM, 1, &done));
  CHECK(done == 0);
  for (size_t i = 0; i < ROOM; i++) *(uint64_t *)loans[i].data = i;
  GOES(vil_sender_publish_batch(giver.plain, loans, ROOM, &done));
  take(taker.plain, messages, ROOM, 0);
  SAYS(VIL_EMPTY, vil_receiver_receive_batch(taker.plain, 0, messages + ROOM, 1, &done)); /* all of a ring is in hand */
  CHECK(done == 0);
  let_go(taker.plain, messages, ROOM);
  end();
}

static void full_rings_do_as_their_routes_say(void) {
  vil_loan_t loans[ROOM];
  vil_message_t messages[ROOM];
  size_t done = 77;
  begin();
  give(giver.waits, 6, 0);
  lend(giver.waits, loans, 4, 6);
  const uint64_t start = now_ns();
  SAYS(VIL_TIMEOUT, vil_sender_publish_batch(giver.waits, loans, 4, &done));
  CHECK(now_ns() - start >= 50000000u && done == 2 && loans[2].data != NULL);
  get(taker.waits, ROOM, 0); /* what went before the wait is there */
  GOES(vil_sender_publish_batch(giver.waits, loans + 2, 2, &done));
  get(taker.waits, 2, 8);

  give(giver.drops, 6, 0);
  lend(giver.drops, loans, 4, 6);
  SAYS(VIL_DROPPED, vil_sender_publish_batch(giver.drops, loans, 4, &done));
  CHECK(done == 4 && loans[3].data == NULL);
  get(taker.drops, ROOM, 0);
  SAYS(VIL_EMPTY, vil_receiver_receive(taker.drops, 0, messages));

  give(giver.oldest, 6, 0);
  give(giver.oldest, 4, 6);
  take(taker.oldest, messages, ROOM, 2);
  for (size_t i = 0; i < ROOM; i++) GOES(vil_receiver_consume(taker.oldest, &messages[i]));

  give(giver.plain, ROOM, 0);
  lend(giver.plain, loans, 1, 8);
  SAYS(VIL_FULL, vil_sender_publish_batch(giver.plain, loans, 1, &done));
  CHECK(done == 0 && loans[0].data != NULL);
  GOES(vil_sender_discard(giver.plain, loans));
  get(taker.plain, ROOM, 0);
  end();
}

static void it_goes_by_every_way(void) {
  vil_message_t messages[ROOM];
  vil_loan_t loans[ROOM], kept;
  size_t done = 0;
  begin();
  for (uint64_t round = 0; round < 40; round++) { /* over laps of rings, stamps and counts */
    const uint64_t first = round * 6;
    give(giver.cells, 6, first);
    get(taker.cells, 6, first);
    give(giver.copies, 6, first);
    get(taker.copies, 6, first);
    give(giver.work, 6, first);
    get(taker.work, 6, first);
    give(giver.shared, 6, first);
    get(taker.shared, 6, first);
    get(reader.shared, 6, first);
    give(giver.plain, 6, first);
    take(taker.plain, messages, 6, first);
    GOES(vil_receiver_release(taker.plain, &messages[1])); /* alone, together, and out of order */
    const vil_message_t last = messages[5];
    messages[5] = messages[2], messages[2] = last;
    let_go(taker.plain, &messages[2], 4);
    GOES(vil_receiver_release(taker.plain, &messages[0]));
  }
  lend(giver.kept, loans, 3, 0);
  GOES(vil_sender_keep(giver.kept, &loans[1])); /* goes alone, and is read on */
  kept = loans[1], loans[1] = loans[2];
  GOES(vil_sender_publish_batch(giver.kept, loans, 2, &done));
  CHECK(done == 2);
  GOES(vil_receiver_receive_batch(taker.kept, 0, messages, ROOM, &done));
  CHECK(done == 3 && number_of(&messages[0]) == 1 && number_of(&messages[1]) == 0 && number_of(&messages[2]) == 2);
  let_go(taker.kept, messages, 3);
  CHECK(*(const uint64_t *)kept.data == 1);
  GOES(vil_sender_release(giver.kept, &kept));

  give(giver.first, 3, 0); /* two routes into one port come in turn */
  give(giver.second, 4, 10);
  GOES(vil_receiver_receive_batch(taker.both, 0, messages, ROOM, &done));
  CHECK(done == 7 && messages[0].route != messages[1].route && messages[5].route == messages[6].route);
  uint64_t next[2] = {0, 10};
  for (size_t i = 0; i < 7; i++) {
    const size_t at = number_of(&messages[i]) < 10 ? 0 : 1;
    CHECK(number_of(&messages[i]) == next[at]++);
  }
  let_go(taker.both, messages, 7);
  end();
}

static void what_is_not_held_ends_it(void) {
  vil_loan_t loans[ROOM];
  vil_message_t messages[ROOM], others[ROOM];
  size_t done = 77;
  begin();
  lend(giver.plain, loans, 4, 0);
  loans[2] = loans[0]; /* twice; what was there is not named any more */
  SAYS(VIL_E_STATE, vil_sender_publish_batch(giver.plain, loans, 4, &done));
  CHECK(done == 2 && loans[1].data == NULL && loans[2].data != NULL && loans[3].data != NULL);
  GOES(vil_sender_discard(giver.plain, &loans[3]));
  SAYS(VIL_E_STATE, vil_sender_publish_batch(giver.plain, loans, 1, &done)); /* zeros */
  CHECK(done == 0);
  lend(giver.first, loans, 2, 0);
  SAYS(VIL_E_STATE, vil_sender_publish_batch(giver.second, loans, 2, &done)); /* another end's */
  CHECK(done == 0);
  GOES(vil_sender_publish_batch(giver.first, loans, 2, &done));
  take(taker.plain, messages, 2, 0);
  take(taker.both, others, 2, 0);
  messages[2] = messages[0];
  SAYS(VIL_E_STATE, vil_receiver_release_batch(taker.plain, messages, 3, &done));
  CHECK(done == 2 && messages[1].data == NULL && messages[2].data != NULL);
  SAYS(VIL_E_STATE, vil_receiver_release_batch(taker.plain, others, 2, &done));
  CHECK(done == 0);
  messages[0] = others[0], messages[1] = others[1];
  let_go(taker.both, messages, 2);
  SAYS(VIL_E_STATE, vil_receiver_release_batch(taker.both, others, 2, &done));
  CHECK(done == 0 && others[0].data != NULL);
  give(giver.plain, 1, 2);
  get(taker.plain, 1, 2);
  GOES(batches_giver_close(&giver)); /* with what nothing names any more */
  GOES(batches_giver_open_or_create(&giver, the_world, NULL, NULL));
  end();
}

static void what_needs_a_call_for_each_is_refused(void) {
  vil_loan_t loans[ROOM];
  vil_message_t messages[ROOM], questions[2];
  size_t done = 77;
  begin();
  give(giver.taken, 3, 0);
  take(taker.taken, messages, 3, 0);
  SAYS(VIL_E_UNSUPPORTED, vil_receiver_release_batch(taker.taken, messages, 3, &done));
  CHECK(done == 0 && messages[0].data != NULL);
  for (size_t i = 0; i < 3; i++) GOES(vil_receiver_consume(taker.taken, &messages[i]));
  give(giver.oldest, 2, 0); /* whoever receives from such a queue takes */
  take(taker.oldest, messages, 2, 0);
  SAYS(VIL_E_UNSUPPORTED, vil_receiver_release_batch(taker.oldest, messages, 2, &done));
  CHECK(done == 0 && messages[0].data != NULL);
  for (size_t i = 0; i < 2; i++) GOES(vil_receiver_consume(taker.oldest, &messages[i]));

  give(giver.ask, 2, 0); /* questions may go together */
  take(taker.ask, questions, 2, 0);
  lend(taker.vil_ask_answers, loans, 2, 0);
  SAYS(VIL_E_UNSUPPORTED, vil_sender_publish_batch(taker.vil_ask_answers, loans, 2, &done));
  CHECK(done == 0 && loans[0].data != NULL);
  for (size_t i = 0; i < 2; i++) GOES(vil_sender_answer(taker.vil_ask_answers, &loans[i], &questions[i]));
  take(giver.vil_ask_answers, messages, 2, 0); /* and so may answers be received */
  CHECK(messages[0].answers == questions[0].number && messages[1].answers == questions[1].number);
  let_go(giver.vil_ask_answers, messages, 2);
  let_go(taker.ask, questions, 2);
  end();
}

static const rule_t rules[] = {
    {"C-BATCH-1", it_goes_as_far_as_it_can_and_says_how_far},
    {"C-BATCH-2", only_the_first_one_is_waited_for},
    {"C-BATCH-3", full_rings_do_as_their_routes_say},
    {"C-BATCH-4", it_goes_by_every_way},
    {"C-BATCH-5", what_is_not_held_ends_it},
    {"C-BATCH-6", what_needs_a_call_for_each_is_refused},
};

RULES(rules)
