// What a message type says about itself, so that a port can be typed by it.
#ifndef VIL_MESSAGE_HPP
#define VIL_MESSAGE_HPP

#include <cstdint>
#include <type_traits>

#include "vil/vil.h"
#include "vil/words.hpp"

namespace vil {

// Specialised by generated code for every message type T, with these members, each `static constexpr`:
//   const char *name           name of the message in the program
//   std::uint64_t layout_id    first 8 bytes of the layout's fingerprint
//   const char *layout_text    the layout, in lines
//   std::uint32_t size, align  as the program lays it out; of a relative one the most bytes of a message, and 8
// and of a relative one, whose T is the plain struct of its root:
//   std::uint32_t root_size    where the root's last field ends, as heads say it
//   std::uint32_t descriptor[] what it looks like, for vil_msg_verify; flat ones may have it too
// and of an external one, whose T only names it:
//   const char *media_type, *adapter   what its bytes are, and who makes and reads them
// A hand-written one is as good as its layout_id: it must be that of a layout which T has, byte for byte.
template <typename T>
struct MessageTraits;

namespace detail {

// Whether a T is the root of a relative message, which generated code reads by its vil_view and writes by its vil_writer.
template <typename T, typename = void>
inline constexpr bool is_relative = false;
template <typename T>
inline constexpr bool is_relative<T, std::void_t<typename T::vil_view>> = true;

// Whether a T names an external message: bytes in a frame.
template <typename T, typename = void>
inline constexpr bool is_external = false;
template <typename T>
inline constexpr bool is_external<T, std::void_t<typename T::vil_external>> = true;

// Checked wherever a T is sent or received: plain data whose every bit pattern is a value, laid out as the program says.
template <typename T>
constexpr bool is_message() {
  static_assert(std::is_trivially_copyable_v<T>, "a message is plain data");
  static_assert(std::is_standard_layout_v<T>, "a message is laid out as in C");
  if constexpr (is_external<T>) {
    static_assert(MessageTraits<T>::size >= 8, "there is no room for the message's frame");
    static_assert(MessageTraits<T>::align == message_align, "the message's alignment is not that of external ones");
  } else if constexpr (is_relative<T>) {
    static_assert(sizeof(T) + root_offset <= MessageTraits<T>::size, "the message's head and root are more than it may have");
    static_assert(MessageTraits<T>::align == message_align, "the message's alignment is not that of relative ones");
  } else {
    static_assert(sizeof(T) == MessageTraits<T>::size, "the message's size is not its program's");
    static_assert(alignof(T) == MessageTraits<T>::align, "the message's alignment is not its program's");
  }
  static_assert(MessageTraits<T>::layout_id != 0, "0 is no layout id");
  return true;
}

}  // namespace detail
}  // namespace vil

#endif
