/* Hello without a program: what heap_push pushed, read where it lies.
   cc examples-c/hello/heap_pop.c -Iinclude -Ltarget/artifact/release -lvil \
      -Wl,-rpath,target/artifact/release -o target/heap_pop */
#include <stdio.h>

#include "vil/vil.h"

int main(int argc, char **argv) {
  const char *name = argc > 1 ? argv[1] : "hello-heap";
  vil_heap_options_t options = {.struct_size = sizeof options, .queue_count = 1};
  vil_heap_t *heap;
  vil_queue_t *queue;
  vil_error_t error;
  if (vil_heap_open_or_create(name, &options, &heap, &error) != VIL_OK) return puts(error.message), 1;
  if (vil_queue_open(heap, 0, VIL_CONSUMER, &queue, &error) != VIL_OK) return puts(error.message), 1;
  for (int i = 1; i <= 3; i++) {
    vil_block_t block;
    if (vil_queue_pop(queue, VIL_FOREVER, &block) != VIL_OK) return 1;
    printf("%s\n", (const char *)block.data);
    if (vil_heap_free(heap, &block) != VIL_OK) return 1;
  }
  return vil_world_unlink(name, NULL, &error) != VIL_OK || vil_queue_close(queue) != VIL_OK || vil_heap_close(heap) != VIL_OK;
}
