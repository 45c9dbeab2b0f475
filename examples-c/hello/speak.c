/* Hello from C: three greetings, written where the listener reads them.
   cc examples-c/hello/speak.c -Iinclude -Iexamples-c/hello/generated -Ltarget/artifact/release -lvil \
      -Wl,-rpath,target/artifact/release -o target/speak */
#include <stdio.h>

#include "hello_speak.h"

/* Says on stderr what did not work and why. */
static int failed(const char *what, const char *why) { return fprintf(stderr, "%s: %s\n", what, why), 1; }

int main(int argc, char **argv) {
  hello_speak_t self;
  vil_error_t error = {0};
  if (hello_speak_open_or_create(&self, argc > 1 ? argv[1] : "hello", NULL, &error) != VIL_OK) {
    return failed("open", error.message);
  }
  for (uint32_t number = 1; number <= 3; number++) {
    hello_greeting_loan_t loan;
    vil_status_t status = hello_speak_greetings_loan(&self, &loan);
    if (status != VIL_OK) return failed("loan", vil_status_name(status));
    hello_greeting_init(loan.msg);
    loan.msg->number = number;
    snprintf((char *)loan.msg->text, sizeof loan.msg->text, "hello from C");
    status = hello_speak_greetings_publish(&self, &loan);
    if (status != VIL_OK) return failed("publish", vil_status_name(status));
  }
  return hello_speak_close(&self) != VIL_OK;
}
