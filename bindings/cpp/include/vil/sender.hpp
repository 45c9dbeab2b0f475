// A typed out port.
#ifndef VIL_SENDER_HPP
#define VIL_SENDER_HPP

#include <cstdint>
#include <utility>

#include "vil/loan.hpp"
#include "vil/world.hpp"

namespace vil {

// Owns the sending end of a port; move-only. It belongs to the thread that opened it; another one calls
// move_to_thread first.
template <typename T>
class Sender {
  static_assert(detail::is_message<T>());

 public:
  // `port` as the world's contract names it; e_contract when the contract says that it carries another message.
  static Result<Sender> open(const World &world, const char *port) noexcept {
    if (auto agreed = detail::agree<T>(world.contract(), port, detail::direction_out); !agreed) return agreed.error();
    vil_sender_t *sender = nullptr;
    vil_error_t error{};
    const vil_status_t status = vil_sender_open(world.get(), port, &sender, &error);
    if (status != VIL_OK) return detail::error_of(status, error);
    return Sender(sender);
  }

  Sender(Sender &&other) noexcept : sender_(std::exchange(other.sender_, nullptr)) {}
  Sender &operator=(Sender &&other) noexcept {
    std::swap(sender_, other.sender_);
    return *this;
  }
  Sender(const Sender &) = delete;
  Sender &operator=(const Sender &) = delete;
  ~Sender() {
    if (sender_ != nullptr) (void)vil_sender_close(sender_);
  }

  // A slot to write a T into. Blocks as the route's backpressure says.
  [[nodiscard]] Result<Loan<T>, Status> loan() noexcept {
    vil_loan_t raw{};
    const vil_status_t status = vil_sender_loan(sender_, &raw);
    if (status != VIL_OK) return static_cast<Status>(status);
    return Loan<T>(sender_, raw);
  }

  // Loan, copy and publish in one.
  Result<void, Status> send(const T &message) noexcept {
    return detail::done(vil_sender_send(sender_, &message, sizeof message));
  }

  // Messages published on the port's route since the world was created, restarts included.
  [[nodiscard]] Result<std::uint64_t, Status> published() const noexcept {
    std::uint64_t count = 0;
    const vil_status_t status = vil_sender_published(sender_, &count);
    if (status != VIL_OK) return static_cast<Status>(status);
    return count;
  }

  // From now on the calling thread is the one that may use this end.
  Result<void, Status> move_to_thread() noexcept { return detail::done(vil_sender_move_to_thread(sender_)); }

  [[nodiscard]] vil_sender_t *get() const noexcept { return sender_; }

 private:
  explicit Sender(vil_sender_t *sender) noexcept : sender_(sender) {}

  vil_sender_t *sender_;
};

}  // namespace vil

#endif
