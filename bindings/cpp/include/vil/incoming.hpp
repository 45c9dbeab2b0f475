// A received message, read in place as a T, through its view, or as bytes.
#ifndef VIL_INCOMING_HPP
#define VIL_INCOMING_HPP

#include <cstdint>
#include <utility>

#include "vil/message.hpp"
#include "vil/mode.hpp"
#include "vil/result.hpp"
#include "vil/seen.hpp"

namespace vil {

template <typename T, typename Mode>
class Sender;
template <typename T, typename Mode>
class Receiver;

// Move-only; releases itself. It must end before its receiver is closed. Where the route is consume_once it is the
// receiver's own: one that is neither consumed nor passed on is lost, and libvil records that as a fault.
template <typename T, typename Mode = mode::read>
class Incoming : detail::Seen<T> {
  static_assert(detail::is_message<T>());
  static_assert(detail::is_one_of<Mode, mode::read, mode::change, mode::take>, "no mode of a receiver");

 public:
  using Content = typename detail::Seen<T>::Content;

  // Of this receiver; holds nothing until the receiver fills it where it lies. Copied into place it would be read before
  // its stores are done.
  explicit Incoming(vil_receiver_t *receiver) noexcept : receiver_(receiver), raw_{} {}
  Incoming(Incoming &&other) noexcept
      : detail::Seen<T>(other), receiver_(other.receiver_), raw_(std::exchange(other.raw_, vil_message_t{})) {}
  Incoming &operator=(Incoming &&other) noexcept {
    std::swap(static_cast<detail::Seen<T> &>(*this), static_cast<detail::Seen<T> &>(other));
    std::swap(receiver_, other.receiver_);
    std::swap(raw_, other.raw_);
    return *this;
  }
  Incoming(const Incoming &) = delete;
  Incoming &operator=(const Incoming &) = delete;
  ~Incoming() {
    if (raw_.data != nullptr) (void)vil_receiver_release(receiver_, &raw_);
  }

  // Whether the message is still held: false once it is released or moved from.
  explicit operator bool() const noexcept { return raw_.data != nullptr; }

  // The message: a flat one itself, of a relative one its view, of an external one its bytes.
  [[nodiscard]] const Content *get() const noexcept { return detail::Seen<T>::at(raw_.data); }
  [[nodiscard]] const Content &operator*() const noexcept { return *get(); }
  [[nodiscard]] const Content *operator->() const noexcept { return get(); }

  // The message, to be changed in place.
  [[nodiscard]] T *edit() noexcept {
    static_assert(!detail::is_external<T>, "an external message is not changed in place");
    static_assert(!detail::is_relative<T>, "a relative message is not changed in place; build another one");
    static_assert(detail::is_one_of<Mode, mode::change, mode::take>, "the process does not say that it mutates this");
    return const_cast<T *>(static_cast<const T *>(raw_.data));
  }

  // Its number on its route, from 0, across restarts of either end. Where a queue is mpmc or drops the oldest, numbers
  // may be left out.
  [[nodiscard]] std::uint64_t number() const noexcept { return raw_.number; }
  // Index of the route it came by.
  [[nodiscard]] std::uint32_t route() const noexcept { return raw_.route; }

  // At a request port: the number of the question that it answers. Elsewhere 0.
  [[nodiscard]] std::uint64_t answers() const noexcept { return raw_.answers; }
  // As C knows it.
  [[nodiscard]] const vil_message_t &raw() const noexcept { return raw_; }

  Result<void, Status> release() noexcept {
    static_assert(!detail::is_one_of<Mode, mode::take>, "what was taken is consumed or passed on");
    return detail::done(vil_receiver_release(receiver_, &raw_));
  }

  // Ends a message that was used.
  Result<void, Status> consume() noexcept {
    static_assert(detail::is_one_of<Mode, mode::take>, "only what came by consume_once is consumed");
    return detail::done(vil_receiver_consume(receiver_, &raw_));
  }

  // Passes the message on as it lies, by a sender of the same world. What was taken goes on for good; what is on loan
  // stays its producer's, who gets it back when the next receiver has released it. On a fault it is still held.
  template <typename OtherMode>
  Result<void, Status> forward(Sender<T, OtherMode> &to) noexcept {
    static_assert(detail::is_one_of<OtherMode, mode::publish, mode::keep>, "questions and answers are not passed on");
    return detail::done(vil_receiver_forward(receiver_, &raw_, to.get()));
  }

 private:
  friend class Receiver<T, Mode>;

  vil_receiver_t *receiver_;
  vil_message_t raw_;
};

}  // namespace vil

#endif
