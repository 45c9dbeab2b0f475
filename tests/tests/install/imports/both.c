/* Prints numbers of two programs. */
#include <stdio.h>

#include <clock.h>
#include <meter.h>

int main(void) {
  printf("%u ticks, %u hours\n", (unsigned)METER_UNITS_TICKS, (unsigned)CLOCK_HOURS);
  return 0;
}
