// Queues of a heap: blocks change hands through them.
#ifndef VIL_QUEUE_HPP
#define VIL_QUEUE_HPP

#include <cstddef>
#include <cstdint>
#include <utility>

#include "vil/heap.hpp"

namespace vil {
namespace detail {

// One end of a queue; closed when it goes. It belongs to the thread that opened it.
class QueueEnd {
 public:
  QueueEnd(QueueEnd &&other) noexcept : heap_(other.heap_), queue_(std::exchange(other.queue_, nullptr)) {}
  QueueEnd &operator=(QueueEnd &&other) noexcept {
    std::swap(heap_, other.heap_);
    std::swap(queue_, other.queue_);
    return *this;
  }
  QueueEnd(const QueueEnd &) = delete;
  QueueEnd &operator=(const QueueEnd &) = delete;
  ~QueueEnd() {
    if (queue_ != nullptr) (void)vil_queue_close(queue_);
  }

  // Blocks that lie in the queue.
  [[nodiscard]] Result<std::uint32_t, Status> depth() const noexcept {
    std::uint32_t out = 0;
    const vil_status_t status = vil_queue_depth(queue_, &out);
    if (status != VIL_OK) return static_cast<Status>(status);
    return out;
  }

  // From now on the calling thread is the one that may use this end.
  Result<void, Status> move_to_thread() noexcept { return done(vil_queue_move_to_thread(queue_)); }

  [[nodiscard]] vil_queue_t *get() const noexcept { return queue_; }

 protected:
  QueueEnd(vil_heap_t *heap, vil_queue_t *queue) noexcept : heap_(heap), queue_(queue) {}

  template <typename End>
  static Result<End> opened(const Heap &heap, std::uint32_t index, std::uint32_t role) noexcept {
    vil_queue_t *queue = nullptr;
    vil_error_t error{};
    const vil_status_t status = vil_queue_open(heap.get(), index, role, &queue, &error);
    if (status != VIL_OK) return error_of(status, error);
    return End(heap.get(), queue);
  }

  vil_heap_t *heap_;
  vil_queue_t *queue_;
};

}  // namespace detail

// The end that blocks are pushed into; move-only.
class Pusher : public detail::QueueEnd {
 public:
  // Queues count from 0; e_busy when a living process holds the end.
  static Result<Pusher> open(const Heap &heap, std::uint32_t index) noexcept {
    return opened<Pusher>(heap, index, VIL_PRODUCER);
  }

  // On timeout, full, interrupted, cancelled and peer_gone the block is still ours: push it again, or let it go.
  Result<void, Status> push(Block &block) noexcept { return detail::done(vil_queue_push(queue_, block.get())); }
  Result<void, Status> push(Block &&block) noexcept { return push(block); }

 private:
  friend class detail::QueueEnd;
  using QueueEnd::QueueEnd;
};

// The end that blocks are popped from; move-only.
class Popper : public detail::QueueEnd {
 public:
  // Queues count from 0; e_busy when a living process holds the end.
  static Result<Popper> open(const Heap &heap, std::uint32_t index) noexcept {
    return opened<Popper>(heap, index, VIL_CONSUMER);
  }

  // The next block, ours from then on. 0 does not wait, VIL_FOREVER has no end. The heap that the end was opened from
  // must outlive the block.
  [[nodiscard]] Result<Block, Status> pop(std::uint64_t timeout_ns) noexcept {
    vil_block_t block{};
    const vil_status_t status = vil_queue_pop(queue_, timeout_ns, &block);
    if (status != VIL_OK) return static_cast<Status>(status);
    return Block(heap_, block);
  }

 private:
  friend class detail::QueueEnd;
  using QueueEnd::QueueEnd;
};

}  // namespace vil

#endif
