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

// How far a batch came, and why not further; Status::dropped when the queue dropped some of those that went.
struct Batch {
  std::size_t done;
  Status status;
};

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

  // Pushes blocks in their order, VIL_BATCH_SIZE of them at most, until one stays ours: the first `done` are gone.
  [[nodiscard]] Batch push_batch(Block *blocks, std::size_t count) noexcept {
    vil_block_t raw[VIL_BATCH_SIZE];
    const std::size_t asked = count < VIL_BATCH_SIZE ? count : std::size_t{VIL_BATCH_SIZE};
    for (std::size_t at = 0; at < asked; ++at) raw[at] = *blocks[at].get();
    Batch batch{};
    batch.status = static_cast<Status>(vil_queue_push_batch(queue_, raw, asked, &batch.done));
    for (std::size_t at = 0; at < batch.done; ++at) *blocks[at].get() = vil_block_t{};
    return batch;
  }

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

  // Waits for a block as `pop` does, and takes those that are there with it: `most` at most, and no more than
  // VIL_BATCH_SIZE. `each` is called with every one of them, in their order, and must not throw; how many there were.
  template <typename Each>
  [[nodiscard]] Result<std::size_t, Status> pop_batch(std::uint64_t timeout_ns, std::size_t most, Each &&each) noexcept {
    vil_block_t raw[VIL_BATCH_SIZE];
    const std::size_t asked = most < VIL_BATCH_SIZE ? most : std::size_t{VIL_BATCH_SIZE};
    std::size_t done = 0;
    const vil_status_t status = vil_queue_pop_batch(queue_, timeout_ns, raw, asked, &done);
    if (status != VIL_OK) return static_cast<Status>(status);
    for (std::size_t at = 0; at < done; ++at) each(Block(heap_, raw[at]));
    return done;
  }

 private:
  friend class detail::QueueEnd;
  using QueueEnd::QueueEnd;
};

}  // namespace vil

#endif
