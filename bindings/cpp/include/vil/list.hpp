// Elements of a message that are read through views, strings among them.
#ifndef VIL_LIST_HPP
#define VIL_LIST_HPP

#include <cstddef>
#include <cstdint>

#include "vil/view.hpp"

namespace vil {

// Elements of a kind (kind.hpp), one behind the other; those of a VSlice or of a fixed array. All of them lie in the
// message; each is checked as it is read.
template <typename Kind>
class List {
 public:
  using value_type = typename Kind::Read;

  class Iterator {
   public:
    Iterator(const List *list, std::size_t index) noexcept : list_(list), index_(index) {}
    [[nodiscard]] value_type operator*() const noexcept { return (*list_)[index_]; }
    Iterator &operator++() noexcept {
      ++index_;
      return *this;
    }
    [[nodiscard]] bool operator!=(const Iterator &other) const noexcept { return index_ != other.index_; }
    [[nodiscard]] bool operator==(const Iterator &other) const noexcept { return index_ == other.index_; }

   private:
    const List *list_;
    std::size_t index_;
  };

  constexpr List() noexcept = default;
  // `count` elements from `at`, all within the message of this frame.
  constexpr List(const Frame &frame, std::uint32_t at, std::uint32_t count) noexcept
      : base_(frame.base), size_(frame.size), at_(at), count_(count) {}

  [[nodiscard]] constexpr std::size_t size() const noexcept { return count_; }
  [[nodiscard]] constexpr bool empty() const noexcept { return count_ == 0; }
  [[nodiscard]] Iterator begin() const noexcept { return {this, 0}; }
  [[nodiscard]] Iterator end() const noexcept { return {this, count_}; }

  // The element at a position; at none of them, an empty one.
  [[nodiscard]] value_type operator[](std::size_t index) const noexcept {
    if (index >= count_) return Kind::none();
    return Kind::read(Frame{base_, size_, 0, 0}, at_ + static_cast<std::uint32_t>(index) * Kind::size());
  }

 private:
  const unsigned char *base_ = nullptr;
  std::uint32_t size_ = 0;
  std::uint32_t at_ = 0;
  std::uint32_t count_ = 0;
};

}  // namespace vil

#endif
