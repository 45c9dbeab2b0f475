/* Hello without a program: blocks of a heap, pushed into a queue. Run it before, after or beside heap_pop.
   cc examples-c/hello/heap_push.c -Iinclude -Ltarget/artifact/release -lvil \
      -Wl,-rpath,target/artifact/release -o target/heap_push */
#include <stdio.h>

#include "vil/vil.h"

/* Says on stderr what did not work and why. */
static int failed(const char *what, const char *why) { return fprintf(stderr, "%s: %s\n", what, why), 1; }

int main(int argc, char **argv) {
  const char *name = argc > 1 ? argv[1] : "hello-heap";
  vil_heap_options_t options = {.struct_size = sizeof options, .queue_count = 1};
  vil_heap_t *heap;
  vil_queue_t *queue;
  vil_error_t error = {0};
  if (vil_heap_open_or_create(name, &options, &heap, &error) != VIL_OK) return failed("heap", error.message);
  if (vil_queue_open(heap, 0, VIL_PRODUCER, &queue, &error) != VIL_OK) return failed("queue", error.message);
  for (int i = 1; i <= 3; i++) {
    vil_block_t block;
    if (vil_heap_alloc(heap, 64, 8, &block, &error) != VIL_OK) return failed("alloc", error.message);
    snprintf(block.data, block.size, "hello %d from the heap", i);
    const vil_status_t status = vil_queue_push(queue, &block);
    if (status != VIL_OK) return failed("push", vil_status_name(status));
  }
  return vil_queue_close(queue) != VIL_OK || vil_heap_close(heap) != VIL_OK;
}
