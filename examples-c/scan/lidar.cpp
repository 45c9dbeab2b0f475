// A lidar in C++: three scans, each as long as what it saw, written where the map reads them.
// c++ -std=c++17 examples-c/scan/lidar.cpp -Iinclude -Ibindings/cpp/include -Iexamples-c/scan/generated
//     -Ltarget/artifact/release -lvil -Wl,-rpath,target/artifact/release -o target/lidar
#include <cstdio>

#include "scan_lidar.hpp"

// What is seen in one turn: `number` points, further away each time.
static void turn(const scan::ScanWriter &scan, unsigned number) {
  float x = static_cast<float>(number);
  for (scan::Point &point : scan.alloc_points(number)) point.x = x++;
  scan.set_stamp(number);
  scan.set_label("hall");
  const auto tags = scan.alloc_tags(2);
  tags[0].set("indoor");
  tags[1].set("low light");
  if (number != 1) return;
  const scan::MetaWriter meta = scan.alloc_meta();
  meta.set_source("roof");
  meta.set_firmware(7);
}

// Says on stderr what did not work and why.
static int failed(const char *what, const char *why) { return std::fprintf(stderr, "%s: %s\n", what, why), 1; }

int main(int argc, char **argv) {
  auto lidar = scan::Lidar::open_or_create(argc > 1 ? argv[1] : "scan");
  if (!lidar) return failed("open", lidar.error().message());
  for (unsigned number = 1; number <= 3; ++number) {
    auto draft = lidar->scans.loan();
    if (!draft) return failed("loan", vil::name(draft.error()));
    turn(draft->root(), number);
    auto scan = std::move(*draft).finish();
    if (!scan) return failed("finish", vil::name(scan.error()));
    const auto sent = scan->publish();
    if (!sent) return failed("publish", vil::name(sent.error()));
  }
  return 0;
}
