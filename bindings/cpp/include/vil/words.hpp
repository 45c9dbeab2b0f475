// The words by which a relative message refers to bytes further back in itself, as they stand in memory.
#ifndef VIL_WORDS_HPP
#define VIL_WORDS_HPP

#include <cstdint>

#include "vil/view.h"

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

namespace detail {

// Where the root of a relative message stands, and the alignment of the whole.
inline constexpr std::uint32_t root_offset = VIL_ROOT_OFFSET;
inline constexpr std::uint32_t message_align = 8;

// A bound as C has it: of kinds 0 is none.
constexpr std::uint32_t bound_of(std::uint32_t bound) noexcept { return bound != 0 ? bound : VIL_NO_BOUND; }

// A position or count as C has it; what is more than a message may hold is more than any of them holds.
constexpr std::uint32_t clipped(std::size_t count) noexcept {
  return count < UINT32_MAX ? static_cast<std::uint32_t>(count) : UINT32_MAX;
}

}  // namespace detail

static_assert(sizeof(Word) == 8 && sizeof(RefWord) == 4, "words are 8 and 4 bytes");

}  // namespace vil

#endif
