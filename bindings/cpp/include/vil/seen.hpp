// How a message that is held is looked at: a flat one as it lies, a relative one through a view.
#ifndef VIL_SEEN_HPP
#define VIL_SEEN_HPP

#include <cstddef>

#include "vil/message.hpp"
#include "vil/view.hpp"

namespace vil {
namespace detail {

// Of a flat message: nothing, the bytes are the struct.
template <typename T, bool = is_relative<T>>
class Seen {
 public:
  using Content = T;

  void look(const void *, std::size_t) noexcept {}
  [[nodiscard]] const T *at(const void *data) const noexcept { return static_cast<const T *>(data); }
};

// Of a relative one: its view, made once, so that size and root are what they were when it came.
template <typename T>
class Seen<T, true> {
 public:
  using Content = typename T::vil_view;

  void look(const void *data, std::size_t size) noexcept { view_ = Content(data, size); }
  // One of nothing when the message is no longer held.
  [[nodiscard]] const Content *at(const void *data) const noexcept { return data != nullptr ? &view_ : &nothing<Content>; }

 private:
  Content view_;
};

}  // namespace detail
}  // namespace vil

#endif
