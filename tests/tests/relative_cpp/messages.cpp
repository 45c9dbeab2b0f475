// Messages of relative.yaml built and read in plain memory: what is written is what is read, what goes wrong is said once,
// and no bytes whatever lead a view out of its message. What does not hold is told with its line, and ends the program.
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "corners.hpp"
#include "newer.hpp"
#include "older.hpp"
#include "relative.h"
#include "relative.hpp"

using namespace relative;
using vil::Status;

#define HOLDS(condition)                                                   \
  do {                                                                     \
    if (!(condition)) {                                                    \
      std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      std::exit(1);                                                        \
    }                                                                      \
  } while (0)

// Memory that was used for something else before.
struct Buffer {
  alignas(8) unsigned char bytes[4096];
  Buffer() noexcept { std::memset(bytes, 0xee, sizeof bytes); }
};

static bool same(float left, float right) { return !(left < right) && !(right < left); }

// Everything that a scan may hold.
static void fill(const ScanWriter &scan) {
  const HeaderWriter header = scan.set_header();
  header.set_stamp(11);
  header.set_frame("map");
  scan.set_stamp(22);
  const vil::SliceWriter<Point> points = scan.alloc_points(3);
  for (std::size_t i = 0; i < points.size(); ++i) points[i] = {static_cast<float>(i), 0.5f};
  const float ranges[] = {1.5f, -2.5f};
  (void)scan.alloc_ranges(2).copy(ranges, 2);
  scan.set_label("b\xc3\xa4r");
  const vil::StrWriters<0> tags = scan.alloc_tags(3);
  tags[0].set("one");
  tags[2].set("three");
  const vil::Writers<Channel> channels = scan.alloc_channels(2);
  for (std::size_t i = 0; i < channels.size(); ++i) {
    channels[i].set_name(i == 0 ? "left" : "right");
    const vil::SliceWriter<double> values = channels[i].alloc_values(i + 1);
    values.set(i, 7.25);
    channels[i].set_unit(Units::foot);
  }
  scan.alloc_risks(2).set(1, Risk::loss);
  const MetaWriter meta = scan.alloc_meta();
  meta.set_source("first");
  meta.alloc_before().set_source("second");
  scan.alloc_origin({3, 4});
  scan.set_gain(0.25f);
  scan.set_limit(9);
  scan.set_risk(Risk::loss);
  scan.set_valid(0);
  const std::vector<float> matrix{1, 2, 3, 4};
  scan.set_matrix(matrix);
  scan.set_corner({5, 6});
  scan.set_sides_at(0, "north");
  scan.set_sides_at(1, "south");
  const ReadingTextWriter text = scan.set_reading().set_text();
  text.set_text("a word");
  text.set_risk(Risk::watch);
}

// A message of a type in a buffer, or the fault.
template <typename T, typename Fill>
static vil::Result<std::uint32_t, Status> build(void *data, std::size_t capacity, Fill fill) {
  vil::MessageBuilder<T> builder(data, capacity);
  fill(builder.root());
  return builder.finish();
}

template <typename T, typename Fill>
static Status fault_of(Fill fill, std::size_t capacity = sizeof(Buffer)) {
  Buffer buffer;
  return build<T>(buffer.bytes, capacity, fill).status();
}

static void what_is_written_is_read() {
  Buffer buffer;
  const std::uint32_t size = build<Scan>(buffer.bytes, sizeof buffer, fill).value();
  const ScanView scan(buffer.bytes, size);
  HOLDS(scan && scan.header().stamp() == 11 && scan.header().frame() == "map" && scan.stamp() == 22);
  HOLDS(scan.points().size() == 3 && same(scan.points()[2].x, 2) && same(scan.points().at(2).y, 0.5f));
  HOLDS(same(scan.points().at(3).x, 0));
  HOLDS(scan.ranges().size() == 2 && same(scan.ranges().at(1), -2.5f) && same(scan.ranges().at(2), 0));
  HOLDS(scan.label() == "b\xc3\xa4r" && scan.label().data()[4] == '\0');
  HOLDS(scan.tags().size() == 3 && scan.tags()[0] == "one" && scan.tags()[1].empty() && scan.tags()[2] == "three");
  HOLDS(scan.tags()[1].data() != nullptr && scan.tags()[3].empty());
  std::size_t letters = 0;
  for (const std::string_view tag : scan.tags()) letters += tag.size();
  HOLDS(letters == 8);
  HOLDS(scan.channels().size() == 2 && scan.channels()[1].name() == "right");
  for (const ChannelView channel : scan.channels()) HOLDS(channel.unit() == Units::foot);
  HOLDS(scan.channels()[1].values().size() == 2 && scan.channels()[1].values().at(1) > 7);
  HOLDS(!scan.channels()[2] && scan.channels()[2].unit() == Units::metre);
  HOLDS(scan.risks().size() == 2 && scan.risks().at(0) == Risk::ok && scan.risks().at(1) == Risk::loss);
  HOLDS(scan.has_meta() && scan.meta().source() == "first" && scan.meta().has_before());
  HOLDS(scan.meta().before().source() == "second" && !scan.meta().before().has_before());
  HOLDS(scan.meta().before().before().before().source().empty());
  HOLDS(scan.has_origin() && same(scan.origin().y, 4));
  HOLDS(scan.has_gain() && same(scan.gain(), 0.25f) && scan.limit() == 9 && scan.risk() == Risk::loss);
  HOLDS(scan.valid() == 0 && same(scan.matrix().at(3), 4) && same(scan.matrix().at(5), 0) && same(scan.corner().x, 5));
  HOLDS(scan.sides_at(0) == "north" && scan.sides_at(1) == "south" && scan.sides_at(2).empty());
  HOLDS(scan.reading().tag() == Reading::kTagText && scan.reading().as_text().text() == "a word");
  HOLDS(scan.reading().as_text().risk() == Risk::watch && !scan.reading().as_number() && !scan.reading().as_many());
  HOLDS(scan.reading().as_many().points().empty());
}

static void every_byte_is_where_the_layout_has_it() {
  Buffer buffer;
  const auto size = build<Ask>(buffer.bytes, sizeof buffer, [](AskWriter ask) { ask.set_pattern("ab"); });
  HOLDS(*size == 27);
  const unsigned char expected[] = {0x83, 0x17, 0x79, 0xa5, 0xc0, 0x51, 0x10, 0x6e, 27, 0, 0, 0, 8, 0,
                                    0,    0,    24,   0,    0,    0,    2,    0,    0,  0, 'a', 'b', 0};
  HOLDS(std::memcmp(buffer.bytes, expected, sizeof expected) == 0 && buffer.bytes[27] == 0xee);
  Buffer empty;
  HOLDS(*build<Ask>(empty.bytes, sizeof empty, [](AskWriter ask) { ask.set_pattern(""); }) == 24);
  const unsigned char zeros[8] = {};
  HOLDS(std::memcmp(empty.bytes + 16, zeros, sizeof zeros) == 0);
  HOLDS(*build<Grown>(empty.bytes, sizeof empty, [](GrownWriter grown) { grown.set_count(1); }) == 24);
}

// Everything that a scan may hold, written by the C that is generated from the same program.
static std::uint32_t fill_in_c(void *data, std::size_t capacity) {
  vil_builder_t builder{};
  const relative_scan_writer_t scan = relative_scan_begin(&builder, data, capacity);
  const relative_header_writer_t header = relative_scan_set_header(scan);
  relative_header_set_stamp(header, 11);
  relative_header_set_frame(header, "map", 3);
  relative_scan_set_stamp(scan, 22);
  relative_point_t *points = relative_scan_alloc_points(scan, 3);
  for (int i = 0; i < 3; ++i) points[i] = {static_cast<float>(i), 0.5f};
  float *ranges = relative_scan_alloc_ranges(scan, 2);
  ranges[0] = 1.5f, ranges[1] = -2.5f;
  relative_scan_set_label(scan, "b\xc3\xa4r", 4);
  const vil_str_writers_t tags = relative_scan_alloc_tags(scan, 3);
  vil_str_writers_set(tags, 0, "one", 3);
  vil_str_writers_set(tags, 2, "three", 5);
  const relative_channel_writers_t channels = relative_scan_alloc_channels(scan, 2);
  for (std::uint32_t i = 0; i < 2; ++i) {
    const relative_channel_writer_t channel = relative_channel_writers_at(channels, i);
    relative_channel_set_name(channel, i == 0 ? "left" : "right", i == 0 ? 4 : 5);
    relative_channel_alloc_values(channel, i + 1)[i] = 7.25;
    relative_channel_set_unit(channel, RELATIVE_UNITS_FOOT);
  }
  relative_scan_alloc_risks(scan, 2)[1] = RELATIVE_RISK_LOSS;
  const relative_meta_writer_t meta = relative_scan_alloc_meta(scan);
  relative_meta_set_source(meta, "first", 5);
  relative_meta_set_source(relative_meta_alloc_before(meta), "second", 6);
  *relative_scan_alloc_origin(scan) = {3, 4};
  relative_scan_set_gain(scan, 0.25f);
  relative_scan_set_limit(scan, 9);
  relative_scan_set_risk(scan, RELATIVE_RISK_LOSS);
  relative_scan_set_valid(scan, 0);
  const float matrix[] = {1, 2, 3, 4};
  relative_scan_set_matrix(scan, matrix, 4);
  const relative_point_t corner = {5, 6};
  relative_scan_set_corner(scan, &corner);
  relative_scan_set_sides_at(scan, 0, "north", 5);
  relative_scan_set_sides_at(scan, 1, "south", 5);
  const relative_reading_text_writer_t text = relative_reading_set_text(relative_scan_set_reading(scan));
  relative_reading_text_set_text(text, "a word", 6);
  relative_reading_text_set_risk(text, RELATIVE_RISK_WATCH);
  std::uint32_t size = 0;
  HOLDS(relative_scan_finish(&builder, &size) == VIL_OK);
  return size;
}

static void c_and_cpp_write_the_same_bytes() {
  Buffer cpp, c;
  const std::uint32_t size = build<Scan>(cpp.bytes, sizeof cpp, fill).value();
  HOLDS(fill_in_c(c.bytes, sizeof c) == size && std::memcmp(c.bytes, cpp.bytes, sizeof cpp.bytes) == 0);
}

static void gaps_between_appended_bytes_are_zero() {
  Buffer buffer;
  const auto size = build<Answer>(buffer.bytes, sizeof buffer, [](AnswerWriter answer) { answer.alloc_lines(1)[0].set("x"); });
  Buffer scan;
  const auto many = build<Scan>(scan.bytes, sizeof scan, [](ScanWriter writer) {
    writer.set_label("x");
    writer.alloc_channels(1)[0].set_name("y");
  });
  HOLDS(*size == 34 && *many == 186 + 6 + 24 + 2);
  for (std::size_t at = 186; at < 192; ++at) HOLDS(scan.bytes[at] == 0);
}

static void zeroes_are_skipped_in_plain_slices_alone_and_until_it_begins_anew() {
  Buffer buffer;
  ScanBuilder builder(buffer.bytes, sizeof buffer);
  builder.skip_zeroes();
  const auto ranges = builder.root().alloc_ranges(2);
  HOLDS(reinterpret_cast<const unsigned char *>(ranges.data())[7] == 0xee);
  builder.root().alloc_tags(1)[0].set("x");
  const auto channel = builder.root().alloc_channels(1)[0];
  channel.set_name("y");
  HOLDS(builder.finish() && ScanView(buffer.bytes, sizeof buffer).channels()[0].values().empty());
  builder.restart();
  const auto zeros = builder.root().alloc_ranges(2);
  HOLDS(reinterpret_cast<const unsigned char *>(zeros.data())[7] == 0);
}

static void what_does_not_fit_is_a_limit_and_a_measured_message_fits() {
  ScanBuilder measuring;
  HOLDS(measuring.is_measuring());
  fill(measuring.root());
  const std::uint32_t size = measuring.finish().value();
  Buffer buffer;
  HOLDS(*build<Scan>(buffer.bytes, size, fill) == size);
  for (std::uint32_t less = 0; less < size; ++less) {
    Buffer small;
    HOLDS(build<Scan>(small.bytes, less, fill).status() == Status::e_limit);
    HOLDS(small.bytes[less] == 0xee);
  }
  HOLDS(fault_of<Grown>([](GrownWriter) {}, 23) == Status::e_limit && fault_of<Grown>([](GrownWriter) {}, 24) == Status::ok);
  HOLDS(fault_of<Scan>([](ScanWriter scan) { (void)scan.alloc_points(SIZE_MAX / 2); }) == Status::e_limit);
  HOLDS(fault_of<Scan>([](ScanWriter scan) { (void)scan.alloc_points(UINT32_MAX); }) == Status::e_limit);
  HOLDS(build<Ask>(nullptr, 64, [](AskWriter) {}).status() == Status::e_limit);
  HOLDS(build<Ask>(buffer.bytes + 4, 64, [](AskWriter) {}).status() == Status::e_argument);
}

static void no_message_is_larger_than_its_program_says() {
  const auto letters = [](std::size_t count) {
    const std::string pattern(count, 'x');
    return fault_of<Ask>([&pattern](AskWriter ask) { ask.set_pattern(pattern); });
  };
  HOLDS(letters(1024 - 25) == Status::ok && letters(1024 - 24) == Status::e_limit);
}

static void counts_above_their_bound_are_refused() {
  const std::string frame(32, 'x'), longer(33, 'x');
  HOLDS(fault_of<Scan>([&](ScanWriter scan) { scan.set_header().set_frame(frame); }) == Status::ok);
  HOLDS(fault_of<Scan>([&](ScanWriter scan) { scan.set_header().set_frame(longer); }) == Status::e_limit);
  HOLDS(fault_of<Scan>([](ScanWriter scan) { (void)scan.alloc_channels(1)[0].alloc_values(1025); }) == Status::e_limit);
  const std::vector<float> six(6), seven(7);
  HOLDS(fault_of<Scan>([&](ScanWriter scan) { scan.set_matrix(six); }) == Status::ok);
  HOLDS(fault_of<Scan>([&](ScanWriter scan) { scan.set_matrix(seven); }) == Status::e_limit);
}

static void strings_are_utf_8_without_nul() {
  const auto label = [](std::string_view text) { return fault_of<Scan>([&](ScanWriter scan) { scan.set_label(text); }); };
  for (const char *good : {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
                           "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "x\xf0\x9f\x98\x80y"}) {
    HOLDS(label(good) == Status::ok);
  }
  for (const char *bad : {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2x", "\xe0\x9f\xbf", "\xe0\xa0", "\xed\xa0\x80",
                          "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "ab\xf0\x9f\x98"}) {
    HOLDS(label(bad) == Status::e_argument);
  }
  HOLDS(label(std::string_view("a\0b", 3)) == Status::e_argument && label(std::string_view("\0", 1)) == Status::e_argument);
}

// A writer of the text that is copied: it changes the text as soon as the copy begins, which is when `guarded` is written to.
static struct Meddler {
  std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  unsigned char *guarded = nullptr;
  std::string source;
} meddler;

static void meddle(int) {
  if (mprotect(meddler.guarded, meddler.page, PROT_READ | PROT_WRITE) != 0) std::_Exit(3);
  meddler.source[meddler.source.size() / 2] = '\xff';
}

// What `set` says of a text of 3000 bytes that turns bad in its middle while it is copied.
template <typename Set>
static int while_it_changes(Set set) {
  unsigned char *const pages = static_cast<unsigned char *>(
      mmap(nullptr, 2 * meddler.page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  HOLDS(static_cast<void *>(pages) != MAP_FAILED);
  meddler.guarded = pages + meddler.page;
  meddler.source.assign(3000, 'x');
  struct sigaction action {}, before {};
  action.sa_handler = meddle;
  HOLDS(sigaction(SIGSEGV, &action, &before) == 0 && mprotect(meddler.guarded, meddler.page, PROT_READ) == 0);
  // Head, root and the word that refers to the text are 32 bytes; the text is the first that is guarded.
  const int status = set(meddler.guarded - 32);
  HOLDS(sigaction(SIGSEGV, &before, nullptr) == 0 && meddler.source[1500] == '\xff');
  HOLDS(munmap(pages, 2 * meddler.page) == 0);
  return status;
}

static void a_text_is_checked_where_it_was_copied_to() {
  HOLDS(while_it_changes([](unsigned char *at) {
          vil_builder_t builder;
          const relative_answer_writer_t answer = relative_answer_begin(&builder, at, 4096);
          vil_str_writers_set(relative_answer_alloc_lines(answer, 1), 0, meddler.source.data(), meddler.source.size());
          return relative_answer_finish(&builder, nullptr);
        }) == VIL_E_ARGUMENT);
  const auto cpp = [](unsigned char *at) {
    const auto answer = [](AnswerWriter writer) { writer.alloc_lines(1)[0].set(meddler.source); };
    return static_cast<int>(build<Answer>(at, 4096, answer).status());
  };
  HOLDS(while_it_changes(cpp) == VIL_E_ARGUMENT);
}

// A limit before an argument, an argument before a state; and what is empty refers to nothing, so it is set again.
static void the_same_mistake_is_the_same_fault_in_c() {
  const auto in_c = [](auto set) {
    Buffer buffer;
    vil_builder_t builder;
    set(relative_scan_begin(&builder, buffer.bytes, sizeof buffer.bytes));
    return static_cast<Status>(relative_scan_finish(&builder, nullptr));
  };
  const auto frames = [in_c](std::string_view first, std::string_view second, Status expected) {
    HOLDS(fault_of<Scan>([=](ScanWriter scan) {
            scan.set_header().set_frame(first);
            scan.set_header().set_frame(second);
          }) == expected);
    HOLDS(in_c([=](relative_scan_writer_t scan) {
            relative_header_set_frame(relative_scan_set_header(scan), first.data(), first.size());
            relative_header_set_frame(relative_scan_set_header(scan), second.data(), second.size());
          }) == expected);
  };
  const std::string longer(32, 'x'), bad = longer + "\xff";
  frames("", bad, Status::e_limit);
  frames("x", bad, Status::e_limit);
  frames("x", "\xff", Status::e_argument);
  frames("x", "y", Status::e_state);
  frames("x", "", Status::ok);
  frames("", "x", Status::ok);
  const auto ranges = [in_c](std::uint32_t first, std::uint32_t second, Status expected) {
    HOLDS(fault_of<Scan>([=](ScanWriter scan) { (void)scan.alloc_ranges(first), (void)scan.alloc_ranges(second); }) == expected);
    HOLDS(in_c([=](relative_scan_writer_t scan) {
            (void)relative_scan_alloc_ranges(scan, first), (void)relative_scan_alloc_ranges(scan, second);
          }) == expected);
  };
  ranges(1, 4097, Status::e_limit);
  ranges(1, 1, Status::e_state);
  ranges(1, 0, Status::ok);
  HOLDS(in_c([](relative_scan_writer_t scan) { relative_scan_set_sides_at(scan, 2, "x", 1); }) == Status::e_limit);
}

static void a_reference_is_set_once() {
  const auto twice = [](auto set) {
    return fault_of<Scan>([set](ScanWriter scan) {
      set(scan);
      set(scan);
    });
  };
  HOLDS(twice([](ScanWriter scan) { scan.set_label("x"); }) == Status::e_state);
  HOLDS(twice([](ScanWriter scan) { (void)scan.alloc_points(1); }) == Status::e_state);
  HOLDS(twice([](ScanWriter scan) { (void)scan.alloc_meta(); }) == Status::e_state);
  HOLDS(twice([](ScanWriter scan) { scan.alloc_origin({}); }) == Status::e_state);
  HOLDS(twice([](ScanWriter scan) { scan.set_sides_at(1, "x"); }) == Status::e_state);
  HOLDS(twice([](ScanWriter scan) { scan.set_stamp(1); }) == Status::ok);
  HOLDS(fault_of<Scan>([](ScanWriter scan) {
          const vil::StrWriters<0> tags = scan.alloc_tags(1);
          tags[0].set("a");
          tags[0].set("b");
        }) == Status::e_state);
}

static void the_first_fault_stays_until_the_builder_is_restarted() {
  Buffer buffer;
  AskBuilder builder(buffer.bytes, sizeof buffer);
  builder.root().set_pattern("\xff");
  builder.root().set_pattern("fine");
  const AskWriter root = builder.root();
  HOLDS(builder.fault() == Status::e_argument && !root && builder.finish().status() == Status::e_argument);
  builder.restart();
  HOLDS(root && builder.fault() == Status::ok);
  root.set_pattern("fine");
  const auto size = builder.finish();
  HOLDS(size && builder.fault() == Status::e_state && builder.finish().status() == Status::e_state);
  root.set_pattern("late");
  HOLDS(AskView(buffer.bytes, *size).pattern() == "fine");
  HOLDS(fault_of<Scan>([](ScanWriter scan) { scan.alloc_tags(1)[1].set("x"); }) == Status::e_limit);
  HOLDS(fault_of<Scan>([](ScanWriter scan) { scan.set_sides_at(2, "x"); }) == Status::e_limit);
  HOLDS(fault_of<Scan>([](ScanWriter scan) { scan.alloc_channels(1)[1].set_name("x"); }) == Status::e_limit);
  ScanWriter().set_label("nowhere");
  HOLDS(ScanWriter().alloc_points(3).size() == 0 && !ScanWriter().alloc_meta().alloc_before());
}

static void a_builder_that_was_moved_from_writes_nowhere() {
  Buffer buffer;
  AskBuilder from(buffer.bytes, sizeof buffer);
  const AskWriter early = from.root();
  early.set_pattern("moved");
  AskBuilder to(std::move(from));
  from.restart();
  early.set_pattern("late");
  HOLDS(!early && from.finish().status() == Status::e_limit);
  AskBuilder last;
  last = std::move(to);
  to.restart();
  to.root().set_pattern("later");
  HOLDS(AskView(buffer.bytes, last.finish().value()).pattern() == "moved");
}

static void an_arm_is_what_was_set_last() {
  Buffer buffer;
  const auto size = build<Note>(buffer.bytes, sizeof buffer, [](NoteWriter note) {
    note.set_said().set_text("gone");
    note.set_seen().set_where({1, 2});
  });
  const NoteView note(buffer.bytes, *size);
  HOLDS(note.tag() == Note::kTagSeen && !note.as_said() && note.as_said().text().empty());
  HOLDS(same(note.as_seen().where_().y, 2));
}

static void older_and_newer_programs_read_each_other() {
  Buffer buffer;
  const auto old_size = build<older::Log>(buffer.bytes, sizeof buffer, [](older::LogWriter log) {
    log.set_number(5);
    log.alloc_samples(2)[1].set_at(9);
  });
  const newer::LogView young(buffer.bytes, *old_size);
  HOLDS(young.number() == 5 && young.samples()[1].at() == 9);
  HOLDS(young.grade() == newer::Grade::checked && young.level() < -0.25 && !young.has_gain() && same(young.gain(), 2.5f));
  HOLDS(young.owner().empty() && young.place().room == 0 && !young.has_last() && young.last().at() == 0);
  HOLDS(young.codes().empty() && young.names_at(0).empty());
  const auto new_size = build<newer::Log>(buffer.bytes, sizeof buffer, [](newer::LogWriter log) {
    log.set_number(6);
    log.alloc_samples(1)[0].alloc_values(2).set(1, 1.5f);
    log.set_level(3);
    log.set_owner("me");
    log.alloc_last().set_at(8);
    log.set_names_at(1, "four");
  });
  const older::LogView aged(buffer.bytes, *new_size);
  HOLDS(aged.number() == 6 && aged.samples().size() == 1 && same(aged.samples()[0].values().at(1), 1.5f));
  const newer::LogView grown(buffer.bytes, *new_size);
  HOLDS(grown.grade() == newer::Grade::raw && grown.level() > 2 && grown.owner() == "me" && grown.last().at() == 8);
  HOLDS(grown.names_at(1) == "four" && grown.codes().size() == 3);
}

static void what_is_rare_is_read_as_it_was_written() {
  using namespace corners;
  Buffer buffer;
  const auto size = build<Corners>(buffer.bytes, sizeof buffer, [](CornersWriter writer) {
    for (std::size_t at = 0; at < 6; ++at) writer.set_grid_at(at, std::string(at, 'g'));
    const LeftWriter left = writer.alloc_lefts_at(1);
    const RightWriter right = left.alloc_right();
    right.alloc_count_at(1, 2)[1].alloc_index(1)[0].alloc_left();
    writer.alloc_writers_at(0, corners::Writer{7});
    writer.set_views_at(1).set_writer("deep");
    writer.set_sight().set_view_({9});
    writer.alloc_rows(3).set(2, 30);
    writer.alloc_class(2)[1].set_tag().set_inner().set_writer("in an arm");
    writer.alloc_smalls(1).set(0, -128);
    writer.set_bits({});
    writer.set_points(std::vector<corners::Writer>{{1}, {2}});
    (void)writer.alloc_empties(3);
  });
  const CornersView view(buffer.bytes, size.value());
  for (std::size_t at = 0; at < 7; ++at) HOLDS(view.grid_at(at).size() == at % 6);
  HOLDS(!view.lefts_at(0) && view.lefts_at(1).has_right() && !view.lefts_at(1).right().has_left() && !view.lefts_at(2));
  const vil::Views<Left> lefts = view.lefts_at(1).right().count_at(1);
  HOLDS(lefts.size() == 2 && lefts[1].index()[0].has_left() && lefts[0].index().empty());
  HOLDS(view.writers_at(0).value == 7 && view.writers_at(1).value == 0);
  HOLDS(view.has_views() && view.views_at(1).writer() == "deep" && view.has_sight() && view.sight().view().value == 9);
  HOLDS(view.has_rows() && view.rows().at(2) == 30 && !view.has_text() && view.text().empty() && !view.has_choice());
  HOLDS(view.choice().tag() == 0 && !view.choice().as_nothing() && view.class_()[0].as_nothing());
  HOLDS(view.class_()[1].as_tag().inner().writer() == "in an arm");
  HOLDS(view.big() == Big::none && view.smalls().at(0) == -128 && view.bits().size() == 6);
  HOLDS(view.has_points() && view.points().size() == 4 && view.points().at(1).value == 2 && view.empties().size() == 3);
  const CornersView nothing;
  HOLDS(nothing.big() == Big::most && nothing.small() == -128 && nothing.low() == INT64_MIN && nothing.far() > 1e300);
  HOLDS(!nothing.has_odd() && nothing.data() == 2 && nothing.points().empty() && !nothing.has_points());
  HOLDS(fault_of<Corners>([](CornersWriter writer) { (void)writer.alloc_rows(4); }) == Status::e_limit);
  HOLDS(fault_of<Corners>([](CornersWriter writer) { (void)writer.alloc_lefts_at(2).alloc_right(); }) == Status::e_limit);
  HOLDS(*build<Bare>(buffer.bytes, sizeof buffer, [](BareWriter) {}) == 17 && !BareView(buffer.bytes, 17));
  HOLDS(*build<Byte>(buffer.bytes, 17, [](ByteWriter byte) { byte.set_value(4); }) == 17);
  HOLDS(ByteView(buffer.bytes, 17).value() == 4 && ByteView(buffer.bytes, 16).value() == 0);
  const auto whole = build<Whole>(buffer.bytes, sizeof buffer, [](WholeWriter writer) {
    Lone lone{};
    lone.set_one().value = 5;
    writer.alloc_lones(2).set(1, lone);
  });
  HOLDS(WholeView(buffer.bytes, *whole).lones()[1].as_one()->value == 5);
}

// A full scan in which one word of the root is another.
struct Broken {
  Buffer buffer;
  std::uint32_t size = build<Scan>(buffer.bytes, sizeof buffer, fill).value();

  ScanView with(std::size_t offset, std::uint32_t at, std::uint32_t count) {
    const std::uint64_t word = at | static_cast<std::uint64_t>(count) << 32;
    std::memcpy(buffer.bytes + 16 + offset, &word, sizeof word);
    return ScanView(buffer.bytes, size);
  }
};

// The first byte behind the word at an offset of the root.
static constexpr std::uint32_t behind(std::size_t offset) { return static_cast<std::uint32_t>(16 + offset + 8); }

static void references_that_do_not_fit_read_as_nothing() {
  Broken broken;
  const std::uint32_t end = broken.size / 4 * 4;
  constexpr std::size_t frame = offsetof(Header, frame), points = offsetof(Scan, points), label = offsetof(Scan, label);
  constexpr std::uint32_t near = behind(points);
  HOLDS(broken.with(points, near, 2).points().size() == 2 && broken.with(points, end - 8, 1).points().size() == 1);
  HOLDS(broken.with(points, end - 8, 2).points().empty() && broken.with(points, 0, 1).points().empty());
  HOLDS(broken.with(points, near + 2, 1).points().empty() && broken.with(points, near, 0).points().data() == nullptr);
  HOLDS(broken.with(points, near, 0x20000001).points().empty() && broken.with(points, 0xfffffff8, 1).points().empty());
  HOLDS(broken.with(label, broken.size - 4, 4).label().empty() && broken.with(label, broken.size - 5, 4).label().size() == 4);
  HOLDS(broken.with(frame, behind(frame), 32).header().frame().size() == 32);
  HOLDS(broken.with(frame, behind(frame), 33).header().frame().empty());
  constexpr std::size_t tags = offsetof(Scan, tags), meta = offsetof(Scan, meta);
  HOLDS(broken.with(tags, behind(tags), 1).tags().size() == 1 && broken.with(tags, behind(tags) + 4, 1).tags().empty());
  const std::uint32_t last = (broken.size - 8) / 8 * 8;
  for (const std::uint32_t nowhere : {0u, 8u, behind(meta) + 4, last, 0xfffffff8u}) {
    HOLDS(!broken.with(meta, nowhere, 0).has_meta() && broken.with(meta, nowhere, 0).meta().source().empty());
    HOLDS(!broken.with(meta, 0, nowhere).has_origin() || nowhere == behind(meta) + 4 || nowhere == last);
  }
  HOLDS(broken.with(meta, behind(meta), behind(meta) + 2).has_meta());
  HOLDS(!broken.with(meta, behind(meta), behind(meta) + 2).has_origin());
}

// Backwards no chain of references would ever end. C says the same of the same bytes.
static void what_is_referred_to_lies_behind_the_reference() {
  Broken broken;
  const auto in_c = [&broken] { return relative_scan_view(broken.buffer.bytes, broken.size); };
  constexpr std::size_t points = offsetof(Scan, points), label = offsetof(Scan, label), meta = offsetof(Scan, meta);
  constexpr std::size_t channels = offsetof(Scan, channels), origin = offsetof(Scan, origin);
  for (const std::uint32_t back : {16u, behind(channels) - 16, behind(channels) - 8}) {
    HOLDS(broken.with(channels, back, 1).channels().empty() && relative_scan_channels(in_c()).list.count == 0);
  }
  for (const std::uint32_t back : {16u, behind(points) - 8, behind(points) - 4}) {
    HOLDS(broken.with(points, back, 1).points().empty() && relative_scan_points(in_c()).count == 0);
  }
  for (const std::uint32_t back : {16u, behind(label) - 8, behind(label) - 1}) {
    HOLDS(broken.with(label, back, 1).label().empty() && relative_scan_label(in_c()).size == 0);
  }
  HOLDS(broken.with(label, behind(label), 1).label().size() == 1 && relative_scan_label(in_c()).size == 1);
  constexpr std::uint32_t itself = 16 + meta;
  for (const std::uint32_t back : {16u, itself}) {
    const ScanView scan = broken.with(meta, back, 0);
    HOLDS(!scan.has_meta() && scan.meta().source().empty() && !relative_scan_has_meta(in_c()));
  }
  for (const std::uint32_t back : {16u, itself, itself + 4}) {
    HOLDS(!broken.with(meta, 0, back).has_origin() && !relative_scan_has_origin(in_c()));
  }
  static_assert(origin == meta + 4, "both references are one word of 64 bits");
  HOLDS(broken.with(meta, itself + 8, itself + 8).has_meta() && relative_scan_has_meta(in_c()));
  HOLDS(ScanView(broken.buffer.bytes, broken.size).has_origin() && relative_scan_has_origin(in_c()));
}

// Looks at everything, every byte that a view answers, up to a few references deep.
static std::uint64_t walk(const ScanView &scan) {
  std::uint64_t sum = scan.stamp() + scan.header().stamp() + scan.limit() + scan.valid() + scan.has_gain();
  const auto text = [&sum](std::string_view of) {
    for (const char letter : of) sum += static_cast<unsigned char>(letter);
    sum += static_cast<unsigned char>(of.data()[of.size()]);
  };
  text(scan.header().frame());
  text(scan.label());
  for (std::size_t i = 0; i < 3; ++i) text(scan.sides_at(i));
  for (const Point &point : scan.points()) sum += point.x > 0;
  for (const float &range : scan.ranges()) sum += range > 0;
  for (const Risk &risk : scan.risks()) sum += static_cast<std::uint64_t>(risk);
  std::size_t most = 64;
  for (const std::string_view tag : scan.tags()) {
    if (most-- == 0) break;
    text(tag);
  }
  most = 64;
  for (const ChannelView channel : scan.channels()) {
    if (most-- == 0) break;
    text(channel.name());
    for (const double &value : channel.values()) sum += value > 0;
  }
  MetaView meta = scan.meta();
  for (int depth = 0; depth < 8 && meta; ++depth, meta = meta.before()) text(meta.source());
  if (scan.has_origin()) sum += scan.origin().x > 0;
  for (const Point &point : scan.reading().as_many().points()) sum += point.y > 0;
  text(scan.reading().as_text().text());
  return sum + (scan.reading().as_number().value() > 0);
}

// A page's end behind which nothing may be read, and a message that ends there.
struct Cliff {
  std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  unsigned char *pages =
      static_cast<unsigned char *>(mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  std::size_t size;

  explicit Cliff(std::size_t bytes) : size(bytes) {
    HOLDS(static_cast<void *>(pages) != MAP_FAILED && mprotect(pages + page, page, PROT_NONE) == 0);
  }
  Cliff(const Cliff &) = delete;
  Cliff &operator=(const Cliff &) = delete;
  ~Cliff() { (void)munmap(pages, 2 * page); }
  unsigned char *data() const { return pages + page - (size + 7) / 8 * 8; }
};

// splitmix64
static std::uint64_t next(std::uint64_t &state) {
  std::uint64_t word = state += 0x9e3779b97f4a7c15;
  word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9;
  word = (word ^ word >> 27) * 0x94d049bb133111eb;
  return word ^ word >> 31;
}

static void no_bytes_lead_out_of_the_message() {
  Buffer good;
  const std::uint32_t size = build<Scan>(good.bytes, sizeof good, fill).value();
  const std::uint32_t whole = (size + 7) / 8 * 8;
  std::uint64_t seed = 20260101, sum = 0;
  if (const char *given = std::getenv("VIL_SEED")) seed = std::strtoull(given, nullptr, 10);
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  Cliff cliff(whole);
  for (std::uint32_t less = 0; less <= whole; less += 8) {
    const Cliff shorter(less);
    std::memcpy(shorter.data(), good.bytes, less);
    sum += walk(ScanView(shorter.data(), less)) + walk(ScanView(shorter.data(), less / 2));
  }
  for (int round = 0; round < 200000; ++round) {
    std::memcpy(cliff.data(), good.bytes, whole);
    for (std::uint64_t changes = next(seed) % 4 + 1; changes > 0; --changes) {
      const std::uint64_t word = next(seed), at = next(seed) % (whole / 4) * 4;
      const std::uint32_t small = static_cast<std::uint32_t>(word % 512), large = static_cast<std::uint32_t>(word >> 32);
      const std::uint32_t value = word & 512 ? small : large;
      std::memcpy(cliff.data() + at, &value, sizeof value);
    }
    sum += walk(ScanView(cliff.data(), whole));
  }
  HOLDS(sum != 0);
  HOLDS(!ScanView(nullptr, 4096) && !ScanView(cliff.data() + 4, whole - 4) && !ScanView(cliff.data(), 15));
}

static void a_writer_that_goes_on_writing_leads_nobody_astray() {
  Buffer good;
  const std::uint32_t size = build<Scan>(good.bytes, sizeof good, fill).value();
  const std::uint32_t whole = (size + 7) / 8 * 8;
  Cliff cliff(whole);
  std::memcpy(cliff.data(), good.bytes, whole);
  std::atomic<bool> stop{false};
  std::thread scribbler([&] {
    std::uint64_t seed = 7;
    while (!stop.load()) {
      const std::uint64_t at = next(seed) % (whole / 4) * 4, word = next(seed);
      std::uint32_t value = static_cast<std::uint32_t>(word % 1024);
      if (word & 1024) std::memcpy(&value, good.bytes + at, sizeof value);
      __atomic_store_n(static_cast<vil_raw32_t *>(static_cast<void *>(cliff.data() + at)), value, __ATOMIC_RELAXED);
    }
  });
  std::uint64_t sum = 0;
  for (int round = 0; round < 50000; ++round) sum += walk(ScanView(cliff.data(), whole));
  stop = true;
  scribbler.join();
  HOLDS(sum != 0);
}

int main() {
  what_is_written_is_read();
  every_byte_is_where_the_layout_has_it();
  c_and_cpp_write_the_same_bytes();
  gaps_between_appended_bytes_are_zero();
  zeroes_are_skipped_in_plain_slices_alone_and_until_it_begins_anew();
  what_does_not_fit_is_a_limit_and_a_measured_message_fits();
  no_message_is_larger_than_its_program_says();
  counts_above_their_bound_are_refused();
  strings_are_utf_8_without_nul();
  a_text_is_checked_where_it_was_copied_to();
  the_same_mistake_is_the_same_fault_in_c();
  a_reference_is_set_once();
  the_first_fault_stays_until_the_builder_is_restarted();
  a_builder_that_was_moved_from_writes_nowhere();
  an_arm_is_what_was_set_last();
  older_and_newer_programs_read_each_other();
  what_is_rare_is_read_as_it_was_written();
  references_that_do_not_fit_read_as_nothing();
  what_is_referred_to_lies_behind_the_reference();
  no_bytes_lead_out_of_the_message();
  a_writer_that_goes_on_writing_leads_nobody_astray();
  return 0;
}
