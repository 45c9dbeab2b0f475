// The C++ wrapper: results instead of exceptions, and everything given back by whoever owned it.
#include <csignal>
#include <sys/wait.h>
#include <type_traits>
#include <unistd.h>

#include "notebook.hpp"
#include "notebook_program.hpp"
#include "notebook_reader.hpp"
#include "notebook_writer.hpp"
#include "vil/vil.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>

using notebook::Note;

#define CHECK(condition)                                                             \
  do {                                                                               \
    if (!(condition)) {                                                              \
      std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      std::exit(1);                                                                  \
    }                                                                                \
  } while (false)

// Another message of the same size, which the contract knows nothing of.
struct Stranger {
  std::uint64_t one, two;
};

template <>
struct vil::MessageTraits<Stranger> {
  static constexpr const char *name = "Stranger";
  static constexpr std::uint64_t layout_id = 0x7374'7261'6e67'6572;
  static constexpr const char *layout_text = "";
  static constexpr std::uint32_t size = 16, align = 8;
};

namespace {

const char *the_world;

vil::Program program() {
  auto parsed = vil::Program::parse(notebook::program_json);
  CHECK(parsed);
  return std::move(*parsed);
}

vil::World attached(const vil_contract_t *contract) {
  auto world = vil::World::open_or_create(the_world, program(), contract);
  CHECK(world);
  return std::move(*world);
}

vil_audit_t audit(const vil::World &world) {
  auto answer = world.audit();
  CHECK(answer);
  return *answer;
}

void errors_are_results() {
  using namespace std::chrono_literals;
  static_assert(std::is_same_v<decltype(vil::World::open("")), vil::Result<vil::World>>);
  using Receive = decltype(std::declval<vil::Receiver<Note> &>().receive(0ns));
  static_assert(std::is_same_v<Receive, vil::Result<vil::Incoming<Note>, vil::Status>>);
  auto none = vil::World::open("nowhere");
  CHECK(!none && none.status() == vil::Status::e_not_found);
  CHECK(std::strstr(none.error().message(), "nowhere") != nullptr);
  auto loaded = vil::Program::load(notebook::program_json, notebook::program_plan);
  CHECK(loaded && *loaded->fingerprint() == notebook::program_fingerprint);
  CHECK(vil::Program::load("nonsense", notebook::program_plan).status() == vil::Status::e_program);
  auto wrong = vil::Program::parse("nonsense");
  CHECK(!wrong && wrong.error().status() == vil::Status::e_program);
  auto reader = vil::World::open_or_create(the_world, program(), &notebook::reader_contract);
  CHECK(reader);
  auto notes = vil::Receiver<Note>::open(*reader, "notes");
  CHECK(notes);
  CHECK(notes->receive(0ns).status() == vil::Status::empty);
  CHECK(notes->receive(1ms).status() == vil::Status::timeout);
  CHECK(reader->canceller().cancel());
  CHECK(notes->receive(vil::forever).status() == vil::Status::cancelled);
}

// The signal that ends a child which asks a result for what it does not hold.
template <typename Ask>
int killed_by(Ask ask) {
  const pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    ask();
    _exit(0);
  }
  int status = 0;
  CHECK(waitpid(pid, &status, 0) == pid);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

void asking_for_what_is_not_there_aborts() {
  CHECK(killed_by([] { (void)vil::World::open("nowhere").value(); }) == SIGABRT);
  CHECK(killed_by([] { (void)vil::Program::parse(notebook::program_json).error(); }) == SIGABRT);
  CHECK(killed_by([] { (void)vil::World::unlink("nowhere").error(); }) == 0);
}

template <typename T>
constexpr bool moves_only = std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T> &&
                            !std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T>;

void owners_give_back() {
  static_assert(moves_only<vil::World> && moves_only<vil::Program>);
  static_assert(moves_only<vil::Sender<Note>> && moves_only<vil::Receiver<Note>>);
  static_assert(moves_only<vil::Loan<Note>> && moves_only<vil::Incoming<Note>> && moves_only<vil::Kept<Note>>);
  static_assert(moves_only<vil::Heap> && moves_only<vil::Block> && moves_only<vil::Pusher> && moves_only<vil::Popper>);
  static_assert(moves_only<vil::WaitSet>);
  vil::World watcher = attached(nullptr);
  {
    auto writer = attached(&notebook::writer_contract);
    auto reader = attached(&notebook::reader_contract);
    auto notes = vil::Sender<Note>::open(writer, "notes");
    auto read = vil::Receiver<Note>::open(reader, "notes");
    CHECK(notes && read && audit(watcher).processes == 3);
    for (std::uint64_t i = 0; i < 10; ++i) {
      auto discarded = notes->loan(); // two loans at once is all that the contract allows
      auto loan = notes->loan();
      CHECK(discarded && loan);
      **loan = Note{};
      (*loan)->number = i;
      CHECK(loan->publish() && !*loan);
      auto note = read->receive(std::chrono::seconds(20));
      CHECK(note && (*note)->number == i && note->number() == i);
    }
    auto set = vil::WaitSet::create(writer);
    CHECK(set && set->add(*notes, 7) && set->wait(std::chrono::nanoseconds::zero())->token == 7);
    CHECK(set->remove(*notes) && set->remove(*notes).status() == vil::Status::e_not_found);
    auto kept = notes->loan();
    auto moved = std::move(*kept);
    CHECK(!*kept && moved);
    CHECK(read->received().value() == 10 && notes->published().value() == 10);
  }
  const vil_audit_t after = audit(watcher);
  CHECK(after.processes == 1);
  CHECK(after.free_slots == after.slots && after.leaked_slots == 0);
}

void another_message_is_refused() {
  auto writer = attached(&notebook::writer_contract);
  auto stranger = vil::Sender<Stranger>::open(writer, "notes");
  CHECK(!stranger && stranger.status() == vil::Status::e_contract);
  auto backwards = vil::Receiver<Note>::open(writer, "notes");
  CHECK(!backwards && backwards.status() == vil::Status::e_argument);
  auto nowhere = vil::Sender<Note>::open(writer, "no-such-port");
  CHECK(!nowhere && nowhere.status() == vil::Status::e_not_found);
  auto watcher = attached(nullptr);
  auto roleless = vil::Sender<Note>::open(watcher, "notes");
  CHECK(!roleless && roleless.status() == vil::Status::e_argument);
  CHECK(vil::Sender<Note>::open(writer, "notes"));
}

void programs_are_judged_and_compared() {
  const char *const faulty = "{\"vil\":1,\"program\":\"p\",\"messages\":{\"A\":{\"fields\":[{\"name\":\"a\",\"type\":\"String\"}]}}}";
  const char *const legal = "{\"vil\":1,\"program\":\"p\",\"messages\":{\"A\":{\"fields\":[{\"name\":\"a\",\"type\":\"u64\"}]}}}";
  const char *const other = "{\"vil\":1,\"program\":\"p\",\"messages\":{\"A\":{\"fields\":[{\"name\":\"a\",\"type\":\"i64\"}]}}}";
  auto found = vil::Diagnostics::parse(faulty);
  CHECK(found && found->errors() == 1 && found->count() == 1);
  auto moved = std::move(*found);
  CHECK(std::strcmp(moved.get(0)->code, "VIL-L001") == 0 && moved.get(1).status() == vil::Status::e_argument);
  CHECK(vil::Program::parse(faulty).status() == vil::Status::e_program);
  auto clean = vil::Diagnostics::parse(legal);
  CHECK(clean && clean->errors() == 0);
  auto before = vil::Program::parse(legal), after = vil::Program::parse(other);
  CHECK(before && after);
  auto same = vil::Diff::between(*before, *before, vil::Level::semantic);
  CHECK(same && same->verdict() == vil::Verdict::equivalent && same->count() == 0);
  auto diff = vil::Diff::between(*before, *after, vil::Level::layout);
  CHECK(diff && diff->verdict() == vil::Verdict::incompatible && diff->count() == 1);
  CHECK(std::strcmp(diff->finding(0)->path, "/A/a") == 0);
  char text[256];
  CHECK(before->dump(text, *before->dump_size()).status() == vil::Status::e_argument);
  CHECK(*before->dump(text, sizeof text) == legal);
}

struct Rule {
  const char *id;
  void (*check)();
};

const Rule rules[] = {
    {"C-CPP-2", errors_are_results},
    {"C-CPP-3", asking_for_what_is_not_there_aborts},
    {"C-CPP-4", owners_give_back},
    {"C-CPP-5", another_message_is_refused},
    {"C-CPP-6", programs_are_judged_and_compared},
};

} // namespace

int main(int argc, char **argv) {
  for (const Rule &rule : rules) {
    if (argc == 2 && std::strcmp(rule.id, argv[1]) == 0) {
      the_world = rule.id;
      rule.check();
      return 0;
    }
  }
  std::fprintf(stderr, "usage: %s RULE\n", argv[0]);
  return 2;
}
