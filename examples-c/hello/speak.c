/* Hello from C: three greetings, written where the listener reads them.
   cc examples-c/hello/speak.c -Iinclude -Iexamples-c/hello/generated -Ltarget/artifact/release -lvil \
      -Wl,-rpath,target/artifact/release -o target/speak */
#include <stdio.h>

#include "hello_speak.h"

int main(int argc, char **argv) {
  hello_speak_t self;
  vil_error_t error;
  if (hello_speak_open_or_create(&self, argc > 1 ? argv[1] : "hello", NULL, &error) != VIL_OK) {
    return puts(error.message), 1;
  }
  for (uint32_t number = 1; number <= 3; number++) {
    hello_greeting_loan_t loan;
    if (hello_speak_greetings_loan(&self, &loan) != VIL_OK) return 1;
    hello_greeting_init(loan.msg);
    loan.msg->number = number;
    snprintf((char *)loan.msg->text, sizeof loan.msg->text, "hello from C");
    if (hello_speak_greetings_publish(&self, &loan) != VIL_OK) return 1;
  }
  return hello_speak_close(&self) != VIL_OK;
}
