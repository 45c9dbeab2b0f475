// A typed in port.
#ifndef VIL_RECEIVER_HPP
#define VIL_RECEIVER_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "vil/adapter.hpp"
#include "vil/incoming.hpp"
#include "vil/mode.hpp"
#include "vil/timeout.hpp"
#include "vil/verify.hpp"
#include "vil/world.hpp"

namespace vil {

// Owns the receiving end of a port, all its routes in turn; move-only. It belongs to the thread that opened it; another
// one calls move_to_thread first. `Mode` is what may be done with its messages; generated code knows it.
template <typename T, typename Mode = mode::read>
class Receiver {
  static_assert(detail::is_message<T>());

 public:
  // `port` as the world's contract names it; e_contract when the contract says that it carries another message.
  static Result<Receiver> open(const World &world, const char *port) noexcept {
    return open_within(world, port, std::chrono::nanoseconds::zero());
  }

  // As open, trying for at most `timeout` until a predecessor is gone and what it passed on is read. So processes may be
  // started again in any order.
  // A cancel of the world or a signal ends that early: cancelled, interrupted. `verify` has an effect on relative messages.
  static Result<Receiver> open_within(const World &world, const char *port, std::chrono::nanoseconds timeout,
                                      Verify verify = Verify::never) noexcept {
    if (auto agreed = detail::agree<T>(world.contract(), port, detail::direction_in); !agreed) return agreed.error();
    vil_receiver_t *receiver = nullptr;
    vil_error_t error{};
    const std::uint64_t timeout_ns = detail::timeout_ns(timeout);
    const vil_status_t status = vil_receiver_open_within(world.get(), port, timeout_ns, &receiver, &error);
    if (status != VIL_OK) return detail::error_of(status, error);
    return Receiver(receiver, verify);
  }

  Receiver(Receiver &&other) noexcept
      : receiver_(std::exchange(other.receiver_, nullptr)), verifier_(other.verifier_) {}
  Receiver &operator=(Receiver &&other) noexcept {
    std::swap(receiver_, other.receiver_);
    std::swap(verifier_, other.verifier_);
    return *this;
  }
  Receiver(const Receiver &) = delete;
  Receiver &operator=(const Receiver &) = delete;
  ~Receiver() {
    if (receiver_ != nullptr) (void)vil_receiver_close(receiver_);
  }

  // The next message; Status::timeout when none came in time, Status::empty when there is none and `timeout` is 0. Where
  // the port verifies, e_message when it is not what its layout says, and when an external one says to be longer than it is;
  // it is let go then.
  [[nodiscard]] Result<Incoming<T, Mode>, Status> receive(std::chrono::nanoseconds timeout) noexcept {
    Result<Incoming<T, Mode>, Status> answer(std::in_place, receiver_);
    vil_status_t status = vil_receiver_receive(receiver_, detail::timeout_ns(timeout), &answer->raw_);
    if constexpr (detail::is_relative<T> || detail::is_external<T>) {
      if (status == VIL_OK) status = look(*answer);
    }
    if (status != VIL_OK) answer = static_cast<Status>(status);
    return answer;
  }

  // Receive, copy and release in one, answers as receive: for messages so small that to hold them costs more than the copy.
  // One that was taken is consumed. It is over as soon as it is copied, under at_least_once too: who must have it again after
  // dying while working on it receives it.
  [[nodiscard]] Result<T, Status> read(std::chrono::nanoseconds timeout) noexcept {
    static_assert(!detail::is_relative<T> && !detail::is_external<T>, "these are read where they lie: receive one");
    Result<T, Status> answer(std::in_place);
    const vil_status_t status = vil_receiver_read(receiver_, detail::timeout_ns(timeout), &*answer, sizeof(T));
    if (status != VIL_OK) answer = static_cast<Status>(status);
    return answer;
  }

  // Reads up to `count` messages; how many. Waits for the first one only, answers as read, and reads the others as far as they
  // are there. e_argument for a count of 0 or more than 256. A process that dies inside of it may have ended `count` of them.
  [[nodiscard]] Result<std::size_t, Status> read_batch(std::chrono::nanoseconds timeout, T *messages,
                                                       std::size_t count) noexcept {
    static_assert(!detail::is_relative<T> && !detail::is_external<T>, "these are read where they lie: receive some");
    std::size_t read = 0;
    const std::uint64_t timeout_ns = detail::timeout_ns(timeout);
    const vil_status_t status = vil_receiver_read_batch(receiver_, timeout_ns, messages, sizeof *messages, count, &read);
    if (status != VIL_OK) return static_cast<Status>(status);
    return read;
  }

  // Receive, translate and release in one: a message M from the bytes of an external one, in memory that is aligned as it is.
  // e_message when they make none, e_limit when it is longer than capacity; they are gone then. e_argument when the adapter
  // is not the message's.
  template <typename M>
  [[nodiscard]] Status receive_into(std::chrono::nanoseconds timeout, Adapter adapter, void *message, std::size_t capacity,
                                    std::size_t &size, vil_msg_fault_t *fault = nullptr) noexcept {
    static_assert(detail::is_external<T>, "only an external message goes by an adapter");
    size = 0;
    if (fault != nullptr) *fault = vil_msg_fault_t{};
    if (adapter.name() != MessageTraits<T>::adapter) return Status::e_argument;
    const auto received = receive(timeout);
    if (!received) return received.error();
    return adapter.template decode<M>((*received)->data, (*received)->size, message, capacity, size, fault);
  }

  // The same of a flat one.
  template <typename M>
  [[nodiscard]] Status receive_into(std::chrono::nanoseconds timeout, Adapter adapter, M &message,
                                    vil_msg_fault_t *fault = nullptr) noexcept {
    static_assert(detail::is_message<M>() && !detail::is_relative<M>, "a relative message is as long as it is: say where");
    std::size_t size = 0;
    return receive_into<M>(timeout, adapter, &message, sizeof message, size, fault);
  }

  // Messages that are over on the port's routes since the world was created, restarts included: those released, under
  // best_effort also those skipped while nobody received, and with drop_oldest also those dropped for a newer one.
  [[nodiscard]] Result<std::uint64_t, Status> received() const noexcept {
    std::uint64_t count = 0;
    const vil_status_t status = vil_receiver_received(receiver_, &count);
    if (status != VIL_OK) return static_cast<Status>(status);
    return count;
  }

  // From now on the calling thread is the one that may use this end.
  Result<void, Status> move_to_thread() noexcept { return detail::done(vil_receiver_move_to_thread(receiver_)); }

  [[nodiscard]] vil_receiver_t *get() const noexcept { return receiver_; }

 private:
  Receiver(vil_receiver_t *receiver, Verify verify) noexcept : receiver_(receiver), verifier_(verify) {}

  // Verifies a relative message as the port asks for, and makes its view; finds the bytes of an external one.
  vil_status_t look(Incoming<T, Mode> &message) noexcept {
    const vil_message_t &raw = message.raw_;
    if constexpr (detail::is_relative<T>) {
      const vil_status_t status = verifier_.look(MessageTraits<T>::descriptor, raw);
      if (status != VIL_OK) return status;
    }
    return message.look(raw.data, raw.size);
  }

  vil_receiver_t *receiver_;
  detail::Verifier verifier_;
};

// Waits until one of these receivers has a message, and answers its place in the call, from 0; of several the first.
// All belong to one World and to the calling thread. Takes no message: receive it next.
template <typename... T, typename... Mode>
[[nodiscard]] Result<std::size_t, Status> wait_any(std::chrono::nanoseconds timeout,
                                                   const Receiver<T, Mode> &...receivers) noexcept {
  static_assert(sizeof...(T) > 0, "nothing to wait for");
  vil_receiver_t *const raw[] = {receivers.get()...};
  std::size_t index = 0;
  const vil_status_t status = vil_receiver_wait_any(raw, sizeof...(T), detail::timeout_ns(timeout), &index);
  if (status != VIL_OK) return static_cast<Status>(status);
  return index;
}

}  // namespace vil

#endif
