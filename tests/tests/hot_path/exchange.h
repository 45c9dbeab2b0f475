/* One lane of the stream and its two ends, through ports or through a queue of a heap: open them, put a message, get one.
   The lanes are the ports of stream.yaml and "queue". Never waits: who finds nothing comes again. */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vil/vil.h"

#include "stream_left.h"
#include "stream_program.h"
#include "stream_right.h"

#define GOES(call)                                                                                            \
  do {                                                                                                        \
    const vil_status_t said_ = (call);                                                                        \
    if (said_ != VIL_OK) {                                                                                    \
      fprintf(stderr, "%s:%d: %s says %s\n", __FILE__, __LINE__, #call, vil_status_name(said_));              \
      exit(1);                                                                                                \
    }                                                                                                         \
  } while (0)

/* Worlds are made with fences where this is set in the environment, and else as this machine can. */
static inline const vil_world_options_t *wished(void) {
  static vil_world_options_t options;
  options.struct_size = sizeof options;
  options.flags = getenv("VIL_HOT_PATH_FENCES") != NULL ? VIL_WORLD_FENCES : 0;
  return &options;
}

/* Bytes of a lane's message. */
static inline uint32_t size_of(const char *lane) {
  return strcmp(lane, "cells") == 0 ? sizeof(stream_small_t) : sizeof(stream_large_t);
}

/* Where a process lives: in the world of the program, or in a heap. */
typedef struct home {
  vil_world_t *world;
  vil_heap_t *heap;
} home_t;

/* The ends that a process has; NULL where it has none. */
typedef struct ends {
  vil_sender_t *sender;
  vil_receiver_t *receiver;
  vil_queue_t *producer, *consumer;
  vil_heap_t *heap; /* of the queue's blocks */
} ends_t;

static inline home_t home(const char *lane, const vil_contract_t *contract) {
  home_t at = {NULL, NULL};
  if (strcmp(lane, "queue") == 0) {
    vil_heap_options_t options;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.queue_count = 2;
    GOES(vil_heap_open_or_create("stream-heap", &options, &at.heap, NULL));
    return at;
  }
  vil_program_t *program = NULL;
  GOES(vil_program_parse(stream_program_json, strlen(stream_program_json), &program, NULL));
  GOES(vil_world_open_or_create("stream", program, contract, wished(), &at.world, NULL));
  GOES(vil_program_close(program));
  return at;
}

/* Opens the producing end of a port, or of the queue with this index. */
static inline void produce(ends_t *ends, const home_t *at, const char *port, uint32_t queue) {
  if (at->heap != NULL) {
    ends->heap = at->heap;
    GOES(vil_queue_open(at->heap, queue, VIL_PRODUCER, &ends->producer, NULL));
  } else {
    GOES(vil_sender_open(at->world, port, &ends->sender, NULL));
  }
}

/* Opens the consuming end of a port, or of the queue with this index. */
static inline void consume(ends_t *ends, const home_t *at, const char *port, uint32_t queue) {
  if (at->heap != NULL) {
    GOES(vil_queue_open(at->heap, queue, VIL_CONSUMER, &ends->consumer, NULL));
  } else {
    GOES(vil_receiver_open(at->world, port, &ends->receiver, NULL));
  }
}

/* The world handle of the receiving end that `both_ends` opened last. */
static vil_world_t *world_of_receiver;

/* Both ends of a lane in one process. */
static inline ends_t both_ends(const char *lane) {
  ends_t ends = {NULL, NULL, NULL, NULL, NULL};
  const home_t left = home(lane, &stream_left_contract), right = home(lane, &stream_right_contract);
  produce(&ends, &left, lane, 0);
  consume(&ends, ends.heap != NULL ? &left : &right, lane, 0); /* what one attachment pops, the other cannot free */
  world_of_receiver = right.world;
  return ends;
}

static inline void close_ends(const ends_t *ends) {
  if (ends->sender != NULL) GOES(vil_sender_close(ends->sender));
  if (ends->receiver != NULL) GOES(vil_receiver_close(ends->receiver));
  if (ends->producer != NULL) GOES(vil_queue_close(ends->producer));
  if (ends->consumer != NULL) GOES(vil_queue_close(ends->consumer));
}

static inline void write_words(void *data, uint64_t number) {
  ((uint64_t *)data)[0] = number;
  ((uint64_t *)data)[1] = ~number;
}

/* Loan, write, publish; or alloc, write, push. */
static inline void put(const ends_t *ends, uint64_t number) {
  if (ends->heap != NULL) {
    vil_block_t block;
    GOES(vil_heap_alloc(ends->heap, 256, 64, &block, NULL));
    write_words(block.data, number);
    GOES(vil_queue_push(ends->producer, &block));
    return;
  }
  vil_loan_t loan;
  GOES(vil_sender_loan(ends->sender, &loan));
  write_words(loan.data, number);
  GOES(vil_sender_publish(ends->sender, &loan));
}

/* Pops a block into a message that is freed by `release`. */
static inline vil_status_t pop(const ends_t *ends, vil_message_t *message) {
  vil_block_t block;
  const vil_status_t status = vil_queue_pop(ends->consumer, 0, &block);
  memset(message, 0, sizeof *message);
  message->data = block.data;
  message->ticket = block.reference;
  return status;
}

/* Receives and looks at it; false when there is nothing. */
static inline bool take(const ends_t *ends, uint64_t number, vil_message_t *message) {
  const vil_status_t status = ends->receiver != NULL ? vil_receiver_receive(ends->receiver, 0, message)
                                                     : pop(ends, message);
  if (status == VIL_EMPTY) return false;
  GOES(status);
  const uint64_t *words = (const uint64_t *)message->data;
  if (words[0] != number || words[1] != ~number) {
    fprintf(stderr, "another message than number %llu\n", (unsigned long long)number);
    exit(1);
  }
  return true;
}

static inline void release(const ends_t *ends, vil_message_t *message) {
  if (ends->receiver != NULL) {
    GOES(vil_receiver_release(ends->receiver, message));
    return;
  }
  vil_block_t block;
  GOES(vil_heap_resolve(ends->heap, message->ticket, &block));
  GOES(vil_heap_free(ends->heap, &block));
}

/* Receive, look, release; false when there is nothing. */
static inline bool get(const ends_t *ends, uint64_t number) {
  vil_message_t message;
  if (!take(ends, number, &message)) return false;
  release(ends, &message);
  return true;
}

/* A message that must be there. */
static inline void take_now(const ends_t *ends, uint64_t number, vil_message_t *message) {
  if (take(ends, number, message)) return;
  fprintf(stderr, "no message %llu\n", (unsigned long long)number);
  exit(1);
}

/* One message at a time from end to end, `count` times. */
static inline uint64_t one_by_one(const ends_t *ends, uint64_t number, uint64_t count) {
  for (const uint64_t end = number + count; number < end; number++) {
    vil_message_t message;
    put(ends, number);
    take_now(ends, number, &message);
    release(ends, &message);
  }
  return number;
}

/* Messages of one batch. */
#define BATCH 16

/* One batch from end to end by the calls that are made for it, received and released `part` at a time. Only ports have it. */
static inline uint64_t one_batch(const ends_t *ends, uint64_t number, size_t part) {
  vil_loan_t loans[BATCH];
  vil_message_t messages[BATCH];
  size_t done = 0, released = 0;
  GOES(vil_sender_loan_batch(ends->sender, loans, BATCH, &done));
  if (done != BATCH) exit(1);
  for (uint64_t i = 0; i < BATCH; i++) write_words(loans[i].data, number + i);
  GOES(vil_sender_publish_batch(ends->sender, loans, BATCH, &done));
  for (const uint64_t end = number + BATCH; number < end; number += done) {
    GOES(vil_receiver_receive_batch(ends->receiver, 0, messages, part, &done));
    for (uint64_t i = 0; i < done; i++) {
      const uint64_t *words = (const uint64_t *)messages[i].data;
      if (words[0] != number + i || words[1] != ~(number + i)) exit(1);
    }
    GOES(vil_receiver_release_batch(ends->receiver, messages, done, &released));
    if (released != done) exit(1);
  }
  return number;
}

/* Batches, every second one received in parts. */
static inline uint64_t in_batches(const ends_t *ends, uint64_t number, uint64_t batches) {
  for (uint64_t i = 0; i < batches; i++) number = one_batch(ends, number, i % 2 == 0 ? BATCH : 6);
  return number;
}

/* Words of the largest message. */
#define WORDS (sizeof(stream_large_t) / 8)

/* Is it the message of this number? */
static inline void look_at(const uint64_t *words, uint64_t number) {
  if (words[0] == number && words[1] == ~number) return;
  fprintf(stderr, "another message than number %llu\n", (unsigned long long)number);
  exit(1);
}

/* Sent by one call and read by one; only ports have it. */
static inline uint64_t sent(const ends_t *ends, uint64_t number, uint64_t count, uint32_t size) {
  uint64_t words[WORDS] = {0}, read[WORDS];
  for (const uint64_t end = number + count; number < end; number++) {
    write_words(words, number);
    GOES(vil_sender_send(ends->sender, words, size));
    GOES(vil_receiver_read(ends->receiver, 0, read, size));
    look_at(read, number);
  }
  return number;
}

/* The same, several by one call. */
static inline uint64_t sent_in_batches(const ends_t *ends, uint64_t number, uint64_t batches, uint32_t size) {
  uint64_t words[BATCH * WORDS] = {0}, read[BATCH * WORDS];
  size_t done = 0;
  for (uint64_t batch = 0; batch < batches; batch++) {
    for (uint64_t i = 0; i < BATCH; i++) write_words((char *)words + i * size, number + i);
    GOES(vil_sender_send_batch(ends->sender, words, size, BATCH, &done));
    if (done != BATCH) exit(1);
    GOES(vil_receiver_read_batch(ends->receiver, 0, read, size, BATCH, &done));
    if (done != BATCH) exit(1);
    for (uint64_t i = 0; i < BATCH; i++, number++) look_at((const uint64_t *)((char *)read + i * size), number);
  }
  return number;
}

/* Messages in bursts of 8, two of them in hand at once and released in the other order, `bursts` times. */
static inline uint64_t in_bursts(const ends_t *ends, uint64_t number, uint64_t bursts) {
  for (uint64_t burst = 0; burst < bursts; burst++) {
    for (uint64_t i = 0; i < 8; i++) put(ends, number + i);
    for (uint64_t i = 0; i < 8; i += 2) {
      vil_message_t first, second;
      take_now(ends, number + i, &first);
      take_now(ends, number + i + 1, &second);
      release(ends, &second);
      release(ends, &first);
    }
    number += 8;
  }
  return number;
}

#endif
