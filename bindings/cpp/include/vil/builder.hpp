// The bytes of a relative message while it is written: appended one behind the other, or only counted.
//
// Threads: a builder and its writers are one thread's at a time, without locks; whoever hands them to another one makes sure
// that its own calls come before. Builders of different messages know nothing of each other. What was finished and published
// is read by any number, with view.hpp.
#ifndef VIL_BUILDER_HPP
#define VIL_BUILDER_HPP

#include <cstddef>
#include <cstdint>

#include "vil/builder.h"
#include "vil/status.hpp"
#include "vil/words.hpp"

namespace vil {

// A vil_builder_t that knows its memory before it is begun: builder.h says what it does. Writes into memory of the caller and
// allocates nothing. What is referred to stands behind what refers to it and belongs to it alone, because nothing is appended
// but by a reference that was empty. The first fault stays, and makes all that follows do nothing: e_limit (no room, above its
// bound, an index out of range), e_argument (a string that is no UTF-8 or holds NUL, memory that is not aligned to 8), e_state
// (a reference set twice, written after the end). Copies would write the same bytes: there are none.
class Builder {
 public:
  // Counts only: `used` is then the size that the same calls need in memory. A reference set twice is not seen while counting.
  Builder() noexcept { raw_.capacity = UINT32_MAX; }
  // Writes into `capacity` bytes that are aligned to 8; no memory has none.
  Builder(void *data, std::size_t capacity) noexcept {
    raw_.base = static_cast<unsigned char *>(data);
    raw_.capacity = data != nullptr ? detail::clipped(capacity) : 0;
  }
  // What is moved from has left its memory.
  Builder(Builder &&other) noexcept : raw_(other.raw_) { other.leave(); }
  Builder &operator=(Builder &&other) noexcept {
    if (this == &other) return *this;
    raw_ = other.raw_;
    other.leave();
    return *this;
  }
  Builder(const Builder &) = delete;
  Builder &operator=(const Builder &) = delete;
  ~Builder() = default;

  // Bytes so far, head and root included.
  [[nodiscard]] std::uint32_t used() const noexcept { return raw_.used; }
  // Status::ok, or the first fault; e_state for what is not begun or has ended.
  [[nodiscard]] Status fault() const noexcept { return static_cast<Status>(vil_builder_fault(&raw_)); }
  [[nodiscard]] bool is_measuring() const noexcept { return raw_.base == nullptr; }

  // Head and a root of so many bytes, all zeros, of which the fields end at root_size. Whatever was written before is
  // forgotten, the fault too.
  void begin(std::uint64_t layout_id, std::uint32_t root, std::uint32_t root_size) noexcept {
    (void)vil_builder_begin(&raw_, raw_.base, raw_.capacity, layout_id, root, root_size);
  }

  // Lets go of the memory, which is somebody else's from here on: what is still written goes nowhere, e_state.
  void leave() noexcept { vil_builder_leave(&raw_); }

  // From here on slices of numbers and flat structs are not zeroed. For who writes every element of large ones: their bytes
  // are then written once and not twice. What is not written is what was there before.
  void skip_zeroes() noexcept { vil_builder_skip_zeroes(&raw_); }

  // Writes the head, the layout id last, and ends the message: Status::ok and its size, or the fault.
  Status finish(std::uint64_t layout_id, std::uint32_t *size) noexcept {
    return static_cast<Status>(vil_builder_finish(&raw_, layout_id, size));
  }

  // For writers.
  [[nodiscard]] vil_builder_t *raw() noexcept { return &raw_; }

 private:
  vil_builder_t raw_{};
};

}  // namespace vil

#endif
