/* Hello without a program: blocks of a heap, pushed into a queue. Run it before, after or beside heap_pop.
   cc examples-c/hello/heap_push.c -Iinclude -Ltarget/artifact/release -lvil \
      -Wl,-rpath,target/artifact/release -o target/heap_push */
#include <stdio.h>

#include "vil/vil.h"

int main(int argc, char **argv) {
  const char *name = argc > 1 ? argv[1] : "hello-heap";
  vil_heap_options_t options = {.struct_size = sizeof options, .queue_count = 1};
  vil_heap_t *heap;
  vil_queue_t *queue;
  vil_error_t error;
  if (vil_heap_open_or_create(name, &options, &heap, &error) != VIL_OK) return puts(error.message), 1;
  if (vil_queue_open(heap, 0, VIL_PRODUCER, &queue, &error) != VIL_OK) return puts(error.message), 1;
  for (int i = 1; i <= 3; i++) {
    vil_block_t block;
    if (vil_heap_alloc(heap, 64, 8, &block, &error) != VIL_OK) return puts(error.message), 1;
    snprintf(block.data, block.size, "hello %d from the heap", i);
    if (vil_queue_push(queue, &block) != VIL_OK) return 1;
  }
  return vil_queue_close(queue) != VIL_OK || vil_heap_close(heap) != VIL_OK;
}
