// Reading a relative message in place, whatever its bytes are and while they change: never out of bounds, never a fault.
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

// Elements that a word refers to, when all of them lie behind the head and within the message.
struct Run {
  std::uint32_t at = 0;
  std::uint32_t count = 0;
};

// `bound` 0: none. `tail`: bytes that must stand behind the elements too.
inline Run run_of(const Frame &frame, std::uint64_t word, std::uint32_t size, std::uint32_t align, std::uint32_t bound,
                  std::uint32_t tail) noexcept {
  const std::uint32_t at = low_half(word), count = high_half(word);
  const std::uint64_t end = at + static_cast<std::uint64_t>(count) * size + tail;
  const bool whole = at >= root_offset && at % align == 0 && end <= frame.size && (bound == 0 || count <= bound);
  return whole && count != 0 ? Run{at, count} : Run{};
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
  // Whether a field of this size is there.
  [[nodiscard]] constexpr bool vil_there(std::uint32_t offset, std::uint32_t size) const noexcept {
    return static_cast<std::uint64_t>(offset) + size <= vil_at.end;
  }
  [[nodiscard]] const unsigned char *vil_byte(std::uint32_t offset) const noexcept {
    return vil_at.base + vil_at.at + offset;
  }

  // A scalar or enum.
  template <typename T>
  [[nodiscard]] T vil_get(std::uint32_t offset, T otherwise) const noexcept {
    return vil_there(offset, sizeof(T)) ? detail::load<T>(vil_byte(offset)) : otherwise;
  }

  // Whether the presence byte at this offset is there and set.
  [[nodiscard]] bool vil_has(std::uint32_t offset) const noexcept { return vil_get<std::uint8_t>(offset, 0) != 0; }

  // A struct without references; one of zeros when it is not there.
  template <typename T>
  [[nodiscard]] const T &vil_plain(std::uint32_t offset) const noexcept {
    if (!vil_there(offset, sizeof(T))) return detail::nothing<T>;
    return *static_cast<const T *>(static_cast<const void *>(vil_byte(offset)));
  }

  // A fixed array of what needs no view; empty when it is not there.
  template <typename T>
  [[nodiscard]] Slice<T> vil_array(std::uint32_t offset, std::uint32_t count) const noexcept {
    if (static_cast<std::uint64_t>(offset) + static_cast<std::uint64_t>(count) * sizeof(T) > vil_at.end) return {};
    return {static_cast<const T *>(static_cast<const void *>(vil_byte(offset))), count};
  }

  // Anything else, by its kind; see kind.hpp.
  template <typename Kind>
  [[nodiscard]] typename Kind::Read vil_read(std::uint32_t offset) const noexcept {
    return vil_there(offset, Kind::size()) ? Kind::read(vil_at, vil_at.at + offset) : Kind::none();
  }

 private:
  Frame vil_at;
};

}  // namespace vil

#endif
