/* Listens in C: greetings, read where the speaker wrote them.
   cc examples-c/hello/listen.c -Iinclude -Iexamples-c/hello/generated -Ltarget/artifact/release -lvil \
      -Wl,-rpath,target/artifact/release -o target/listen */
#include <stdio.h>

#include "hello_listen.h"

int main(int argc, char **argv) {
  const char *world = argc > 1 ? argv[1] : "hello";
  hello_listen_t self;
  vil_error_t error;
  if (hello_listen_open_or_create(&self, world, NULL, &error) != VIL_OK) return puts(error.message), 1;
  for (int i = 0; i < 3; i++) {
    hello_greeting_msg_t greeting;
    if (hello_listen_greetings_receive(&self, VIL_FOREVER, &greeting) != VIL_OK) return 1;
    printf("%u %.28s\n", (unsigned)greeting.msg->number, (const char *)greeting.msg->text);
    if (hello_listen_greetings_release(&self, &greeting) != VIL_OK) return 1;
  }
  return hello_listen_close(&self) != VIL_OK || vil_world_unlink(world, NULL, NULL) != VIL_OK;
}
