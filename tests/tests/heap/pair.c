/* One of two processes that pass blocks to each other: `pair push COUNT` and `pair pop COUNT`, in either order.
   The pusher sends numbered blocks of two sizes in batches; the popper frees every other one and sends the rest back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vil/vil.h"

#define BATCH 8

#define GOES(call)                                                                               \
  do {                                                                                           \
    const vil_status_t said_ = (call);                                                           \
    if (said_ != VIL_OK) {                                                                       \
      fprintf(stderr, "%s:%d: %s says %s\n", __FILE__, __LINE__, #call, vil_status_name(said_)); \
      exit(1);                                                                                   \
    }                                                                                            \
  } while (0)

/* The other one may not be there yet, or not any more. */
static void push(vil_queue_t *queue, vil_block_t *block) {
  vil_status_t status;
  do status = vil_queue_push(queue, block);
  while (status == VIL_TIMEOUT || status == VIL_PEER_GONE);
  GOES(status);
}

static void pop(vil_queue_t *queue, vil_block_t *block) {
  vil_status_t status;
  do status = vil_queue_pop(queue, VIL_FOREVER, block);
  while (status == VIL_PEER_GONE);
  GOES(status);
}

static void push_all(vil_heap_t *heap, vil_queue_t *out, vil_queue_t *back, uint64_t count) {
  uint64_t returned = 0;
  for (uint64_t number = 0; number < count;) {
    vil_block_t blocks[BATCH];
    size_t filled = 0, pushed = 0;
    for (; filled < BATCH && number < count; filled++, number++) {
      GOES(vil_heap_alloc(heap, number % 3 == 0 ? 4096 : 8, 8, &blocks[filled], NULL));
      *(uint64_t *)blocks[filled].data = number;
    }
    while (pushed < filled) {
      size_t done = 0;
      const vil_status_t status = vil_queue_push_batch(out, blocks + pushed, filled - pushed, &done);
      pushed += done;
      if (status != VIL_TIMEOUT && status != VIL_PEER_GONE) GOES(status);
    }
    for (vil_block_t block; vil_queue_pop(back, 0, &block) == VIL_OK; returned++) GOES(vil_heap_free(heap, &block));
  }
  for (; returned < count / 2; returned++) {
    vil_block_t block;
    pop(back, &block);
    GOES(vil_heap_free(heap, &block));
  }
}

static void pop_all(vil_heap_t *heap, vil_queue_t *in, vil_queue_t *back, uint64_t count) {
  for (uint64_t number = 0; number < count; number++) {
    vil_block_t block;
    pop(in, &block);
    if (*(uint64_t *)block.data != number || block.size != (number % 3 == 0 ? 4096 : 64)) {
      fprintf(stderr, "block %llu is another one\n", (unsigned long long)number);
      exit(1);
    }
    if (number % 2 == 0) GOES(vil_heap_free(heap, &block));
    else push(back, &block);
  }
}

int main(int argc, char **argv) {
  const vil_block_class_t classes[2] = {{64, 512}, {4096, 128}};
  const vil_queue_shape_t queues[2] = {{VIL_QUEUE_SPSC, 32, VIL_FULL_BLOCKS, 100}, {VIL_QUEUE_SPSC, 64, VIL_FULL_BLOCKS, 100}};
  vil_heap_options_t options;
  vil_heap_t *heap = NULL;
  vil_queue_t *first = NULL, *second = NULL;
  vil_error_t error;
  if (argc != 3) return 2;
  const int pushes = strcmp(argv[1], "push") == 0;
  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  options.classes = classes;
  options.class_count = 2;
  options.queues = queues;
  options.queue_count = 2;
  if (vil_heap_open_or_create("pair", &options, &heap, &error) != VIL_OK) return fprintf(stderr, "%s\n", error.message), 1;
  GOES(vil_queue_open(heap, 0, pushes ? VIL_PRODUCER : VIL_CONSUMER, &first, NULL));
  GOES(vil_queue_open(heap, 1, pushes ? VIL_CONSUMER : VIL_PRODUCER, &second, NULL));
  (pushes ? push_all : pop_all)(heap, first, second, strtoull(argv[2], NULL, 10));
  GOES(vil_queue_close(first));
  GOES(vil_queue_close(second));
  GOES(vil_heap_close(heap));
  return 0;
}
