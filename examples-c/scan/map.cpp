// A map in C++: reads scans where the lidar wrote them, and copies nothing.
// c++ -std=c++17 examples-c/scan/map.cpp -Iinclude -Ibindings/cpp/include -Iexamples-c/scan/generated -Ltarget/artifact/release
//     -lvil -Wl,-rpath,target/artifact/release -o target/map
#include <cstdio>

#include "scan_map.hpp"

static void show(const scan::ScanView &scan) {
  float furthest = 0;
  for (const scan::Point &point : scan.points()) furthest = point.x > furthest ? point.x : furthest;
  std::printf("%u: %u points within %.0f m in %s", static_cast<unsigned>(scan.stamp()),
              static_cast<unsigned>(scan.points().size()), static_cast<double>(furthest), scan.label().data());
  for (const std::string_view tag : scan.tags()) std::printf(", %s", tag.data());
  if (scan.has_meta()) std::printf(" (%s %u)", scan.meta().source().data(), static_cast<unsigned>(scan.meta().firmware()));
  std::printf("\n");
}

// Says on stderr what did not work and why.
static int failed(const char *what, const char *why) { return std::fprintf(stderr, "%s: %s\n", what, why), 1; }

int main(int argc, char **argv) {
  const char *name = argc > 1 ? argv[1] : "scan";
  auto map = scan::Map::open_or_create(name);
  if (!map) return failed("open", map.error().message());
  for (int i = 0; i < 3; ++i) {
    auto scan = map->scans.receive(vil::forever);
    if (!scan) return failed("receive", vil::name(scan.error()));
    show(**scan);
  }
  const auto gone = vil::World::unlink(name);
  return gone ? 0 : failed("unlink", gone.error().message());
}
