// A received message, read in place as a T.
#ifndef VIL_INCOMING_HPP
#define VIL_INCOMING_HPP

#include <cstdint>
#include <utility>

#include "vil/message.hpp"
#include "vil/result.hpp"

namespace vil {

// Move-only; releases itself. It must end before its receiver is closed.
template <typename T>
class Incoming {
  static_assert(detail::is_message<T>());

 public:
  Incoming(vil_receiver_t *receiver, const vil_message_t &raw) noexcept : receiver_(receiver), raw_(raw) {}
  Incoming(Incoming &&other) noexcept
      : receiver_(other.receiver_), raw_(std::exchange(other.raw_, vil_message_t{})) {}
  Incoming &operator=(Incoming &&other) noexcept {
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

  [[nodiscard]] const T *get() const noexcept { return static_cast<const T *>(raw_.data); }
  [[nodiscard]] const T &operator*() const noexcept { return *get(); }
  [[nodiscard]] const T *operator->() const noexcept { return get(); }

  // Its number on its route, from 0, across restarts of either end.
  [[nodiscard]] std::uint64_t number() const noexcept { return raw_.number; }
  // Index of the route it came by.
  [[nodiscard]] std::uint32_t route() const noexcept { return raw_.route; }

  Result<void, Status> release() noexcept { return detail::done(vil_receiver_release(receiver_, &raw_)); }

 private:
  vil_receiver_t *receiver_;
  vil_message_t raw_;
};

}  // namespace vil

#endif
