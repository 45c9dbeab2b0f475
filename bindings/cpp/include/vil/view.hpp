// Reading a relative message in place, whatever its bytes are and while they change: never out of bounds, never a fault.
//
// Threads: views, lists and slices are values, and nothing here writes. Any number of threads and processes read one message
// at the same time, also through copies of one view. Each of them ends with the message: who releases it has waited for the
// others.
#ifndef VIL_VIEW_HPP
#define VIL_VIEW_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "vil/load.hpp"
#include "vil/slice.hpp"
#include "vil/words.hpp"

namespace vil {

// Where a struct stands in a message, all of it checked and private: `size` was read once, `at` is aligned for the struct,
// `at + end` is at most `size`. Fields that end behind `end` are not there.
struct Frame {
  const unsigned char *base = nullptr;
  std::uint32_t size = 0;
  std::uint32_t at = 0;
  std::uint32_t end = 0;
};

namespace detail {

// What stands where no plain struct is.
template <typename T>
inline constexpr T nothing{};

// A message of at most `size` bytes whose head says how many of them count and how far its root goes: one load for both.
inline Frame root_of(const void *data, std::size_t size) noexcept {
  const bool fits = data != nullptr && size >= root_offset && reinterpret_cast<std::uintptr_t>(data) % message_align == 0;
  if (!fits) return {};
  const unsigned char *base = static_cast<const unsigned char *>(data);
  const std::uint64_t word = load_64(base + offsetof(Head, size));
  const std::uint32_t told = low_half(word), whole = size < told ? static_cast<std::uint32_t>(size) : told;
  if (whole < root_offset) return {};
  const std::uint32_t root = high_half(word), most = whole - root_offset;
  return {base, whole, root_offset, root < most ? root : most};
}

// Elements that a word refers to, when all of them lie behind the word and within the message.
struct Run {
  std::uint32_t at = 0;
  std::uint32_t count = 0;
};

// `behind`: where the word ends; what it refers to begins there at the earliest, so no chain of references comes back to
// where it was. `bound` 0: none. `tail`: bytes that must stand behind the elements too.
inline Run run_of(const Frame &frame, std::uint64_t word, std::uint32_t behind, std::uint32_t size, std::uint32_t align,
                  std::uint32_t bound, std::uint32_t tail) noexcept {
  const std::uint32_t at = low_half(word), count = high_half(word);
  const std::uint64_t end = at + static_cast<std::uint64_t>(count) * size + tail;
  const bool whole = at >= behind && at % align == 0 && end <= frame.size && (bound == 0 || count <= bound);
  return whole && count != 0 ? Run{at, count} : Run{};
}

// Where the VRef at an offset of the message leads, when its whole target is in the message and behind it; else 0.
inline std::uint32_t target_of(const Frame &frame, std::uint32_t at, std::uint32_t size, std::uint32_t align) noexcept {
  const std::uint32_t behind = at + static_cast<std::uint32_t>(sizeof(RefWord));
  return run_of(frame, word_of(load_32(frame.base + at), 1), behind, size, align, 0, 0).at;
}

}  // namespace detail

// Base of generated views: four words, copied freely, valid as long as the message is held. Generated accessors are made
// of what is protected here; its names are kept for generated members.
class View {
 public:
  // Nothing: every field answers its default.
  constexpr View() noexcept = default;
  // The root of the message in these bytes, which are aligned to 8. Too short, or not aligned: nothing.
  View(const void *data, std::size_t size) noexcept : vil_at(detail::root_of(data, size)) {}
  // A struct inside of a message.
  explicit constexpr View(const Frame &frame) noexcept : vil_at(frame) {}

  // Where it stands.
  [[nodiscard]] constexpr const Frame &vil_frame() const noexcept { return vil_at; }
  // Whether there is anything to read. A struct that another one refers to is there as a whole or not at all.
  [[nodiscard]] explicit constexpr operator bool() const noexcept { return vil_at.end != 0; }

 protected:
  // Whether a field that ends here is there.
  [[nodiscard]] constexpr bool vil_there(std::uint32_t end) const noexcept { return end <= vil_at.end; }
  // The same for an optional one, which ends with its presence byte.
  [[nodiscard]] bool vil_has(std::uint32_t end) const noexcept {
    return vil_there(end) && detail::load<std::uint8_t>(vil_byte(end - 1)) != 0;
  }
  [[nodiscard]] const unsigned char *vil_byte(std::uint32_t offset) const noexcept {
    return vil_at.base + vil_at.at + offset;
  }

  // Fields of which the first argument says whether they are there. A scalar or enum:
  template <typename T>
  [[nodiscard]] T vil_get(bool there, std::uint32_t offset, T otherwise) const noexcept {
    return there ? detail::load<T>(vil_byte(offset)) : otherwise;
  }

  // A struct without references; one of zeros when it is not there.
  template <typename T>
  [[nodiscard]] const T &vil_plain(bool there, std::uint32_t offset) const noexcept {
    return there ? *static_cast<const T *>(static_cast<const void *>(vil_byte(offset))) : detail::nothing<T>;
  }

  // A fixed array of what needs no view.
  template <typename T>
  [[nodiscard]] Slice<T> vil_array(bool there, std::uint32_t offset, std::uint32_t count) const noexcept {
    if (!there) return {};
    return {static_cast<const T *>(static_cast<const void *>(vil_byte(offset))), count};
  }

  // Anything else, by its kind; see kind.hpp.
  template <typename Kind>
  [[nodiscard]] typename Kind::Read vil_read(bool there, std::uint32_t offset) const noexcept {
    return there ? Kind::read(vil_at, vil_at.at + offset) : Kind::none();
  }

  // One element of a fixed array of `count`.
  template <typename Kind>
  [[nodiscard]] typename Kind::Read vil_read_at(bool there, std::uint32_t offset, std::size_t count,
                                                std::size_t index) const noexcept {
    if (index >= count) return Kind::none();
    return vil_read<Kind>(there, offset + static_cast<std::uint32_t>(index) * Kind::size());
  }

  // Whether a reference leads anywhere.
  template <typename Kind>
  [[nodiscard]] bool vil_leads(bool there, std::uint32_t offset) const noexcept {
    return there && Kind::leads(vil_at, vil_at.at + offset);
  }

  // An arm of a union, whole or not at all.
  [[nodiscard]] Frame vil_arm(bool is_it, std::uint32_t offset, std::uint32_t size) const noexcept {
    if (!is_it || !vil_there(offset + size)) return {};
    return {vil_at.base, vil_at.size, vil_at.at + offset, size};
  }

 private:
  Frame vil_at;
};

}  // namespace vil

#endif
