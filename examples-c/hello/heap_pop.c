/* Hello without a program: what heap_push pushed, read where it lies.
   cc examples-c/hello/heap_pop.c -Iinclude -Ltarget/artifact/release -lvil \
      -Wl,-rpath,target/artifact/release -o target/heap_pop */
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
  if (vil_queue_open(heap, 0, VIL_CONSUMER, &queue, &error) != VIL_OK) return failed("queue", error.message);
  for (int i = 1; i <= 3; i++) {
    vil_block_t block;
    vil_status_t status = vil_queue_pop(queue, VIL_FOREVER, &block);
    if (status != VIL_OK) return failed("pop", vil_status_name(status));
    printf("%s\n", (const char *)block.data);
    status = vil_heap_free(heap, &block);
    if (status != VIL_OK) return failed("free", vil_status_name(status));
  }
  if (vil_world_unlink(name, NULL, &error) != VIL_OK) return failed("unlink", error.message);
  return vil_queue_close(queue) != VIL_OK || vil_heap_close(heap) != VIL_OK;
}
