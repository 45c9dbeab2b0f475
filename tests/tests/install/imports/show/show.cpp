// Prints a number from an import of an import, in C++ and in C.
#include <cstdio>

#include <meter.h>
#include <meter.hpp>

int main() {
  static_assert(meter::kUnitsTicks == METER_UNITS_TICKS, "both come from one file");
  std::printf("%u ticks\n", static_cast<unsigned>(meter::kUnitsTicks));
}
