/* Prints a number that comes by a path with a blank, a dollar and a hash. */
#include <stdio.h>

#include <odd.h>

int main(void) {
  printf("%u ticks\n", (unsigned)ODD_UNITS_TICKS);
  return 0;
}
