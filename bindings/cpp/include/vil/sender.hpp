// A typed out port.
#ifndef VIL_SENDER_HPP
#define VIL_SENDER_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "vil/adapter.hpp"
#include "vil/draft.hpp"
#include "vil/envelope.hpp"
#include "vil/loan.hpp"
#include "vil/mode.hpp"
#include "vil/timeout.hpp"
#include "vil/world.hpp"

namespace vil {
namespace detail {

// What a slot for a T is written through.
template <typename T, typename Mode, typename = void>
struct Writes {
  using By = Loan<T, Mode>;
};
template <typename T, typename Mode>
struct Writes<T, Mode, std::enable_if_t<is_relative<T>>> {
  using By = Draft<T, Mode>;
};
template <typename T, typename Mode>
struct Writes<T, Mode, std::enable_if_t<is_external<T>>> {
  using By = Envelope<T, Mode>;
};

}  // namespace detail

// Owns the sending end of a port; move-only. It belongs to the thread that opened it; another one calls
// move_to_thread first. `Mode` is what the port's routes allow beside publishing; generated code knows it.
template <typename T, typename Mode = mode::publish>
class Sender {
  static_assert(detail::is_message<T>());

 public:
  // What a slot is written through: a flat message as it lies, a relative one as a draft, an external one as bytes.
  using Loaned = typename detail::Writes<T, Mode>::By;

  // `port` as the world's contract names it; e_contract when the contract says that it carries another message.
  static Result<Sender> open(const World &world, const char *port) noexcept {
    return open_within(world, port, std::chrono::nanoseconds::zero());
  }

  // As open, trying for at most `timeout` until a predecessor is gone. So processes may be started again in any order.
  // A cancel of the world or a signal ends that early: cancelled, interrupted.
  static Result<Sender> open_within(const World &world, const char *port, std::chrono::nanoseconds timeout) noexcept {
    if (auto agreed = detail::agree<T>(world.contract(), port, detail::direction_out); !agreed) return agreed.error();
    vil_sender_t *sender = nullptr;
    vil_error_t error{};
    const std::uint64_t timeout_ns = detail::timeout_ns(timeout);
    const vil_status_t status = vil_sender_open_within(world.get(), port, timeout_ns, &sender, &error);
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
  [[nodiscard]] Result<Loaned, Status> loan() noexcept {
    Result<Loaned, Status> answer(std::in_place, sender_);
    const vil_status_t status = vil_sender_loan(sender_, &answer->raw_);
    if constexpr (detail::is_relative<T>) {
      if (status == VIL_OK) answer->begin();
    }
    if (status != VIL_OK) answer = static_cast<Status>(status);
    return answer;
  }

  // Loan, copy and publish in one.
  Result<void, Status> send(const T &message) noexcept {
    static_assert(detail::is_one_of<Mode, mode::publish, mode::keep>, "this port asks or answers");
    static_assert(!detail::is_relative<T>, "a relative message is built in a slot: loan one");
    static_assert(!detail::is_external<T>, "an external message is bytes: send those");
    return detail::done(vil_sender_send(sender_, &message, sizeof message));
  }

  // The same of the bytes of an external message; e_limit when they are more than it may have.
  Result<void, Status> send(const void *data, std::size_t size) noexcept {
    static_assert(detail::is_external<T>, "only an external message is bytes");
    static_assert(detail::is_one_of<Mode, mode::publish>, "this port asks or answers");
    return detail::done(vil_external_send(sender_, data, size));
  }

  // Sends `count` messages in their order, until one is not sent: each as send does. `sent` is how many were, dropped ones
  // included. Small ones, which travel inside cells, are told of together. e_argument for a count of 0 or more than 256.
  Result<void, Status> send_batch(const T *messages, std::size_t count, std::size_t &sent) noexcept {
    static_assert(detail::is_one_of<Mode, mode::publish, mode::keep>, "this port asks or answers");
    static_assert(!detail::is_relative<T> && !detail::is_external<T>, "these are made in slots: loan some");
    sent = 0;
    return detail::done(vil_sender_send_batch(sender_, messages, sizeof *messages, count, &sent));
  }

  // Loan, translate and publish in one: the external message that the adapter makes of an M. e_message when the M is none,
  // e_limit when it becomes too long, e_argument when the adapter is not the message's.
  template <typename M>
  Result<void, Status> send_from(Adapter adapter, const void *message, std::size_t message_size) noexcept {
    static_assert(detail::is_external<T>, "only an external message goes by an adapter");
    if (adapter.name() != MessageTraits<T>::adapter) return Status::e_argument;
    auto envelope = loan();
    if (!envelope) return envelope.error();
    std::size_t size = 0;
    const Status status = adapter.template encode<M>(message, message_size, envelope->data(), envelope->capacity(), size);
    if (status != Status::ok) return status;
    return envelope->publish(size);
  }

  // The same of a flat one.
  template <typename M>
  Result<void, Status> send_from(Adapter adapter, const M &message) noexcept {
    static_assert(detail::is_message<M>() && !detail::is_relative<M>, "a relative message is as long as it is: say where");
    return send_from<M>(adapter, &message, sizeof message);
  }

  // Loan, copy and answer in one. The question stays to be released.
  template <typename Q>
  Result<void, Status> answer(const Incoming<Q> &question, const T &answer) noexcept {
    static_assert(!detail::is_relative<T>, "a relative answer is built in a slot: loan one");
    auto loaned = loan();
    if (!loaned) return loaned.error();
    **loaned = answer;
    return loaned->answer(question);
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
