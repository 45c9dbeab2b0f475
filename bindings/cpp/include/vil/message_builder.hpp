// A relative message in the making, in any memory or in none.
#ifndef VIL_MESSAGE_BUILDER_HPP
#define VIL_MESSAGE_BUILDER_HPP

#include <cstddef>
#include <cstdint>

#include "vil/builder.hpp"
#include "vil/message.hpp"
#include "vil/result.hpp"

namespace vil {

// Begun as it is made: head and root are zero, and the root's writer may be used. Writers name this object, so moving it
// ends them: what is moved from writes nowhere. T is the plain struct of the message's root.
template <typename T>
class MessageBuilder {
  static_assert(detail::is_message<T>() && detail::is_relative<T>, "only relative messages are built");

 public:
  using Root = typename T::vil_writer;

  // Measures: what the same calls would need. `finish` then answers the exact size. A reference set twice is not seen.
  MessageBuilder() noexcept { restart(); }
  // Writes into memory aligned to 8, no more than the program allows a message.
  MessageBuilder(void *data, std::size_t capacity) noexcept
      : builder_(data, capacity < MessageTraits<T>::size ? capacity : MessageTraits<T>::size) {
    restart();
  }

  // Writes the root.
  [[nodiscard]] Root root() noexcept { return Root(builder_.raw(), detail::root_offset); }

  // Bytes so far.
  [[nodiscard]] std::uint32_t used() const noexcept { return builder_.used(); }
  // The first thing that went wrong; Status::ok while nothing did.
  [[nodiscard]] Status fault() const noexcept { return builder_.fault(); }
  [[nodiscard]] bool is_measuring() const noexcept { return builder_.is_measuring(); }

  // As Builder::leave.
  void leave() noexcept { builder_.leave(); }

  // As Builder::skip_zeroes.
  void skip_zeroes() noexcept { builder_.skip_zeroes(); }

  // Forgets everything, the fault too, and begins anew in the same memory.
  void restart() noexcept { builder_.begin(MessageTraits<T>::layout_id, sizeof(T), MessageTraits<T>::root_size); }

  // Ends the message: its size in bytes, or what went wrong first, e_limit, e_argument or e_state, as Builder has it. Nothing is
  // written after that until it is restarted.
  [[nodiscard]] Result<std::uint32_t, Status> finish() noexcept {
    std::uint32_t size = 0;
    const Status fault = builder_.finish(MessageTraits<T>::layout_id, &size);
    if (fault != Status::ok) return fault;
    return size;
  }

 private:
  Builder builder_;
};

}  // namespace vil

#endif
