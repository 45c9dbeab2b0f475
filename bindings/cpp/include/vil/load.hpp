// Single loads from a message that its writer may still be changing: the compiler makes each once and never repeats it.
#ifndef VIL_LOAD_HPP
#define VIL_LOAD_HPP

#include <cstdint>
#include <cstring>
#include <type_traits>

namespace vil {
namespace detail {

// Integers that may stand for whatever was written there: a float is loaded as the bits that it is.
typedef std::uint8_t Word8 __attribute__((__may_alias__));
typedef std::uint16_t Word16 __attribute__((__may_alias__));
typedef std::uint32_t Word32 __attribute__((__may_alias__));
typedef std::uint64_t Word64 __attribute__((__may_alias__));

// What may be loaded at once: an integer, a float or an enum.
template <typename T>
inline constexpr bool is_scalar = std::is_arithmetic_v<T> || std::is_enum_v<T>;

inline std::uint8_t load_8(const void *at) noexcept { return __atomic_load_n(static_cast<const Word8 *>(at), __ATOMIC_RELAXED); }
inline std::uint16_t load_16(const void *at) noexcept {
  return __atomic_load_n(static_cast<const Word16 *>(at), __ATOMIC_RELAXED);
}
inline std::uint32_t load_32(const void *at) noexcept {
  return __atomic_load_n(static_cast<const Word32 *>(at), __ATOMIC_RELAXED);
}
inline std::uint64_t load_64(const void *at) noexcept {
  return __atomic_load_n(static_cast<const Word64 *>(at), __ATOMIC_RELAXED);
}

// The value at an address that is aligned for it.
template <typename T>
T load(const void *at) noexcept {
  static_assert(is_scalar<T>, "only scalars are loaded at once");
  T value;
  if constexpr (sizeof(T) == 1) {
    const std::uint8_t word = load_8(at);
    std::memcpy(&value, &word, sizeof value);
  } else if constexpr (sizeof(T) == 2) {
    const std::uint16_t word = load_16(at);
    std::memcpy(&value, &word, sizeof value);
  } else if constexpr (sizeof(T) == 4) {
    const std::uint32_t word = load_32(at);
    std::memcpy(&value, &word, sizeof value);
  } else {
    const std::uint64_t word = load_64(at);
    std::memcpy(&value, &word, sizeof value);
  }
  return value;
}

}  // namespace detail
}  // namespace vil

#endif
