// A slot on loan from a sender, written in place as a T.
#ifndef VIL_LOAN_HPP
#define VIL_LOAN_HPP

#include <utility>

#include "vil/message.hpp"
#include "vil/result.hpp"

namespace vil {

// Move-only. Its bytes are what the slot last held: assign the whole T, or every field. Gone unpublished, it is
// discarded. It must end before its sender is closed.
template <typename T>
class Loan {
  static_assert(detail::is_message<T>());

 public:
  Loan(vil_sender_t *sender, const vil_loan_t &raw) noexcept : sender_(sender), raw_(raw) {}
  Loan(Loan &&other) noexcept : sender_(other.sender_), raw_(std::exchange(other.raw_, vil_loan_t{})) {}
  Loan &operator=(Loan &&other) noexcept {
    std::swap(sender_, other.sender_);
    std::swap(raw_, other.raw_);
    return *this;
  }
  Loan(const Loan &) = delete;
  Loan &operator=(const Loan &) = delete;
  ~Loan() {
    if (raw_.data != nullptr) (void)vil_sender_discard(sender_, &raw_);
  }

  // Whether the slot is still held: false once it is published, discarded, dropped by the route or moved from.
  explicit operator bool() const noexcept { return raw_.data != nullptr; }

  [[nodiscard]] T *get() const noexcept { return static_cast<T *>(raw_.data); }
  [[nodiscard]] T &operator*() const noexcept { return *get(); }
  [[nodiscard]] T *operator->() const noexcept { return get(); }

  // On timeout, full, interrupted, cancelled and peer_gone the slot is still held: call again, or let it go.
  Result<void, Status> publish() noexcept { return detail::done(vil_sender_publish(sender_, &raw_)); }

  Result<void, Status> discard() noexcept { return detail::done(vil_sender_discard(sender_, &raw_)); }

 private:
  vil_sender_t *sender_;
  vil_loan_t raw_;
};

}  // namespace vil

#endif
