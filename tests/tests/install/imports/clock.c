/* Prints a number of a program without imports. */
#include <stdio.h>

#include <clock.h>

int main(void) {
  printf("%u hours\n", (unsigned)CLOCK_HOURS);
  return 0;
}
