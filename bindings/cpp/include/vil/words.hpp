// The words by which a relative message refers to bytes further back in itself, as they stand in memory.
#ifndef VIL_WORDS_HPP
#define VIL_WORDS_HPP

#include <cstddef>
#include <cstdint>

namespace vil {

// A VSlice or VStr: offset from the message's start in the low half, count in the high half. All zeros: empty. Behind the
// bytes that a VStr counts stands a NUL.
struct Word {
  std::uint64_t bits;
};

// A VRef: offset from the message's start. 0: absent.
struct RefWord {
  std::uint32_t bits;
};

// What every relative message begins with. `size` counts everything; `root_size` ends with the root's last field.
struct Head {
  std::uint64_t layout_id;
  std::uint32_t size;
  std::uint32_t root_size;
};

namespace detail {

// Where the root of a relative message stands, and the alignment of the whole.
inline constexpr std::uint32_t root_offset = sizeof(Head);
inline constexpr std::uint32_t message_align = 8;

// The halves of a word.
constexpr std::uint32_t low_half(std::uint64_t word) noexcept { return static_cast<std::uint32_t>(word); }
constexpr std::uint32_t high_half(std::uint64_t word) noexcept { return static_cast<std::uint32_t>(word >> 32); }
constexpr std::uint64_t word_of(std::uint32_t low, std::uint32_t high) noexcept {
  return low | static_cast<std::uint64_t>(high) << 32;
}

}  // namespace detail

static_assert(sizeof(Head) == 16 && offsetof(Head, size) == 8 && offsetof(Head, root_size) == 12, "a head is 16 bytes");
static_assert(sizeof(Word) == 8 && sizeof(RefWord) == 4, "words are 8 and 4 bytes");

}  // namespace vil

#endif
