// How a message that is held is looked at: a flat one as it lies, a relative one through a view, an external one as bytes.
#ifndef VIL_SEEN_HPP
#define VIL_SEEN_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "vil/external.h"
#include "vil/message.hpp"
#include "vil/view.hpp"

namespace vil {

// The bytes of an external message.
struct Bytes {
  const unsigned char *data;
  std::size_t size;

  // The same as text; nobody has looked whether it is.
  [[nodiscard]] std::string_view text() const noexcept {
    return size == 0 ? std::string_view() : std::string_view(reinterpret_cast<const char *>(data), size);
  }
};

namespace detail {

// Of a flat message: nothing, the bytes are the struct.
template <typename T, typename = void>
class Seen {
 public:
  using Content = T;

  vil_status_t look(const void *, std::size_t) noexcept { return VIL_OK; }
  [[nodiscard]] const T *at(const void *data) const noexcept { return static_cast<const T *>(data); }
};

// Of a relative one: its view, made once, so that size and root are what they were when it came.
template <typename T>
class Seen<T, std::enable_if_t<is_relative<T>>> {
 public:
  using Content = typename T::vil_view;

  vil_status_t look(const void *data, std::size_t size) noexcept {
    view_ = Content(data, size);
    return VIL_OK;
  }
  // One of nothing when the message is no longer held.
  [[nodiscard]] const Content *at(const void *data) const noexcept { return data != nullptr ? &view_ : &nothing<Content>; }

 private:
  Content view_;
};

// Of an external one: where its bytes are, which its frame says once.
template <typename T>
class Seen<T, std::enable_if_t<is_external<T>>> {
 public:
  using Content = Bytes;

  vil_status_t look(const void *data, std::size_t size) noexcept {
    std::uint32_t held = 0;
    const vil_status_t status = vil_frame_read(data, size, &held);
    if (status == VIL_OK) bytes_ = {static_cast<const unsigned char *>(data) + VIL_FRAME_OFFSET, held};
    return status;
  }
  // None when the message is no longer held.
  [[nodiscard]] const Bytes *at(const void *data) const noexcept {
    static constexpr Bytes none{nullptr, 0};
    return data != nullptr ? &bytes_ : &none;
  }

 private:
  Bytes bytes_{nullptr, 0};
};

}  // namespace detail
}  // namespace vil

#endif
