// Third stage: adds up what is not performing, per branch, and counts what was malformed.
//
// Control overtakes data, so arrival says nothing about the end. IngestDone says how many malformed lines there are,
// FilterDone how many messages are on the npl route; report is through when it has taken as many. After a restart of
// another stage messages may come again: lines only rise on a route, so what is not above the highest line seen was
// there before and is ignored. Report itself cannot be restarted: its sums are in its memory alone.

#include <csignal>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <optional>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include "credit_report.hpp"

namespace {

// Messages taken from a lane before the next lane has its turn.
constexpr int batch = 256;

// How long to sleep for the lane that was busy last before all lanes are looked at again.
constexpr auto nap = std::chrono::milliseconds(1);

// Numbers of malformed lines that are told.
constexpr std::size_t told_lines = 1000;

using Branch = std::array<std::uint8_t, 16>;

struct BranchHash {
  std::size_t operator()(const Branch &branch) const noexcept {
    std::uint64_t half[2];
    std::memcpy(half, branch.data(), sizeof half);
    const std::uint64_t mixed = (half[0] ^ (half[1] * UINT64_C(0x9E3779B97F4A7C15))) * UINT64_C(0xD6E8FEB86659FD93);
    return static_cast<std::size_t>(mixed ^ (mixed >> 32));
  }
};

// Amounts are added in line order, from 0.0.
struct Sum {
  std::uint64_t npl = 0;
  double outstanding = 0.0;

  void add(double amount) noexcept {
    ++npl;
    outstanding += amount;
  }
};

// Recognises what comes again on a route.
class Highest {
 public:
  bool is_new(std::uint64_t line) noexcept {
    if (line <= line_) return false;
    line_ = line;
    return true;
  }

 private:
  std::uint64_t line_ = 0;
};

// The error that ends the stage, if any.
using Trouble = std::optional<vil::Status>;

class Totals {
 public:
  void take(const credit::Npl &npl) {
    ++messages_;
    if (!npl_line_.is_new(npl.line)) {
      ++repeated_;
      return;
    }
    all_.add(npl.amount);
    branches_[npl.branch].add(npl.amount);
    const auto risk = static_cast<std::size_t>(npl.risk);
    if (risk >= 3 && risk <= 5) ++risks_[risk - 3];
  }

  Trouble take(const credit::IngestFault &fault) {
    const auto *malformed = fault.as_malformed();
    if (malformed == nullptr) {
      const auto *io = fault.as_io();
      std::fprintf(stderr, "report: ingest cannot read its input, error %d\n", io != nullptr ? io->errno_ : 0);
      return vil::Status::e_system;
    }
    if (!fault_line_.is_new(malformed->line)) {
      ++repeated_;
      return {};
    }
    ++malformed_;
    if (lines_.size() < told_lines) lines_.push_back(malformed->line);
    return {};
  }

  // Done messages may come twice and say the same.
  void take(const credit::IngestDone &done) noexcept { ingest_ = done; }
  void take(const credit::FilterDone &done) noexcept { filter_ = done; }

  [[nodiscard]] bool is_over() const noexcept {
    return ingest_ && filter_ && malformed_ == ingest_->malformed && messages_ == filter_->npl;
  }

  // For the conductor: numbers as bits, names as hexadecimal digits, so that nothing is rounded or quoted.
  void tell() const {
    std::printf("records %" PRIu64 " malformed %" PRIu64 "\n", ingest_->good, malformed_);
    std::printf("risks %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", risks_[0], risks_[1], risks_[2]);
    std::printf("repeated %" PRIu64 "\n", repeated_);
    std::printf("all %" PRIu64 " %016" PRIx64 "\n", all_.npl, bits(all_.outstanding));
    for (const auto &[branch, sum] : branches_) {
      std::printf("branch ");
      for (const std::uint8_t byte : branch) std::printf("%02x", static_cast<unsigned>(byte));
      std::printf(" %" PRIu64 " %016" PRIx64 "\n", sum.npl, bits(sum.outstanding));
    }
    for (const std::uint64_t line : lines_) std::printf("line %" PRIu64 "\n", line);
  }

 private:
  static std::uint64_t bits(double number) noexcept {
    std::uint64_t raw = 0;
    std::memcpy(&raw, &number, sizeof raw);
    return raw;
  }

  Sum all_;
  std::unordered_map<Branch, Sum, BranchHash> branches_;
  std::array<std::uint64_t, 3> risks_{};
  std::vector<std::uint64_t> lines_;
  std::uint64_t messages_ = 0;
  std::uint64_t malformed_ = 0;
  std::uint64_t repeated_ = 0;
  Highest npl_line_;
  Highest fault_line_;
  std::optional<credit::IngestDone> ingest_;
  std::optional<credit::FilterDone> filter_;
};

// Empty-handed, but not for an error: a peer that is gone will be replaced.
bool nothing_now(vil::Status status) noexcept {
  return status == vil::Status::empty || status == vil::Status::timeout || status == vil::Status::interrupted ||
         status == vil::Status::peer_gone;
}

// Takes up to a batch from a lane, waiting for the first message for at most `wait`; `taken` is raised by their number.
template <typename Lane>
Trouble drain(Lane &lane, Totals &totals, std::chrono::nanoseconds wait, int &taken) {
  for (int i = 0; i < batch; ++i, ++taken) {
    auto message = lane.receive(i == 0 ? wait : std::chrono::nanoseconds::zero());
    if (!message) return nothing_now(message.error()) ? Trouble{} : Trouble{message.error()};
    using Taken = decltype(totals.take(**message));
    if constexpr (std::is_same_v<Taken, Trouble>) {
      if (auto trouble = totals.take(**message)) return trouble;
    } else {
      totals.take(**message);
    }
    if (auto released = message->release(); !released) return released.error();
  }
  return {};
}

// All lanes in turn until the counts say that all is here.
Trouble run(credit::Report &ports, Totals &totals) {
  bool idle = false;
  bool faults_last = false;
  while (!totals.is_over()) {
    const std::chrono::nanoseconds wait = idle ? std::chrono::nanoseconds(nap) : std::chrono::nanoseconds::zero();
    const auto none = std::chrono::nanoseconds::zero();
    int faults = 0;
    int npls = 0;
    int done = 0;
    if (auto trouble = drain(ports.faults, totals, faults_last ? wait : none, faults)) return trouble;
    if (auto trouble = drain(ports.npls, totals, faults_last ? none : wait, npls)) return trouble;
    if (auto trouble = drain(ports.ingest_done, totals, none, done)) return trouble;
    if (auto trouble = drain(ports.filter_done, totals, none, done)) return trouble;
    if (faults + npls > 0) faults_last = faults > npls;
    idle = faults + npls + done == 0;
  }
  return {};
}

// Dies with its parent. Between the fork and the asking the parent may have ended, and then nobody would tell.
bool die_with_parent(const char *parent) noexcept {
  if (parent == nullptr) return true;
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return false;
  return getppid() == static_cast<pid_t>(std::strtol(parent, nullptr, 10));
}

std::uint64_t now_ns() noexcept {
  std::timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000000000u + static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace

int main(int argc, char **argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: report WORLD [PARENT]\n");
    return 2;
  }
  if (!die_with_parent(argc == 3 ? argv[2] : nullptr)) {
    std::fprintf(stderr, "report: the conductor ended before this stage began\n");
    return 1;
  }
  auto ports = credit::Report::open(argv[1]);
  if (!ports) {
    std::fprintf(stderr, "report: %s: %s\n", vil::name(ports.error().status()), ports.error().message());
    return 1;
  }
  Totals totals;
  if (const auto trouble = run(*ports, totals)) {
    std::fprintf(stderr, "report: %s\n", vil::name(*trouble));
    return 1;
  }
  const std::uint64_t last = now_ns();
  totals.tell();
  std::printf("last %" PRIu64 "\n", last);
  return std::fflush(stdout) == 0 ? 0 : 1;
}
