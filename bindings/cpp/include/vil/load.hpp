// Single loads from a message that its writer may still be changing: those of view.h, for whatever type.
#ifndef VIL_LOAD_HPP
#define VIL_LOAD_HPP

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "vil/view.h"

namespace vil {
namespace detail {

// What may be loaded at once: an integer, a float or an enum.
template <typename T>
inline constexpr bool is_scalar = std::is_arithmetic_v<T> || std::is_enum_v<T>;

// The same bits as another type.
template <typename To, typename From>
To bits_as(const From &from) noexcept {
  static_assert(sizeof(To) == sizeof(From), "as many bits");
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}

// The value at an offset of a struct, or another one where the struct ends before the field does.
template <typename T>
T load(const vil_view_t &from, std::uint32_t offset, std::uint32_t end, T otherwise) noexcept {
  static_assert(is_scalar<T> && sizeof(T) <= 8, "only scalars are loaded at once");
  if constexpr (sizeof(T) == 1) {
    return bits_as<T>(vil_view_u8(from, offset, end, bits_as<std::uint8_t>(otherwise)));
  } else if constexpr (sizeof(T) == 2) {
    return bits_as<T>(vil_view_u16(from, offset, end, bits_as<std::uint16_t>(otherwise)));
  } else if constexpr (sizeof(T) == 4) {
    return bits_as<T>(vil_view_u32(from, offset, end, bits_as<std::uint32_t>(otherwise)));
  } else {
    return bits_as<T>(vil_view_u64(from, offset, end, bits_as<std::uint64_t>(otherwise)));
  }
}

// The value at an address that is aligned for it.
template <typename T>
T load(const T *at) noexcept {
  const void *const address = at;
  return load(vil_view_t{static_cast<const unsigned char *>(address), sizeof(T), 0, sizeof(T)}, 0, sizeof(T), T{});
}

}  // namespace detail
}  // namespace vil

#endif
