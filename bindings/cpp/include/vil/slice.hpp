// Plain elements of a message, one behind the other, read where they lie.
#ifndef VIL_SLICE_HPP
#define VIL_SLICE_HPP

#include <cstddef>
#include <cstring>
#include <type_traits>
#include <utility>

#include "vil/load.hpp"

namespace vil {

// Scalars, enums or structs without references. Its bounds were checked against the message's size once, and are its own.
// It lives as long as the message is held. Where a writer may still be changing them, `at` and `copy` read each element
// once; what is behind a pointer or reference may change between two looks.
template <typename T>
class Slice {
  static_assert(std::is_trivially_copyable_v<T> && std::is_standard_layout_v<T>, "elements are plain data");

 public:
  using value_type = T;
  using const_iterator = const T *;

  constexpr Slice() noexcept = default;
  constexpr Slice(const T *data, std::size_t size) noexcept : data_(data), size_(size) {}
  // Of an array, and of whatever has data() and size(): a std::array, a std::vector.
  template <std::size_t N>
  constexpr Slice(const T (&array)[N]) noexcept : data_(array), size_(N) {}
  template <typename Some, typename = std::enable_if_t<
                               std::is_same_v<const T *, decltype(std::declval<const Some &>().data())> &&
                               std::is_convertible_v<decltype(std::declval<const Some &>().size()), std::size_t>>>
  constexpr Slice(const Some &some) noexcept : data_(some.data()), size_(some.size()) {}

  [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
  [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
  // nullptr when it is empty.
  [[nodiscard]] constexpr const T *data() const noexcept { return data_; }
  [[nodiscard]] constexpr const T *begin() const noexcept { return data_; }
  [[nodiscard]] constexpr const T *end() const noexcept { return data_ + size_; }

  // The element at a position below size(), where it lies.
  [[nodiscard]] constexpr const T &operator[](std::size_t index) const noexcept { return data_[index]; }

  // The element's value; a zero one when there is none at this position.
  [[nodiscard]] T at(std::size_t index) const noexcept {
    T value{};
    if (index >= size_) return value;
    if constexpr (detail::is_scalar<T>) {
      value = detail::load(data_ + index);
    } else {
      std::memcpy(static_cast<void *>(&value), data_ + index, sizeof value);
    }
    return value;
  }

  // Copies as many as there are and fit into `to`; how many.
  std::size_t copy(T *to, std::size_t room) const noexcept {
    const std::size_t count = size_ < room ? size_ : room;
    if (count != 0) std::memcpy(static_cast<void *>(to), data_, count * sizeof(T));
    return count;
  }

 private:
  const T *data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace vil

#endif
