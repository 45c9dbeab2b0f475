// Several slots on loan from a sender, written in place and published by one call.
#ifndef VIL_LOAN_BATCH_HPP
#define VIL_LOAN_BATCH_HPP

#include <cstddef>

#include "vil/message.hpp"
#include "vil/mode.hpp"
#include "vil/result.hpp"
#include "vil/sender.hpp"

namespace vil {

// Up to N slots, whose structs lie in it, so nothing is allocated. It is made once for a sender and used again and again:
// take fills it, publish empties it. What it still holds when it goes is discarded. It stays where it is, must end before
// its sender is closed, and belongs to the sender's thread.
template <typename T, std::size_t N, typename Mode = mode::publish>
class LoanBatch {
  static_assert(detail::is_message<T>());
  static_assert(!detail::is_relative<T>, "relative messages go one by one");
  static_assert(N >= 1 && N <= VIL_BATCH_SIZE, "a batch has 1 to 256 loans");
  static_assert(detail::is_one_of<Mode, mode::publish, mode::keep>, "questions and answers are sent one by one");

 public:
  explicit LoanBatch(Sender<T, Mode> &sender) noexcept : sender_(sender.get()) {}
  LoanBatch(const LoanBatch &) = delete;
  LoanBatch &operator=(const LoanBatch &) = delete;
  ~LoanBatch() {
    for (std::size_t at = 0; at < held_; ++at) (void)vil_sender_discard(sender_, &raw_[at]);
  }

  // Takes up to `most` more slots, as far as there is room here; how many. Blocks for the first one as the route's
  // backpressure says, and takes the others as far as they are free. e_argument when `most` is 0 or the batch is full.
  [[nodiscard]] Result<std::size_t, Status> take(std::size_t most = N) noexcept {
    const std::size_t room = N - held_;
    std::size_t taken = 0;
    const vil_status_t status = vil_sender_loan_batch(sender_, raw_ + held_, most < room ? most : room, &taken);
    if (status != VIL_OK) return static_cast<Status>(status);
    held_ += taken;
    return taken;
  }

  // Publishes them in their order until one stays here: it and those behind it are then the first ones, and the answer is
  // why. Blocks for each as the route's backpressure says. Status::dropped when the route dropped some that went. Of an
  // empty batch nothing is published.
  Result<void, Status> publish() noexcept {
    if (held_ == 0) return {};
    std::size_t done = 0;
    const vil_status_t status = vil_sender_publish_batch(sender_, raw_, held_, &done);
    for (std::size_t at = done; at < held_; ++at) raw_[at - done] = raw_[at];
    held_ -= done;
    return detail::done(status);
  }

  // How many are on loan.
  [[nodiscard]] std::size_t size() const noexcept { return held_; }
  [[nodiscard]] bool empty() const noexcept { return held_ == 0; }

  // The message at a position below size(), to be written. Its bytes are what the slot last held: assign the whole T, or
  // every field.
  [[nodiscard]] T &operator[](std::size_t at) const noexcept { return *static_cast<T *>(raw_[at].data); }

 private:
  vil_sender_t *sender_;
  std::size_t held_ = 0;
  vil_loan_t raw_[N];
};

}  // namespace vil

#endif
