// Adapters: what makes the bytes of an external message from a message of the program, and back.
#ifndef VIL_ADAPTER_HPP
#define VIL_ADAPTER_HPP

#include <cstddef>
#include <string_view>

#include "vil/adapter.h"
#include "vil/message.hpp"
#include "vil/status.hpp"

namespace vil {

// A view of a vil_adapter_t, which outlives it: that of JSON, or one of the user's own. M is a message with a descriptor,
// flat or relative. Where a call answers Status::e_message, `fault` says why; it may be null.
class Adapter {
 public:
  explicit constexpr Adapter(const vil_adapter_t &raw) noexcept : raw_(&raw) {}

  // JSON, as vil_msg_to_json writes it and vil_msg_from_json reads it. While it is written a NUL stands behind it, which
  // needs a byte of room.
  static Adapter json() noexcept { return Adapter(vil_adapter_json); }

  // As the program's `adapter`, and what it writes.
  [[nodiscard]] std::string_view name() const noexcept { return raw_->name; }
  [[nodiscard]] std::string_view media_type() const noexcept { return raw_->media_type; }

  // Writes a message as external bytes. e_limit when they do not fit, e_message when the message is none.
  template <typename M>
  [[nodiscard]] Status encode(const void *message, std::size_t message_size, void *bytes, std::size_t capacity,
                              std::size_t &size, vil_msg_fault_t *fault = nullptr) const noexcept {
    static_assert(detail::is_message<M>());
    const auto *descriptor = MessageTraits<M>::descriptor;
    return static_cast<Status>(raw_->encode(raw_, descriptor, message, message_size, bytes, capacity, &size, fault));
  }

  // Makes a message from external bytes, in memory that is aligned as the message is. e_limit when it does not fit, e_message
  // when the bytes make none.
  template <typename M>
  [[nodiscard]] Status decode(const void *bytes, std::size_t bytes_size, void *message, std::size_t capacity,
                              std::size_t &size, vil_msg_fault_t *fault = nullptr) const noexcept {
    static_assert(detail::is_message<M>());
    const auto *descriptor = MessageTraits<M>::descriptor;
    return static_cast<Status>(raw_->decode(raw_, descriptor, bytes, bytes_size, message, capacity, &size, fault));
  }

 private:
  const vil_adapter_t *raw_;
};

}  // namespace vil

#endif
