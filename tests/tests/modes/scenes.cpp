// The scenes in C++. What does not hold is told with its line, and ends the program.
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "modes_camera.hpp"
#include "modes_crew.hpp"
#include "modes_screen.hpp"
#include "modes_worker.hpp"

using namespace modes;
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
constexpr std::chrono::milliseconds short_time{5};

// The three processes of the program, all played by this one.
struct Stage {
  Camera camera = std::move(Camera::open_or_create("stage").value());
  std::optional<Worker> worker = std::move(Worker::open("stage").value());
  Screen screen = std::move(Screen::open_within("stage", patience).value());
  vil::World watcher = std::move(vil::World::open("stage").value());

  // Publishes a frame of this number to its two readers, and lets the screen's go.
  void film(std::uint64_t number) {
    auto loan = camera.frames.loan();
    (*loan)->number = number;
    HOLDS(loan->publish());
    auto frame = screen.frames.receive(now);
    HOLDS((*frame)->number == number && frame->release());
  }

  // How often a kind of event stands in the audit trail.
  int told(std::uint32_t kind) {
    const vil::Registry registry(watcher);
    std::uint64_t cursor = 0;
    int count = 0;
    for (auto event = registry.trail(cursor); event; event = registry.trail(cursor)) count += event->kind == kind;
    return count;
  }
};

static void shared(Stage &stage) {
  for (std::uint64_t number = 0; number < rounds; ++number) {
    stage.film(number);
    const auto frame = stage.worker->frames.receive(now);
    HOLDS((*frame)->number == number);
  }
}

static void kept(Stage &stage) {
  for (std::uint64_t number = 0; number < rounds; ++number) {
    auto loan = stage.camera.still.loan();
    (*loan)->number = number;
    auto still = loan->keep();
    HOLDS(still && !*loan && (*still)->number == number);
    auto frame = stage.screen.still.receive(now);
    HOLDS((*frame)->number == number);
    HOLDS(stage.camera.still.loan().status() == Status::e_limit);
    HOLDS(frame->release() && (*still)->number == number && still->release());
    HOLDS(!*still && still->release().status() == Status::e_state);
  }
}

static void taken(Stage &stage) {
  for (std::uint64_t number = 0; number < rounds; ++number) {
    HOLDS(stage.camera.jobs.send(Job{number, 0}));
    auto job = stage.worker->jobs.receive(now);
    job->edit()->state = 7;
    if (number % 3 == 0) {
      HOLDS(job->consume());
    } else if (number % 3 == 1) {
      HOLDS(stage.worker->jobs_forward_done(*job));
      auto done = stage.screen.done.receive(now);
      HOLDS((*done)->number == number && (*done)->state == 7 && done->consume());
    } else {
      HOLDS(stage.worker->jobs_forward_failed(*job));
      auto failed = stage.screen.failed.receive(now);
      failed->edit()->state += 1;
      HOLDS((*failed)->number == number && (*failed)->state == 8);
    }
    HOLDS(!*job && job->consume().status() == Status::e_state);
  }
}

static void lost(Stage &stage) {
  HOLDS(stage.camera.jobs.send(Job{1, 0}));
  { const auto job = stage.worker->jobs.receive(now); }
  HOLDS(stage.told(VIL_EVENT_UNCONSUMED) == 1);
}

static void borrowed(Stage &stage) {
  for (std::uint64_t number = 0; number < rounds; ++number) {
    stage.film(number);
    auto frame = stage.worker->frames.receive(now);
    HOLDS(stage.worker->frames_forward_seen(*frame) && !*frame);
    const auto seen = stage.screen.seen.receive(now);
    HOLDS((*seen)->number == number);
  }
  for (std::uint64_t number = 0; number <= 8; ++number) {
    stage.film(number);
    auto frame = stage.worker->frames.receive(now);
    const Status expected = number < 8 ? Status::ok : Status::full;
    HOLDS(stage.worker->frames_forward_seen(*frame).status() == expected);
    HOLDS(number < 8 || (*frame)->number == 8);
  }
}

static void asked(Stage &stage) {
  for (std::uint64_t round = 0; round < rounds / 2; ++round) {
    auto loan = stage.camera.quote.loan();
    (*loan)->item = 1;
    const auto first = loan->ask(), second = stage.camera.quote.ask(Price{2});
    HOLDS(*first == 2 * round && *second == 2 * round + 1);
    const auto one = stage.worker->quote.receive(now), two = stage.worker->quote.receive(now);
    HOLDS(stage.worker->quote.answer(*two, Quote{(*two)->item, 200}));
    HOLDS(stage.worker->quote.answer(*one, Quote{(*one)->item, 100}));
    for (const std::uint64_t number : {2 * round + 1, 2 * round}) {
      const auto answer = stage.camera.quote.receive(now);
      HOLDS(answer->answers() == number && (*answer)->item == number % 2 + 1 && (*answer)->cents == 100 * (*answer)->item);
    }
  }
}

static void worked(Stage &stage) {
  auto first = Crew::open("stage"), second = Crew::open("stage");
  HOLDS(first && second);
  for (std::uint64_t round = 0; round < 100; ++round) {
    std::uint64_t sum = 0;
    for (std::uint64_t number = 0; number < 16; ++number) HOLDS(stage.camera.work.send(Job{number, 0}));
    HOLDS(stage.camera.work.send(Job{}).status() == Status::full);
    for (std::uint64_t at = 0; at < 16; ++at) {
      auto job = ((at + round) % 2 == 0 ? first : second)->work.receive(now);
      sum |= std::uint64_t{1} << (*job)->number;
      HOLDS(job->consume());
    }
    HOLDS(sum == 0xffff && first->work.receive(now).status() == Status::empty);
  }
}

static void dropped(Stage &stage) {
  for (std::uint32_t round = 0; round < 100; ++round) {
    for (std::uint32_t number = round * 10; number < round * 10 + 10; ++number) {
      auto loan = stage.camera.latest.loan();
      (*loan)->number = number;
      HOLDS(loan->publish() && stage.camera.level.send(Price{number}));
    }
    for (std::uint32_t number = round * 10 + 6; number < round * 10 + 10; ++number) {
      auto frame = stage.screen.latest.receive(now);
      const auto level = stage.screen.level.receive(now);
      HOLDS((*frame)->number == number && (*level)->item == number && frame->consume());
    }
    HOLDS(stage.screen.latest.receive(now).status() == Status::empty);
  }
  HOLDS(stage.told(VIL_EVENT_DROPPED_OLDEST) > 0);
}

static void batched(Stage &stage) {
  vil::LoanBatch<Frame, 4> frames(stage.camera.frames);
  vil::IncomingBatch<Frame, 4> here(stage.screen.frames), there(stage.worker->frames);
  for (std::uint64_t number = 0; number < rounds;) {
    HOLDS(*frames.take() == frames.size() && !frames.empty());
    const std::size_t count = frames.size();
    for (std::size_t at = 0; at < count; ++at) frames[at].number = number + at;
    HOLDS(frames.publish() && frames.empty() && frames.publish());
    for (auto *batch : {&here, &there}) {
      HOLDS(*batch->receive(now) == count && batch->size() == count);
      HOLDS(batch->receive(now, 0).status() == Status::e_argument);
      for (std::size_t at = 0; at < count; ++at) HOLDS((*batch)[at].number == number + at && batch->number(at) == number + at);
      HOLDS(batch->release() && batch->empty() && batch->release());
      HOLDS(batch->receive(now).status() == Status::empty);
    }
    number += count;
  }
  {
    vil::LoanBatch<Frame, 1> first(stage.camera.frames); /* discarded where it goes */
    HOLDS(first.take() && first.take().status() == Status::e_argument);
  }
  HOLDS(frames.take(1) && frames.publish() && here.receive(now) && there.receive(now)); /* released where they go */
}

static void copied(Stage &stage) {
  Frame frames[4] = {};
  for (std::uint32_t number = 0; number < 4; ++number) frames[number].number = number;
  for (std::uint32_t round = 0; round < rounds; ++round) {
    std::size_t sent = 77;
    HOLDS(stage.camera.frames.send(frames[0]) && stage.camera.frames.send_batch(frames + 1, 2, sent) && sent == 2);
    for (auto *receiver : {&stage.screen.frames, &stage.worker->frames}) {
      Frame copies[4] = {};
      HOLDS(receiver->read(now)->number == 0 && *receiver->read_batch(patience, copies, 4) == 2);
      HOLDS(copies[0].number == 1 && copies[1].number == 2 && copies[2].number == 0);
      HOLDS(receiver->read(now).status() == Status::empty && receiver->read_batch(now, copies, 4).status() == Status::empty);
      HOLDS(receiver->read_batch(now, copies, 0).status() == Status::e_argument);
    }
    HOLDS(stage.camera.jobs.send(Job{}) && stage.worker->jobs.read(now)); /* taken, and used */
  }
}

static void opened_again(Stage &stage) {
  HOLDS(Worker::open_within("stage", short_time).status() == Status::e_busy);
  stage.film(1);
  {
    auto frame = stage.worker->frames.receive(now);
    HOLDS(stage.worker->frames_forward_seen(*frame));
  }
  auto seen = stage.screen.seen.receive(now);
  stage.worker.reset();
  HOLDS(Worker::open_within("stage", short_time).status() == Status::e_pending);
  HOLDS((*seen)->number == 1 && seen->release());
  stage.worker = std::move(Worker::open_within("stage", patience).value());
}

int main() {
  for (const auto scene : {shared, kept, taken, lost, borrowed, asked, worked, dropped, batched, copied, opened_again}) {
    {
      Stage stage;
      scene(stage);
    }
    // Everybody has left; nothing stays behind.
    const auto watcher = vil::World::open("stage");
    const auto audit = watcher->audit();
    HOLDS(audit->free_slots == audit->slots && audit->leaked_slots == 0);
    HOLDS(vil::World::unlink("stage"));
  }
  return 0;
}
