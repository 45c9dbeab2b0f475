// Room for an external message on loan: bytes that are written in place, then published.
#ifndef VIL_ENVELOPE_HPP
#define VIL_ENVELOPE_HPP

#include <cstddef>
#include <cstdint>
#include <utility>

#include "vil/external.h"
#include "vil/loan.hpp"

namespace vil {

// Move-only; gone unpublished, it is discarded, as a Loan is. Its bytes are what was last held there. What sends it takes how
// many of them the message has; e_limit when it is more than capacity.
template <typename T, typename Mode = mode::publish>
class Envelope : Loan<T, Mode> {
  static_assert(detail::is_external<T>, "only external messages are bytes in a frame");
  using Slot = Loan<T, Mode>;

 public:
  using Slot::discard;
  using Slot::operator bool;

  // Of this sender; holds nothing until the sender fills it where it lies.
  explicit Envelope(vil_sender_t *sender) noexcept : Slot(sender) {}

  // Where to write; null when nothing is held.
  [[nodiscard]] unsigned char *data() const noexcept { return vil_frame_bytes(&this->raw_); }
  [[nodiscard]] std::size_t capacity() const noexcept { return vil_frame_room(this->raw_.size); }

  Result<void, Status> publish(std::size_t size) noexcept {
    const Status status = hold(size);
    if (status != Status::ok) return status;
    return Slot::publish();
  }

  // Asks: the question's number.
  Result<std::uint64_t, Status> ask(std::size_t size) noexcept {
    const Status status = hold(size);
    if (status != Status::ok) return status;
    return Slot::ask();
  }

  // Sends it to whoever asked; the question stays to be released.
  template <typename Q>
  Result<void, Status> answer(const Incoming<Q> &question, std::size_t size) noexcept {
    const Status status = hold(size);
    if (status != Status::ok) return status;
    return Slot::answer(question);
  }

 private:
  friend class Sender<T, Mode>;

  Status hold(std::size_t size) noexcept { return static_cast<Status>(vil_frame_write(&this->raw_, size)); }
};

}  // namespace vil

#endif
