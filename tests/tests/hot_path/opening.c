/* Makes a heap and opens it so many times, with a call of getppid, which libvil never makes, before and after each:
   `opening TIMES`. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vil/vil.h"

static void mark(void) { syscall(SYS_getppid); }

static void must(vil_status_t status, const vil_error_t *error) {
  if (status == VIL_OK) return;
  fprintf(stderr, "%s: %s\n", vil_status_name(status), error->message);
  exit(1);
}

int main(int argc, char **argv) {
  const vil_block_class_t class_of_64 = {64, 64};
  vil_heap_options_t options = {.struct_size = sizeof options, .classes = &class_of_64, .class_count = 1};
  const int times = argc > 1 ? atoi(argv[1]) : 1;
  vil_error_t error;
  vil_heap_t *heap;
  mark();
  must(vil_heap_create("opened", &options, &heap, &error), &error);
  mark();
  for (int time = 0; time < times; time++) {
    must(vil_heap_open("opened", NULL, &heap, &error), &error);
    mark();
  }
  return 0;
}
