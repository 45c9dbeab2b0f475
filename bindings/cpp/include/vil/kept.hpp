// A published message that its producer goes on reading.
#ifndef VIL_KEPT_HPP
#define VIL_KEPT_HPP

#include <utility>

#include "vil/message.hpp"
#include "vil/result.hpp"
#include "vil/seen.hpp"

namespace vil {

// What Loan::keep published: read by consumers and by its producer. Move-only; ends its reading itself, and counts as one
// of the port's loans until then. It must end before its sender is closed.
template <typename T>
class Kept : detail::Seen<T> {
  static_assert(detail::is_message<T>());

 public:
  using Content = typename detail::Seen<T>::Content;

  Kept(vil_sender_t *sender, const vil_loan_t &raw) noexcept : sender_(sender), raw_(raw) {
    detail::Seen<T>::look(raw.data, raw.size);
  }
  Kept(Kept &&other) noexcept
      : detail::Seen<T>(other), sender_(other.sender_), raw_(std::exchange(other.raw_, vil_loan_t{})) {}
  Kept &operator=(Kept &&other) noexcept {
    std::swap(static_cast<detail::Seen<T> &>(*this), static_cast<detail::Seen<T> &>(other));
    std::swap(sender_, other.sender_);
    std::swap(raw_, other.raw_);
    return *this;
  }
  Kept(const Kept &) = delete;
  Kept &operator=(const Kept &) = delete;
  ~Kept() {
    if (raw_.data != nullptr) (void)vil_sender_release(sender_, &raw_);
  }

  // Whether it may still be read: false once it is released or moved from.
  explicit operator bool() const noexcept { return raw_.data != nullptr; }

  // The message: a flat one itself, of a relative one its view.
  [[nodiscard]] const Content *get() const noexcept { return detail::Seen<T>::at(raw_.data); }
  [[nodiscard]] const Content &operator*() const noexcept { return *get(); }
  [[nodiscard]] const Content *operator->() const noexcept { return get(); }

  Result<void, Status> release() noexcept { return detail::done(vil_sender_release(sender_, &raw_)); }

 private:
  vil_sender_t *sender_;
  vil_loan_t raw_;
};

}  // namespace vil

#endif
