// A slot on loan from a sender, written in place as a T.
#ifndef VIL_LOAN_HPP
#define VIL_LOAN_HPP

#include <cstdint>
#include <utility>

#include "vil/incoming.hpp"
#include "vil/kept.hpp"
#include "vil/message.hpp"
#include "vil/mode.hpp"
#include "vil/result.hpp"

namespace vil {

template <typename T, typename Mode>
class Draft;
template <typename T, typename Mode>
class Envelope;

// Move-only. Its bytes are what the slot last held: assign the whole T, or every field. Gone unpublished, it is
// discarded. It must end before its sender is closed.
template <typename T, typename Mode = mode::publish>
class Loan {
  static_assert(detail::is_message<T>());
  static_assert(detail::is_one_of<Mode, mode::publish, mode::keep, mode::ask, mode::answer>, "no mode of a sender");

 public:
  // Of this sender; holds nothing until the sender fills it where it lies. Copied into place it would be read before its
  // stores are done.
  explicit Loan(vil_sender_t *sender) noexcept : sender_(sender), raw_{} {}
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
  Result<void, Status> publish() noexcept {
    static_assert(detail::is_one_of<Mode, mode::publish, mode::keep>, "this port asks or answers");
    return detail::done(vil_sender_publish(sender_, &raw_));
  }

  // Publishes and goes on reading. On a fault the slot is still held, as after publish.
  [[nodiscard]] Result<Kept<T>, Status> keep() noexcept {
    static_assert(detail::is_one_of<Mode, mode::keep>, "only ports whose route is loan_read keep what they publish");
    const vil_status_t status = vil_sender_keep(sender_, &raw_);
    if (status != VIL_OK) return static_cast<Status>(status);
    return Kept<T>(sender_, std::exchange(raw_, vil_loan_t{}));
  }

  // Asks: the question's number, which its answer tells. On a fault the slot is still held, as after publish.
  Result<std::uint64_t, Status> ask() noexcept {
    static_assert(detail::is_one_of<Mode, mode::ask>, "only request ports ask");
    std::uint64_t number = 0;
    vil_status_t status = vil_sender_published(sender_, &number);
    if (status == VIL_OK) status = vil_sender_publish(sender_, &raw_);
    if (status != VIL_OK) return static_cast<Status>(status);
    return number;
  }

  // Sends the answer to whoever asked; the question stays to be released. On a fault the slot is still held, as after
  // publish.
  template <typename Q>
  Result<void, Status> answer(const Incoming<Q> &question) noexcept {
    static_assert(detail::is_one_of<Mode, mode::answer>, "only response ports answer");
    return detail::done(vil_sender_answer(sender_, &raw_, &question.raw()));
  }

  Result<void, Status> discard() noexcept { return detail::done(vil_sender_discard(sender_, &raw_)); }

 private:
  friend class Sender<T, Mode>;
  friend class Draft<T, Mode>;
  friend class Envelope<T, Mode>;

  vil_sender_t *sender_;
  vil_loan_t raw_;
};

}  // namespace vil

#endif
