// A typed in port.
#ifndef VIL_RECEIVER_HPP
#define VIL_RECEIVER_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "vil/incoming.hpp"
#include "vil/world.hpp"

namespace vil {

// As a timeout: wait until something happens.
inline constexpr std::chrono::nanoseconds forever = std::chrono::nanoseconds::max();

namespace detail {

constexpr std::uint64_t timeout_ns(std::chrono::nanoseconds timeout) noexcept {
  if (timeout == forever) return VIL_FOREVER;
  return timeout.count() > 0 ? static_cast<std::uint64_t>(timeout.count()) : 0;
}

}  // namespace detail

// Owns the receiving end of a port, all its routes in turn; move-only. It belongs to the thread that opened it; another
// one calls move_to_thread first.
template <typename T>
class Receiver {
  static_assert(detail::is_message<T>());

 public:
  // `port` as the world's contract names it; e_contract when the contract says that it carries another message.
  static Result<Receiver> open(const World &world, const char *port) noexcept {
    if (auto agreed = detail::agree<T>(world.contract(), port, detail::direction_in); !agreed) return agreed.error();
    vil_receiver_t *receiver = nullptr;
    vil_error_t error{};
    const vil_status_t status = vil_receiver_open(world.get(), port, &receiver, &error);
    if (status != VIL_OK) return detail::error_of(status, error);
    return Receiver(receiver);
  }

  Receiver(Receiver &&other) noexcept : receiver_(std::exchange(other.receiver_, nullptr)) {}
  Receiver &operator=(Receiver &&other) noexcept {
    std::swap(receiver_, other.receiver_);
    return *this;
  }
  Receiver(const Receiver &) = delete;
  Receiver &operator=(const Receiver &) = delete;
  ~Receiver() {
    if (receiver_ != nullptr) (void)vil_receiver_close(receiver_);
  }

  // The next message; Status::timeout when none came in time, Status::empty when there is none and `timeout` is 0.
  [[nodiscard]] Result<Incoming<T>, Status> receive(std::chrono::nanoseconds timeout) noexcept {
    vil_message_t raw{};
    const vil_status_t status = vil_receiver_receive(receiver_, detail::timeout_ns(timeout), &raw);
    if (status != VIL_OK) return static_cast<Status>(status);
    return Incoming<T>(receiver_, raw);
  }

  // Messages released on the port's routes since the world was created, restarts included; under best_effort also
  // those skipped while nobody received.
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
  explicit Receiver(vil_receiver_t *receiver) noexcept : receiver_(receiver) {}

  vil_receiver_t *receiver_;
};

// Waits until one of these receivers has a message, and answers its place in the call, from 0; of several the first.
// All belong to one World and to the calling thread. Takes no message: receive it next.
template <typename... T>
[[nodiscard]] Result<std::size_t, Status> wait_any(std::chrono::nanoseconds timeout,
                                                   const Receiver<T> &...receivers) noexcept {
  static_assert(sizeof...(T) > 0, "nothing to wait for");
  vil_receiver_t *const raw[] = {receivers.get()...};
  std::size_t index = 0;
  const vil_status_t status = vil_receiver_wait_any(raw, sizeof...(T), detail::timeout_ns(timeout), &index);
  if (status != VIL_OK) return static_cast<Status>(status);
  return index;
}

}  // namespace vil

#endif
