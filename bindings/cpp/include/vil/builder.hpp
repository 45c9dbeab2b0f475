// The bytes of a relative message while it is written: appended one behind the other, or only counted.
//
// Threads: a builder and its writers are one thread's at a time, without locks; whoever hands them to another one makes sure
// that its own calls come before. Builders of different messages know nothing of each other. What was finished and published
// is read by any number, with view.hpp.
#ifndef VIL_BUILDER_HPP
#define VIL_BUILDER_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "vil/load.hpp"
#include "vil/status.hpp"
#include "vil/text.hpp"
#include "vil/words.hpp"

namespace vil {

// Writes into memory of the caller and allocates nothing. What is referred to stands behind what refers to it and belongs
// to it alone, because nothing is appended but by a reference that was empty. The first fault stays, and makes all that
// follows do nothing: e_limit (no room, above its bound, an index out of range), e_argument (a string that is no UTF-8 or
// holds NUL, memory that is not aligned to 8), e_state (a reference set twice, written after the end). Copies would write the
// same bytes: there are none.
class Builder {
 public:
  // Counts only: `used` is then the size that the same calls need in memory. A reference set twice is not seen while counting.
  Builder() noexcept = default;
  // Writes into `capacity` bytes that are aligned to 8.
  Builder(void *data, std::size_t capacity) noexcept
      : base_(static_cast<unsigned char *>(data)), capacity_(capacity < most ? static_cast<std::uint32_t>(capacity) : most) {
    if (data == nullptr) capacity_ = 0;
  }
  // What is moved from has left its memory.
  Builder(Builder &&other) noexcept : Builder(std::as_const(other)) { other.leave(); }
  Builder &operator=(Builder &&other) noexcept {
    if (this == &other) return *this;
    *this = std::as_const(other);
    other.leave();
    return *this;
  }

  // Bytes so far, head and root included.
  [[nodiscard]] std::uint32_t used() const noexcept { return used_; }
  // Status::ok, or the first fault.
  [[nodiscard]] Status fault() const noexcept { return fault_; }
  [[nodiscard]] bool is_measuring() const noexcept { return base_ == nullptr; }

  // From here on nothing is written; the first reason is the one that is told.
  void fail(Status why) noexcept {
    if (fault_ == Status::ok) fault_ = why;
  }

  // Head and root, all zeros. Whatever was written before is forgotten, the fault too.
  void begin(std::uint32_t root_size) noexcept {
    used_ = 0;
    skips_zeroes_ = false;
    const bool aligned = reinterpret_cast<std::uintptr_t>(base_) % detail::message_align == 0;
    fault_ = aligned ? Status::ok : Status::e_argument;
    (void)append(static_cast<std::uint64_t>(detail::root_offset) + root_size, detail::message_align);
  }

  // Lets go of the memory, which is somebody else's from here on: what is still written goes nowhere, e_state.
  void leave() noexcept {
    base_ = nullptr;
    capacity_ = used_ = 0;
    fault_ = Status::e_state;
  }

  // From here on slices of numbers and flat structs are not zeroed. For who writes every element of large ones: their bytes
  // are then written once and not twice. What is not written is what was there before.
  void skip_zeroes() noexcept { skips_zeroes_ = true; }

  // Writes the head, the layout id last, and ends the message: its size, or the fault with 0.
  std::uint32_t finish(std::uint64_t layout_id, std::uint32_t root_size) noexcept {
    if (fault_ != Status::ok) return 0;
    fault_ = Status::e_state;
    if (base_ == nullptr) return used_;
    const std::uint64_t sizes = detail::word_of(used_, root_size);
    std::memcpy(base_ + offsetof(Head, size), &sizes, sizeof sizes);
    // Release: a head with a layout id is a whole one, also for who finds it after a crash.
    __atomic_store_n(static_cast<detail::Word64 *>(static_cast<void *>(base_)), layout_id, __ATOMIC_RELEASE);
    return used_;
  }

  // Bytes behind all others, zeroed unless told otherwise; the gap before them always is. Their offset, or 0 when there is
  // a fault.
  std::uint32_t append(std::uint64_t size, std::uint32_t align, bool are_zeroed = true) noexcept {
    if (fault_ != Status::ok) return 0;
    const std::uint64_t at = (used_ + static_cast<std::uint64_t>(align) - 1) / align * align;
    if (size > capacity_ || at > capacity_ - size) {
      fail(Status::e_limit);
      return 0;
    }
    const std::uint32_t zeroed = static_cast<std::uint32_t>(are_zeroed ? at + size : at);
    if (base_ != nullptr && zeroed != used_) std::memset(base_ + used_, 0, zeroed - used_);
    used_ = static_cast<std::uint32_t>(at + size);
    return static_cast<std::uint32_t>(at);
  }

  // Writes a value where one was appended.
  template <typename T>
  void store(std::uint32_t at, const T &value) noexcept {
    if (fault_ == Status::ok && base_ != nullptr) std::memcpy(base_ + at, &value, sizeof value);
  }

  // Bytes that were appended, as an array of T; nullptr when they are only counted or there is a fault.
  template <typename T>
  [[nodiscard]] T *there(std::uint32_t at) const noexcept {
    const bool writes = fault_ == Status::ok && base_ != nullptr;
    return writes ? static_cast<T *>(static_cast<void *>(base_ + at)) : nullptr;
  }

  // Whether a reference of this type is still empty; a fault when it is not.
  template <typename Any>
  [[nodiscard]] bool is_free(std::uint32_t at) noexcept {
    if (fault_ != Status::ok) return false;
    Any word{};
    if (base_ != nullptr) std::memcpy(&word, base_ + at, sizeof word);
    if (word.bits != 0) fail(Status::e_state);
    return word.bits == 0;
  }

  // A string, its NUL behind it, and the word that refers to it; nothing for an empty one, the only one whose data may be
  // nullptr. `bound` 0: none. The string may lie in another message, whose writer changes it meanwhile: what is checked is the
  // copy, the string only while bytes are counted and where there is no room for it.
  void text(std::uint32_t at, std::string_view text, std::uint32_t bound) noexcept {
    const std::size_t size = text.size();
    if (size > (bound != 0 ? bound : most - 1)) return fail(Status::e_limit);
    if (size == 0 || fault_ != Status::ok) return;
    if (base_ != nullptr && size < capacity_ - used_) {
      unsigned char *const copy = base_ + used_;
      std::memcpy(copy, text.data(), size);
      copy[size] = 0;
      text = {static_cast<const char *>(static_cast<const void *>(copy)), size};
      // Of the compiler alone: what is checked is loaded from the copy, never once more from the string.
      __atomic_signal_fence(__ATOMIC_SEQ_CST);
    }
    if (!detail::is_text(text)) return fail(Status::e_argument);
    if (!is_free<Word>(at)) return;
    const std::uint32_t bytes = append(static_cast<std::uint64_t>(size) + 1, 1, false);
    if (bytes != 0) store(at, Word{detail::word_of(bytes, static_cast<std::uint32_t>(size))});
  }

  // Elements and the word that refers to them: their offset, 0 when there are none. Plain ones, which hold no reference, are
  // left as they are found after skip_zeroes.
  std::uint32_t slice(std::uint32_t at, std::size_t count, std::uint32_t size, std::uint32_t align, std::uint32_t bound,
                      bool are_plain) noexcept {
    if (count > (bound != 0 ? bound : most)) fail(Status::e_limit);
    if (count == 0 || !is_free<Word>(at)) return 0;
    const bool are_zeroed = !are_plain || !skips_zeroes_;
    const std::uint32_t elements = append(static_cast<std::uint64_t>(count) * size, align, are_zeroed);
    if (elements != 0) store(at, Word{detail::word_of(elements, static_cast<std::uint32_t>(count))});
    return elements;
  }

  // A struct and the reference that leads to it: its offset, 0 when there is a fault.
  std::uint32_t reference(std::uint32_t at, std::uint32_t size, std::uint32_t align) noexcept {
    if (!is_free<RefWord>(at)) return 0;
    const std::uint32_t target = append(size, align);
    if (target != 0) store(at, RefWord{target});
    return target;
  }

 private:
  // A message's size is 32 bits.
  static constexpr std::uint32_t most = UINT32_MAX;

  Builder(const Builder &) noexcept = default;
  Builder &operator=(const Builder &) noexcept = default;

  unsigned char *base_ = nullptr;
  std::uint32_t capacity_ = most;
  std::uint32_t used_ = 0;
  bool skips_zeroes_ = false;
  Status fault_ = Status::ok;
};

}  // namespace vil

#endif
