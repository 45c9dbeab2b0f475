// Relative messages through a world in every mode that ports have. Without an argument one process plays both ends; `lidar`
// and `map` are one of two. What does not hold is told with its line, and ends the program.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "relative_lidar.hpp"
#include "relative_map.hpp"

using namespace relative;
using vil::Status;

#define HOLDS(condition)                                                   \
  do {                                                                     \
    if (!(condition)) {                                                    \
      std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      std::exit(1);                                                        \
    }                                                                      \
  } while (0)

constexpr std::uint64_t rounds = 600;
constexpr std::chrono::nanoseconds now{0};
// Longer than anything here takes; only a call that hangs reaches it.
constexpr std::chrono::seconds patience{20};

struct Stage {
  Lidar lidar = std::move(Lidar::open_or_create("stage").value());
  Map map = std::move(Map::open_within("stage", patience).value());
};

// A scan of this number, as large as the number says.
static void fill(const ScanWriter &scan, std::uint64_t number) {
  scan.set_stamp(number);
  const vil::SliceWriter<Point> points = scan.alloc_points(number % 100);
  for (std::size_t i = 0; i < points.size(); ++i) points[i] = {static_cast<float>(number), static_cast<float>(i)};
  scan.set_label(std::string(number % 50, 'x'));
  const ChannelWriter channel = scan.alloc_channels(1)[0];
  channel.set_name("front");
  channel.set_unit(Units::metre);
}

static bool is_scan(const ScanView &scan, std::uint64_t number) {
  float sum = 0;
  for (const Point &point : scan.points()) sum += point.x - static_cast<float>(number);
  const bool sized = scan.points().size() == number % 100 && scan.label().size() == number % 50;
  return sized && scan.stamp() == number && !(sum < 0) && !(sum > 0) && scan.channels()[0].name() == "front";
}

// Builds and publishes a scan by a port.
template <typename Port>
static auto publish(Port &port, std::uint64_t number) {
  auto draft = port.loan();
  HOLDS(draft && *draft);
  fill(draft->root(), number);
  auto finished = std::move(*draft).finish();
  HOLDS(finished && !*draft && is_scan(finished->view(), number));
  return finished->publish();
}

static void read_in_place(Stage &stage) {
  for (std::uint64_t number = 0; number < rounds; ++number) {
    HOLDS(publish(stage.lidar.scans, number));
    auto scan = stage.map.scans.receive(now);
    HOLDS(is_scan(**scan, number) && (*scan)->stamp() == number);
    HOLDS(scan->release() && !*scan && !**scan && (*scan)->points().empty());
  }
}

static void kept(Stage &stage) {
  for (std::uint64_t number = 0; number < rounds; ++number) {
    auto draft = stage.lidar.still.loan();
    (*draft)->set_stamp(number);
    auto still = std::move(*draft).finish().value().keep();
    auto scan = stage.map.still.receive(now);
    HOLDS(still && (*still)->stamp() == number && (*scan)->stamp() == number);
    HOLDS(scan->release() && (*still)->stamp() == number && still->release() && (*still)->stamp() == 0);
  }
}

static void taken(Stage &stage) {
  for (std::uint64_t number = 0; number < rounds; ++number) {
    auto draft = stage.lidar.notes.loan();
    if (number % 2 == 0) {
      draft->root().set_said().set_text("word");
    } else {
      draft->root().set_seen().set_where({1, 2});
    }
    HOLDS(std::move(*draft).finish().value().publish());
    auto note = stage.map.notes.receive(now);
    HOLDS((*note)->tag() == (number % 2 == 0 ? Note::kTagSaid : Note::kTagSeen));
    HOLDS((*note)->as_said().text() == (number % 2 == 0 ? "word" : "") && note->consume());
  }
}

static void asked_and_answered(Stage &stage) {
  for (std::uint64_t number = 0; number < rounds; ++number) {
    auto question = stage.map.find.loan();
    (*question)->set_pattern("a*");
    HOLDS(*std::move(*question).finish().value().ask() == number);
    auto asked = stage.lidar.find.receive(now);
    auto answer = stage.lidar.find.loan();
    const vil::StrWriters<0> lines = (*answer)->alloc_lines(2);
    lines[0].set((*asked)->pattern());
    lines[1].set(std::to_string(number));
    HOLDS(std::move(*answer).finish().value().answer(*asked) && asked->release());
    auto answered = stage.map.find.receive(now);
    HOLDS(answered->answers() == number && (*answered)->lines()[0] == "a*");
    HOLDS((*answered)->lines()[1] == std::to_string(number));
  }
}

static void what_is_not_finished_is_not_published(Stage &stage) {
  { auto let_go = stage.lidar.grown.loan(); }
  auto draft = stage.lidar.scans.loan();
  (*draft)->set_label("\xff");
  HOLDS(draft->fault() == Status::e_argument && std::move(*draft).finish().status() == Status::e_argument && *draft);
  draft->restart();
  fill(draft->root(), 7);
  auto finished = std::move(*draft).finish();
  HOLDS(finished && std::move(*draft).finish().status() == Status::e_state && !draft->root());
  HOLDS(finished->discard() && !*finished && !finished->view());
  HOLDS(stage.map.scans.receive(now).status() == Status::empty && stage.map.grown.receive(now).status() == Status::empty);
}

// Writes by a writer that was made while the draft held its slot, and begins the draft anew.
template <typename Draft>
static void go_on_writing(Draft &draft, const ScanWriter &early) {
  early.set_stamp(99);
  draft.restart();
  early.set_stamp(99);
  early.set_label("late");
  draft->set_stamp(99);
  HOLDS(!draft && !early && draft.fault() == Status::e_state && draft.used() == 0);
  HOLDS(std::move(draft).finish().status() == Status::e_state && !draft.discard());
}

static void a_draft_writes_only_into_a_slot_that_it_holds(Stage &stage) {
  auto draft = stage.lidar.scans.loan();
  const ScanWriter finishing = draft->root();
  fill(finishing, 7);
  auto finished = std::move(*draft).finish();
  go_on_writing(*draft, finishing);
  HOLDS(is_scan(finished->view(), 7) && finished->discard());

  auto gone = stage.lidar.scans.loan();
  const ScanWriter discarding = gone->root();
  HOLDS(gone->discard());
  auto other = stage.lidar.scans.loan();
  fill(other->root(), 8);
  go_on_writing(*gone, discarding);
  HOLDS(is_scan(std::move(*other).finish()->view(), 8));

  auto from = stage.lidar.scans.loan();
  const ScanWriter moving = from->root();
  auto to = std::move(*from);
  fill(to.root(), 9);
  go_on_writing(*from, moving);
  const ScanWriter assigning = to.root();
  Lidar aside = std::move(Lidar::open_or_create("aside").value());
  auto last = aside.scans.loan();
  (*last)->set_label("gone with its slot");
  HOLDS(!aside.scans.loan());
  *last = std::move(to);
  HOLDS(aside.scans.loan());
  go_on_writing(to, assigning);
  HOLDS(*last && last->fault() == Status::ok && is_scan(std::move(*last).finish()->view(), 9));
}

// A note whose text is said to be this long, as a buggy peer might send it.
static void send_note(Stage &stage, std::uint32_t count) {
  vil_loan_t raw{};
  HOLDS(vil_sender_loan(stage.lidar.notes.get(), &raw) == VIL_OK);
  NoteBuilder builder(raw.data, raw.size);
  builder.root().set_said().set_text("word");
  const std::uint32_t size = builder.finish().value();
  const std::uint64_t word = (size - 5) | static_cast<std::uint64_t>(count) << 32;
  std::memcpy(static_cast<unsigned char *>(raw.data) + 16 + offsetof(Note, vil_arm), &word, sizeof word);
  HOLDS(vil_sender_publish(stage.lidar.notes.get(), &raw) == VIL_OK);
}

static void a_port_that_verifies_refuses_what_is_unsound(Stage &stage) {
  for (std::uint32_t round = 0; round < 300; ++round) {
    send_note(stage, 5);
    HOLDS(stage.map.notes.receive(now).status() == Status::e_message);
    send_note(stage, 4);
    auto note = stage.map.notes.receive(now);
    HOLDS(note && (*note)->as_said().text() == "word" && note->consume());
  }
}

// A scan whose label is said to be this long, by a port whose route verifies its first message.
static void send_scan(Stage &stage, std::uint32_t count) {
  vil_loan_t raw{};
  HOLDS(vil_sender_loan(stage.lidar.scans.get(), &raw) == VIL_OK);
  ScanBuilder builder(raw.data, raw.size);
  builder.root().set_label("word");
  const std::uint64_t word = (builder.finish().value() - 5) | static_cast<std::uint64_t>(count) << 32;
  std::memcpy(static_cast<unsigned char *>(raw.data) + 16 + offsetof(Scan, label), &word, sizeof word);
  HOLDS(vil_sender_publish(stage.lidar.scans.get(), &raw) == VIL_OK);
}

static void a_route_is_in_doubt_until_one_message_was_sound(Stage &stage) {
  for (std::uint32_t round = 0; round < 3; ++round) {
    send_scan(stage, 5);
    HOLDS(stage.map.scans.receive(now).status() == Status::e_message);
  }
  send_scan(stage, 4);
  HOLDS((*stage.map.scans.receive(now))->label() == "word");
  send_scan(stage, 5);
  const auto unsound = stage.map.scans.receive(now);
  HOLDS(unsound && (*unsound)->label().empty());
}

static void lidar() {
  Lidar lidar = std::move(Lidar::open_or_create("two").value());
  for (std::uint64_t number = 0; number < rounds; ++number) {
    auto asked = lidar.find.receive(patience);
    HOLDS(asked && (*asked)->pattern() == std::to_string(number) && asked->release());
    HOLDS(publish(lidar.scans, number));
  }
  HOLDS(lidar.find.receive(patience));
}

static void map() {
  Map map = std::move(Map::open_or_create("two").value());
  for (std::uint64_t number = 0; number <= rounds; ++number) {
    auto question = map.find.loan();
    (*question)->set_pattern(std::to_string(number));
    HOLDS(std::move(*question).finish().value().ask());
    if (number == rounds) return;
    auto scan = map.scans.receive(patience);
    HOLDS(scan && is_scan(**scan, number));
  }
}

int main(int argc, char **argv) {
  if (argc > 1) {
    std::strcmp(argv[1], "lidar") == 0 ? lidar() : map();
    return 0;
  }
  Stage stage;
  a_route_is_in_doubt_until_one_message_was_sound(stage);
  read_in_place(stage);
  kept(stage);
  taken(stage);
  asked_and_answered(stage);
  what_is_not_finished_is_not_published(stage);
  a_draft_writes_only_into_a_slot_that_it_holds(stage);
  a_port_that_verifies_refuses_what_is_unsound(stage);
  return 0;
}
