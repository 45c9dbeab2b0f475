// Ports that ask and ports that answer: a pair of ends each.
#ifndef VIL_REQUEST_HPP
#define VIL_REQUEST_HPP

#include <chrono>
#include <cstdint>
#include <utility>

#include "vil/receiver.hpp"
#include "vil/sender.hpp"

namespace vil {

// A request port: questions leave, answers arrive. `answers()` of an answer is the number of its question.
template <typename Q, typename A>
class Requester {
 public:
  // Opens both ends; see Sender::open_within.
  static Result<Requester> open_within(const World &world, const char *port,
                                       std::chrono::nanoseconds timeout, Verify verify = Verify::never) noexcept {
    auto sender = Sender<Q, mode::ask>::open_within(world, port, timeout);
    if (!sender) return sender.error();
    auto receiver = Receiver<A>::open_within(world, port, timeout, verify);
    if (!receiver) return receiver.error();
    return Requester(std::move(*sender), std::move(*receiver));
  }
  static Result<Requester> open(const World &world, const char *port) noexcept {
    return open_within(world, port, std::chrono::nanoseconds::zero());
  }

  // A slot to write a question into.
  [[nodiscard]] Result<typename Sender<Q, mode::ask>::Loaned, Status> loan() noexcept { return questions.loan(); }

  // Loan, copy and ask in one: the question's number.
  Result<std::uint64_t, Status> ask(const Q &question) noexcept {
    static_assert(!detail::is_relative<Q>, "a relative question is built in a slot: loan one");
    auto loan = questions.loan();
    if (!loan) return loan.error();
    **loan = question;
    return loan->ask();
  }

  // The next answer; see Receiver::receive.
  [[nodiscard]] Result<Incoming<A>, Status> receive(std::chrono::nanoseconds timeout) noexcept {
    return answers.receive(timeout);
  }

  Sender<Q, mode::ask> questions;
  Receiver<A> answers;

 private:
  Requester(Sender<Q, mode::ask> &&sender, Receiver<A> &&receiver) noexcept
      : questions(std::move(sender)), answers(std::move(receiver)) {}
};

// A response port: questions arrive, answers leave.
template <typename Q, typename A>
class Responder {
 public:
  // Opens both ends; see Receiver::open_within.
  static Result<Responder> open_within(const World &world, const char *port,
                                       std::chrono::nanoseconds timeout, Verify verify = Verify::never) noexcept {
    auto receiver = Receiver<Q>::open_within(world, port, timeout, verify);
    if (!receiver) return receiver.error();
    auto sender = Sender<A, mode::answer>::open_within(world, port, timeout);
    if (!sender) return sender.error();
    return Responder(std::move(*receiver), std::move(*sender));
  }
  static Result<Responder> open(const World &world, const char *port) noexcept {
    return open_within(world, port, std::chrono::nanoseconds::zero());
  }

  // The next question; see Receiver::receive.
  [[nodiscard]] Result<Incoming<Q>, Status> receive(std::chrono::nanoseconds timeout) noexcept {
    return questions.receive(timeout);
  }

  // A slot to write an answer into.
  [[nodiscard]] Result<typename Sender<A, mode::answer>::Loaned, Status> loan() noexcept { return answers.loan(); }

  // Loan, copy and answer in one. The question stays to be released.
  Result<void, Status> answer(const Incoming<Q> &question, const A &answer) noexcept {
    return answers.answer(question, answer);
  }

  Receiver<Q> questions;
  Sender<A, mode::answer> answers;

 private:
  Responder(Receiver<Q> &&receiver, Sender<A, mode::answer> &&sender) noexcept
      : questions(std::move(receiver)), answers(std::move(sender)) {}
};

}  // namespace vil

#endif
