// The world of a trial and its ends through the C++ wrapper: the asker sends by `there_0` and receives by `back`, the
// answerer the other way. The program comes from the conductor, the types are generated.
#ifndef ENDS_HPP
#define ENDS_HPP

#include <chrono>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "../c/trial.h"
#include "messages.hpp"
#include "vil/vil.hpp"

namespace ends {

// The contract of a side; T passes through every port.
template <typename T>
struct Contracts {
  static constexpr vil_port_contract_t asker_ports[] = {vil::out_port<T>("there_0"), vil::in_port<T>("back")};
  static constexpr vil_port_contract_t answerer_ports[] = {vil::in_port<T>("there_0"), vil::out_port<T>("back")};
  static constexpr vil_contract_t asker = vil::contract("exchange", "asker", asker_ports);
  static constexpr vil_contract_t answerer = vil::contract("exchange", "answerer", answerer_ports);
};

// What a call answered, or the end of the trial.
template <typename Value>
Value sure(vil::Result<Value> &&answered) {
  if (!answered) TRIAL_ENDS("%s", answered.error().message());
  return std::move(*answered);
}

// One side: a sender, a receiver, and their world.
template <typename T>
struct Ends {
  vil::World world;
  vil::Sender<T> sender;
  vil::Receiver<T> receiver;
};

template <typename T>
Ends<T> opened(vil::World &&world, bool is_asker) {
  auto sender = sure(vil::Sender<T>::open(world, is_asker ? "there_0" : "back"));
  auto receiver = sure(vil::Receiver<T>::open(world, is_asker ? "back" : "there_0"));
  return {std::move(world), std::move(sender), std::move(receiver)};
}

template <typename T>
const vil_contract_t *contract(bool is_asker) {
  return is_asker ? &Contracts<T>::asker : &Contracts<T>::answerer;
}

// Makes the world and opens the ends of one side.
template <typename T>
Ends<T> create(const trial_t &trial, const char *name, bool is_asker) {
  const trial_file_t json = trial_program(&trial), plan = trial_plan(&trial);
  const std::string_view text(static_cast<const char *>(json.bytes), json.size);
  const auto *words = static_cast<const std::uint64_t *>(plan.bytes);
  const auto program = sure(vil::Program::load(text, words, plan.size / sizeof *words));
  return opened<T>(sure(vil::World::create(name, program, contract<T>(is_asker))), is_asker);
}

// Opens the ends of the other side.
template <typename T>
Ends<T> attach(const char *name, bool is_asker) {
  return opened<T>(sure(vil::World::open(name, contract<T>(is_asker))), is_asker);
}

// Loans, writes, publishes; waits while there is no room.
template <typename T>
void send(const trial_t &trial, vil::Sender<T> &sender, std::uint64_t number) {
  auto loan = sender.loan();
  while (!loan && loan.error() == vil::Status::full) {
    trial_relax(&trial);
    loan = sender.loan();
  }
  if (!loan) TRIAL_ENDS("loan answers %d", static_cast<int>(loan.error()));
  trial_write(&trial, loan->get(), number);
  auto published = loan->publish();
  while (!published && published.error() == vil::Status::full) {
    trial_relax(&trial);
    published = loan->publish();
  }
  if (!published) TRIAL_ENDS("publish answers %d", static_cast<int>(published.error()));
}

// Receives, reads, releases; waits until there is something.
template <typename T>
void take(const trial_t &trial, vil::Receiver<T> &receiver, std::uint64_t number) {
  for (;;) {
    auto message = receiver.receive(std::chrono::nanoseconds::zero());
    if (message) {
      trial_read(&trial, &**message, number);
      return;  // the message goes back where it goes out of scope
    }
    if (message.error() != vil::Status::empty) TRIAL_ENDS("receive answers %d", static_cast<int>(message.error()));
    trial_relax(&trial);
  }
}

// The same for `count` messages from `number` on, by calls that move several.
template <typename T, std::size_t N>
void send_batch(const trial_t &trial, vil::LoanBatch<T, N> &loans, std::uint64_t number, std::size_t count) {
  while (loans.size() < count) {
    const auto taken = loans.take(count - loans.size());
    if (taken) continue;
    if (taken.error() != vil::Status::full) TRIAL_ENDS("loans answer %d", static_cast<int>(taken.error()));
    trial_relax(&trial);
  }
  for (std::size_t at = 0; at < count; ++at) trial_write(&trial, &loans[at], number + at);
  for (auto published = loans.publish(); !published; published = loans.publish()) {
    if (published.error() != vil::Status::full) TRIAL_ENDS("publish answers %d", static_cast<int>(published.error()));
    trial_relax(&trial);
  }
}

// The same for `most` messages from `number` on at most, by calls that move several; how many.
template <typename T, std::size_t N>
std::size_t take_batch(const trial_t &trial, vil::IncomingBatch<T, N> &messages, std::uint64_t number,
                       std::size_t most) {
  for (;;) {
    const auto count = messages.receive(std::chrono::nanoseconds::zero(), most);
    if (count) {
      for (std::size_t at = 0; at < *count; ++at) trial_read(&trial, &messages[at], number + at);
      if (!messages.release()) TRIAL_ENDS("a message is not released");
      return *count;
    }
    if (count.error() != vil::Status::empty) TRIAL_ENDS("receive answers %d", static_cast<int>(count.error()));
    trial_relax(&trial);
  }
}

// Runs it with the type of `--size`.
template <template <typename> class Trial>
int with_size(const trial_t &trial) {
  switch (trial.size) {
    case 8: return Trial<messages::Bytes8>::run(trial), 0;
    case 16: return Trial<messages::Bytes16>::run(trial), 0;
    case 64: return Trial<messages::Bytes64>::run(trial), 0;
    case 256: return Trial<messages::Bytes256>::run(trial), 0;
    case 1024: return Trial<messages::Bytes1024>::run(trial), 0;
    case 4096: return Trial<messages::Bytes4096>::run(trial), 0;
    case 16384: return Trial<messages::Bytes16384>::run(trial), 0;
    case 65536: return Trial<messages::Bytes65536>::run(trial), 0;
    case 1048576: return Trial<messages::Bytes1048576>::run(trial), 0;
    default: TRIAL_ENDS("there is no message of %zu B", trial.size);
  }
}

}  // namespace ends

#endif
