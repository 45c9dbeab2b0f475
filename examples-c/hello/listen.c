/* Listens in C: greetings, read where the speaker wrote them.
   cc examples-c/hello/listen.c -Iinclude -Iexamples-c/hello/generated -Ltarget/artifact/release -lvil \
      -Wl,-rpath,target/artifact/release -o target/listen */
#include <stdio.h>

#include "hello_listen.h"

/* Says on stderr what did not work and why. */
static int failed(const char *what, const char *why) { return fprintf(stderr, "%s: %s\n", what, why), 1; }

int main(int argc, char **argv) {
  const char *world = argc > 1 ? argv[1] : "hello";
  hello_listen_t self;
  vil_error_t error = {0};
  if (hello_listen_open_or_create(&self, world, NULL, &error) != VIL_OK) return failed("open", error.message);
  for (int i = 0; i < 3; i++) {
    hello_greeting_msg_t greeting;
    vil_status_t status = hello_listen_greetings_receive(&self, VIL_FOREVER, &greeting);
    if (status != VIL_OK) return failed("receive", vil_status_name(status));
    printf("%u %.28s\n", (unsigned)greeting.msg->number, (const char *)greeting.msg->text);
    status = hello_listen_greetings_release(&self, &greeting);
    if (status != VIL_OK) return failed("release", vil_status_name(status));
  }
  if (vil_world_unlink(world, NULL, &error) != VIL_OK) return failed("unlink", error.message);
  return hello_listen_close(&self) != VIL_OK;
}
