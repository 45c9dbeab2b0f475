/* Sends a number to itself through shared memory: one block, one queue, both ends in this process. */
#include <stdio.h>

#include <vil/vil.h>

static int fail(const char *what, vil_status_t status, const vil_error_t *error) {
  fprintf(stderr, "%s: %s %s\n", what, vil_status_name(status), error->message);
  return 1;
}

static int exchange(vil_heap_t *heap, vil_error_t *error) {
  vil_queue_t *out = NULL, *in = NULL;
  vil_block_t block = {0};
  vil_status_t status = vil_queue_open(heap, 0, VIL_PRODUCER, &out, error);
  if (status == VIL_OK) status = vil_queue_open(heap, 0, VIL_CONSUMER, &in, error);
  if (status == VIL_OK) status = vil_heap_alloc(heap, sizeof(uint64_t), 8, &block, error);
  if (status != VIL_OK) return fail("alloc", status, error);
  *(uint64_t *)block.data = 42;
  status = vil_queue_push(out, &block);
  if (status == VIL_OK) status = vil_queue_pop(in, 1000000000u, &block);
  if (status != VIL_OK) return fail("pop", status, error);
  printf("received %llu\n", (unsigned long long)*(const uint64_t *)block.data);
  status = vil_heap_free(heap, &block);
  if (status == VIL_OK) status = vil_queue_close(in);
  if (status == VIL_OK) status = vil_queue_close(out);
  return status == VIL_OK ? 0 : fail("free", status, error);
}

int main(void) {
  vil_error_t error = {0};
  vil_heap_t *heap = NULL;
  vil_heap_options_t options = {0};
  options.struct_size = sizeof options;
  options.queue_count = 1;
  vil_status_t status = vil_heap_create("consumer", &options, &heap, &error);
  if (status != VIL_OK) return fail("create", status, &error);
  int result = exchange(heap, &error);
  status = vil_heap_close(heap);
  if (status == VIL_OK) status = vil_world_unlink("consumer", NULL, &error);
  if (status != VIL_OK) return fail("unlink", status, &error);
  return result;
}
