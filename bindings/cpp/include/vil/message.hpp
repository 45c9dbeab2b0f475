// What a message type says about itself, so that a port can be typed by it.
#ifndef VIL_MESSAGE_HPP
#define VIL_MESSAGE_HPP

#include <cstdint>
#include <type_traits>

#include "vil/vil.h"

namespace vil {

// Specialised by generated code for every message type T, with these members, each `static constexpr`:
//   const char *name           name of the message in the program
//   std::uint64_t layout_id    first 8 bytes of the layout's fingerprint
//   const char *layout_text    the layout, in lines
//   std::uint32_t size, align  as the program lays it out
// A hand-written one is as good as its layout_id: it must be that of a layout which T has, byte for byte.
template <typename T>
struct MessageTraits;

namespace detail {

// Checked wherever a T is sent or received: plain data whose every bit pattern is a value, laid out as the program says.
template <typename T>
constexpr bool is_message() {
  static_assert(std::is_trivially_copyable_v<T>, "a message is plain data");
  static_assert(std::is_standard_layout_v<T>, "a message is laid out as in C");
  static_assert(sizeof(T) == MessageTraits<T>::size, "the message's size is not its program's");
  static_assert(alignof(T) == MessageTraits<T>::align, "the message's alignment is not its program's");
  static_assert(MessageTraits<T>::layout_id != 0, "0 is no layout id");
  return true;
}

}  // namespace detail
}  // namespace vil

#endif
