// An event loop in C++: poll(), and the receivers asked one after the other until they have nothing more. Ends when both
// producers are gone, and prints what it saw.
#include <poll.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "demo_line_sink.hpp"

namespace {

constexpr std::chrono::nanoseconds now{0};
constexpr std::chrono::milliseconds late_after{2};

std::uint64_t messages, alarms, wakes, late, gone;

void check(bool holds, const char *what) {
  if (holds) return;
  std::fprintf(stderr, "not so: %s\n", what);
  std::exit(1);
}

std::chrono::nanoseconds clock_now() { return std::chrono::steady_clock::now().time_since_epoch(); }

void take_readings(demo::line::Sink &sink) {
  for (bool is_first = true;; is_first = false) {
    auto reading = sink.readings.receive(now);
    if (!reading) return check(reading.error() == vil::Status::empty, "nothing is left");
    check((*reading)->value == static_cast<double>(messages), "readings come in order");
    const std::chrono::nanoseconds age = clock_now() - std::chrono::nanoseconds((*reading)->time);
    if (is_first && age > late_after) ++late;
    ++messages;
  }
}

void take_alarms(demo::line::Sink &sink) {
  for (;;) {
    auto alarm = sink.alarms.receive(now);
    if (!alarm) return check(alarm.error() == vil::Status::empty, "nothing is left");
    check((*alarm)->vil_arm.overheated.value == static_cast<double>(alarms), "alarms come in order");
    ++alarms;
  }
}

}  // namespace

int main() {
  auto sink = demo::line::Sink::open_or_create("loops");
  check(sink.has_value(), "the world opens");
  auto set = vil::WaitSet::create(sink->world);
  check(set.has_value() && set->add(sink->readings, 1) && set->add(sink->alarms, 2), "the set is made");
  auto fd = set->descriptor();
  check(fd.has_value(), "there is a descriptor");
  while (gone < 2) {
    pollfd polled{*fd, POLLIN, 0};
    check(::poll(&polled, 1, 60000) == 1, "a wake-up comes");
    ++wakes;
    for (bool is_left = true; is_left;) {
      take_readings(*sink);
      take_alarms(*sink);
      // Losses are told by the set alone, one at a time.
      auto woken = set->wait(now);
      if (woken && woken->is_peer_gone) ++gone;
      is_left = woken.has_value();
    }
  }
  std::printf("messages %llu\nalarms %llu\nwakes %llu\nlate %llu\n", static_cast<unsigned long long>(messages),
              static_cast<unsigned long long>(alarms), static_cast<unsigned long long>(wakes),
              static_cast<unsigned long long>(late));
}
