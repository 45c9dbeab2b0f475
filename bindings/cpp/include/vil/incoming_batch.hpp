// Several received messages, read in place and released by one call.
#ifndef VIL_INCOMING_BATCH_HPP
#define VIL_INCOMING_BATCH_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "vil/message.hpp"
#include "vil/mode.hpp"
#include "vil/receiver.hpp"
#include "vil/result.hpp"
#include "vil/timeout.hpp"

namespace vil {

// Up to N messages, whose structs lie in it, so nothing is allocated. It is made once for a receiver and used again and
// again: receive fills it, release empties it. What it still holds when it goes is released. It stays where it is, must end
// before its receiver is closed, and belongs to the receiver's thread.
template <typename T, std::size_t N, typename Mode = mode::read>
class IncomingBatch {
  static_assert(detail::is_message<T>());
  static_assert(!detail::is_relative<T>, "relative messages go one by one");
  static_assert(N >= 1 && N <= VIL_BATCH_SIZE, "a batch has 1 to 256 messages");
  static_assert(detail::is_one_of<Mode, mode::read, mode::change>, "what was taken is consumed one by one");

 public:
  explicit IncomingBatch(Receiver<T, Mode> &receiver) noexcept : receiver_(receiver.get()) {}
  IncomingBatch(const IncomingBatch &) = delete;
  IncomingBatch &operator=(const IncomingBatch &) = delete;
  ~IncomingBatch() { (void)release(); }

  // Receives up to `most` more messages, as far as there is room here; how many. Waits for the first one as
  // Receiver::receive does, and takes the others as far as they are there. e_argument when `most` is 0 or the batch is full.
  [[nodiscard]] Result<std::size_t, Status> receive(std::chrono::nanoseconds timeout, std::size_t most = N) noexcept {
    const std::size_t room = N - held_, count = most < room ? most : room;
    std::size_t received = 0;
    const vil_status_t status =
        vil_receiver_receive_batch(receiver_, detail::timeout_ns(timeout), raw_ + held_, count, &received);
    if (status != VIL_OK) return static_cast<Status>(status);
    held_ += received;
    return received;
  }

  // Ends them all. Were one refused, which none is that came by this receiver, it and those behind it would stay here.
  Result<void, Status> release() noexcept {
    if (held_ == 0) return {};
    std::size_t done = 0;
    const vil_status_t status = vil_receiver_release_batch(receiver_, raw_, held_, &done);
    for (std::size_t at = done; at < held_; ++at) raw_[at - done] = raw_[at];
    held_ -= done;
    return detail::done(status);
  }

  // How many are in hand.
  [[nodiscard]] std::size_t size() const noexcept { return held_; }
  [[nodiscard]] bool empty() const noexcept { return held_ == 0; }

  // The message at a position below size(), in the order in which they were received.
  [[nodiscard]] const T &operator[](std::size_t at) const noexcept { return *static_cast<const T *>(raw_[at].data); }

  // The same, to be changed in place.
  [[nodiscard]] T &edit(std::size_t at) noexcept {
    static_assert(detail::is_one_of<Mode, mode::change>, "the process does not say that it mutates this");
    return const_cast<T &>((*this)[at]);
  }

  // Its number on its route, index of the route, and the question that it answers, as Incoming has them.
  [[nodiscard]] std::uint64_t number(std::size_t at) const noexcept { return raw_[at].number; }
  [[nodiscard]] std::uint32_t route(std::size_t at) const noexcept { return raw_[at].route; }
  [[nodiscard]] std::uint64_t answers(std::size_t at) const noexcept { return raw_[at].answers; }

 private:
  vil_receiver_t *receiver_;
  std::size_t held_ = 0;
  vil_message_t raw_[N];
};

}  // namespace vil

#endif
