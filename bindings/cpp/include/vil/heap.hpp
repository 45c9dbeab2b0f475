// A heap without a program: blocks of several sizes in shared memory.
#ifndef VIL_HEAP_HPP
#define VIL_HEAP_HPP

#include <cstddef>
#include <cstdint>
#include <utility>

#include "vil/result.hpp"

namespace vil {

// Which memory a heap's blocks lie in.
enum class Memory : std::uint32_t {
  paged_exchange = VIL_MEMORY_PAGED_EXCHANGE,  // a file in memory that others open by its name
  control_heap = VIL_MEMORY_CONTROL_HEAP,      // the same for what is small: no block has more than 4,096 bytes
  pinned_remote = VIL_MEMORY_PINNED_REMOTE,    // the same, locked in memory, in huge pages where the kernel grants them
  local_scratch = VIL_MEMORY_LOCAL_SCRATCH,    // this process's alone
};

// The shape of a heap and where it lives. Arrays are the caller's and are read during the call.
struct HeapOptions {
  Memory memory = Memory::paged_exchange;
  const vil_block_class_t *classes = nullptr;  // null: 64 bytes to 1 MiB, 14 MiB in all
  std::uint32_t class_count = 0;
  const vil_queue_shape_t *queues = nullptr;  // null: queue_count of one process at each end, for 256 blocks
  std::uint32_t queue_count = 0;
  std::uint32_t max_processes = 0;  // 0: 64
  std::uint32_t cap_blocks = 0;     // of one process; 0: no cap
  std::uint64_t cap_bytes = 0;      // of one process; 0: no cap
  const char *runtime_dir = nullptr;
  // A heap that is made orders memory by fences, for the sake of processes that may not call membarrier(2).
  bool fences = false;
};

// A block in this process's hands. Move-only; freed when it goes. It must end before its heap is closed.
class Block {
 public:
  Block(vil_heap_t *heap, const vil_block_t &raw) noexcept : heap_(heap), raw_(raw) {}
  Block(Block &&other) noexcept : heap_(other.heap_), raw_(std::exchange(other.raw_, vil_block_t{})) {}
  Block &operator=(Block &&other) noexcept {
    std::swap(heap_, other.heap_);
    std::swap(raw_, other.raw_);
    return *this;
  }
  Block(const Block &) = delete;
  Block &operator=(const Block &) = delete;
  ~Block() {
    if (raw_.data != nullptr) (void)vil_heap_free(heap_, &raw_);
  }

  // Whether it is still ours: false once it is freed, pushed, dropped by a queue or moved from.
  explicit operator bool() const noexcept { return raw_.data != nullptr; }

  [[nodiscard]] void *data() const noexcept { return raw_.data; }
  [[nodiscard]] std::size_t size() const noexcept { return raw_.size; }
  // Names the block as long as this process owns it; other blocks may keep it, see Heap::resolve.
  [[nodiscard]] std::uint64_t reference() const noexcept { return raw_.reference; }

  Result<void, Status> free() noexcept { return detail::done(vil_heap_free(heap_, &raw_)); }

  [[nodiscard]] vil_block_t *get() noexcept { return &raw_; }

 private:
  vil_heap_t *heap_;
  vil_block_t raw_;
};

// Owns the heap's handle; move-only. Any thread may use it. Queues opened from it stay usable after it is gone.
class Heap {
 public:
  // Makes the heap, in place of one of this name in which nobody lives any more.
  static Result<Heap> create(const char *name, const HeapOptions &options = {}) noexcept {
    return made(vil_heap_create, name, options);
  }

  // Opens a heap that exists. Options that name classes or queues must be those it was created with.
  static Result<Heap> open(const char *name, const HeapOptions &options = {}) noexcept {
    return made(vil_heap_open, name, options);
  }

  // Opens a heap, making it when there is none.
  static Result<Heap> open_or_create(const char *name, const HeapOptions &options = {}) noexcept {
    return made(vil_heap_open_or_create, name, options);
  }

  Heap(Heap &&other) noexcept : heap_(std::exchange(other.heap_, nullptr)) {}
  Heap &operator=(Heap &&other) noexcept {
    std::swap(heap_, other.heap_);
    return *this;
  }
  Heap(const Heap &) = delete;
  Heap &operator=(const Heap &) = delete;
  ~Heap() {
    if (heap_ != nullptr) (void)vil_heap_close(heap_);
  }

  // A block of at least `size` bytes at a multiple of `align`, a power of two up to 4,096: of the smallest class that
  // fits. e_nomem when that class is used up, e_limit at this process's cap.
  [[nodiscard]] Result<Block> alloc(std::size_t size, std::size_t align = 8) const noexcept {
    vil_block_t block{};
    vil_error_t error{};
    const vil_status_t status = vil_heap_alloc(heap_, size, align, &block, &error);
    if (status != VIL_OK) return detail::error_of(status, error);
    return Block(heap_, block);
  }

  // Where a block of this process lies; e_state when the reference names none. The block stays whose it is.
  [[nodiscard]] Result<vil_block_t, Status> resolve(std::uint64_t reference) const noexcept {
    vil_block_t out{};
    return answer(vil_heap_resolve(heap_, reference, &out), out);
  }

  [[nodiscard]] Result<vil_heap_info_t, Status> info() const noexcept {
    vil_heap_info_t out{};
    out.struct_size = sizeof out;
    return answer(vil_heap_info(heap_, &out), out);
  }

  // One size class, from 0, in ascending order of size.
  [[nodiscard]] Result<vil_heap_class_info_t, Status> class_info(std::uint32_t index) const noexcept {
    vil_heap_class_info_t out{};
    out.struct_size = sizeof out;
    return answer(vil_heap_class_info(heap_, index, &out), out);
  }

  // One queue, from 0, whoever has its ends.
  [[nodiscard]] Result<vil_queue_info_t, Status> queue_info(std::uint32_t index) const noexcept {
    vil_queue_info_t out{};
    out.struct_size = sizeof out;
    return answer(vil_heap_queue_info(heap_, index, &out), out);
  }

  // Counts all blocks by who has them; what this process keeps at hand goes to the pool first.
  [[nodiscard]] Result<vil_audit_t, Status> audit() const noexcept {
    vil_audit_t out{};
    out.struct_size = sizeof out;
    return answer(vil_heap_audit(heap_, &out), out);
  }

  // Every wait in progress on this handle's queues, or else the next one, returns Status::cancelled.
  Result<void, Status> cancel() const noexcept { return detail::done(vil_heap_cancel(heap_)); }

  [[nodiscard]] vil_heap_t *get() const noexcept { return heap_; }

 private:
  explicit Heap(vil_heap_t *heap) noexcept : heap_(heap) {}

  template <typename Call>
  static Result<Heap> made(Call call, const char *name, const HeapOptions &options) noexcept {
    vil_heap_options_t raw{};
    raw.struct_size = sizeof raw;
    raw.memory = static_cast<std::uint32_t>(options.memory);
    raw.classes = options.classes;
    raw.queues = options.queues;
    raw.class_count = options.class_count;
    raw.queue_count = options.queue_count;
    raw.max_processes = options.max_processes;
    raw.cap_blocks = options.cap_blocks;
    raw.cap_bytes = options.cap_bytes;
    raw.flags = options.fences ? VIL_WORLD_FENCES : 0u;
    raw.language = VIL_LANGUAGE_CPP;
    raw.runtime_dir = options.runtime_dir;
    vil_heap_t *heap = nullptr;
    vil_error_t error{};
    const vil_status_t status = call(name, &raw, &heap, &error);
    if (status != VIL_OK) return detail::error_of(status, error);
    return Heap(heap);
  }

  template <typename Out>
  static Result<Out, Status> answer(vil_status_t status, const Out &out) noexcept {
    if (status != VIL_OK) return static_cast<Status>(status);
    return out;
  }

  vil_heap_t *heap_;
};

}  // namespace vil

#endif
