// Sets of ends that are waited for together, and their descriptor for event loops.
#ifndef VIL_WAITSET_HPP
#define VIL_WAITSET_HPP

#include <chrono>
#include <cstdint>
#include <utility>

#include "vil/receiver.hpp"
#include "vil/sender.hpp"
#include "vil/world.hpp"

namespace vil {

// What a wait found: the token of an end that is ready, or whose peer is gone.
struct Woken {
  std::uint64_t token;
  bool is_peer_gone;
};

// Owns a set; move-only. Its ends stay their owners'; one that is closed leaves the set by itself. It belongs to the
// thread that made it, and so do its ends. The control lane comes first, and after eight of its answers in a row another
// lane has a turn.
class WaitSet {
 public:
  static Result<WaitSet> create(const World &world) noexcept {
    vil_waitset_t *set = nullptr;
    vil_error_t error{};
    const vil_status_t status = vil_waitset_create(world.get(), &set, &error);
    if (status != VIL_OK) return detail::error_of(status, error);
    return WaitSet(set);
  }

  WaitSet(WaitSet &&other) noexcept : set_(std::exchange(other.set_, nullptr)) {}
  WaitSet &operator=(WaitSet &&other) noexcept {
    std::swap(set_, other.set_);
    return *this;
  }
  WaitSet(const WaitSet &) = delete;
  WaitSet &operator=(const WaitSet &) = delete;
  ~WaitSet() {
    if (set_ != nullptr) (void)vil_waitset_close(set_);
  }

  // `token` is what a wait answers for it; several ends may have the same.
  template <typename T, typename Mode>
  Result<void> add(const Receiver<T, Mode> &receiver, std::uint64_t token) noexcept {
    vil_error_t error{};
    return made(vil_waitset_add(set_, receiver.get(), token, &error), error);
  }

  // Ready when there is room. The descriptor does not tell of it.
  template <typename T, typename Mode>
  Result<void> add(const Sender<T, Mode> &sender, std::uint64_t token) noexcept {
    vil_error_t error{};
    return made(vil_waitset_add_sender(set_, sender.get(), token, &error), error);
  }

  // Status::e_not_found when it is not in the set.
  template <typename T, typename Mode>
  Result<void, Status> remove(const Receiver<T, Mode> &receiver) noexcept {
    return detail::done(vil_waitset_remove(set_, receiver.get()));
  }

  template <typename T, typename Mode>
  Result<void, Status> remove(const Sender<T, Mode> &sender) noexcept {
    return detail::done(vil_waitset_remove_sender(set_, sender.get()));
  }

  // Waits until an end is ready or has lost its peer; Status::empty when there is nothing and `timeout` is 0. Takes no
  // message.
  [[nodiscard]] Result<Woken, Status> wait(std::chrono::nanoseconds timeout) noexcept {
    Woken woken{};
    const vil_status_t status = vil_waitset_wait(set_, detail::timeout_ns(timeout), &woken.token);
    woken.is_peer_gone = status == VIL_PEER_GONE;
    if (status != VIL_OK && status != VIL_PEER_GONE) return static_cast<Status>(status);
    return woken;
  }

  // For poll, epoll and event loops: readable while a receiver of the set may have something, lost its peer, or was
  // cancelled. Serve the receivers until a call with no time to wait finds nothing; that makes it unreadable again. It is
  // the set's: not to be read, written or closed. The first call starts a thread.
  [[nodiscard]] Result<int> descriptor() noexcept {
    int fd = -1;
    vil_error_t error{};
    const vil_status_t status = vil_waitset_fd(set_, &fd, &error);
    if (status != VIL_OK) return detail::error_of(status, error);
    return fd;
  }

  // The wait in progress, or else the next one, returns Status::cancelled. From any thread and from signal handlers.
  Result<void, Status> cancel() const noexcept { return detail::done(vil_waitset_cancel(set_)); }

  // From now on the calling thread is the one that may use this set; its ends are moved one by one.
  Result<void, Status> move_to_thread() noexcept { return detail::done(vil_waitset_move_to_thread(set_)); }

  [[nodiscard]] vil_waitset_t *get() const noexcept { return set_; }

 private:
  explicit WaitSet(vil_waitset_t *set) noexcept : set_(set) {}

  static Result<void> made(vil_status_t status, const vil_error_t &error) noexcept {
    if (status != VIL_OK) return detail::error_of(status, error);
    return {};
  }

  vil_waitset_t *set_;
};

}  // namespace vil

#endif
