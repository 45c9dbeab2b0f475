// Elements of a message that are read through views, strings among them.
#ifndef VIL_LIST_HPP
#define VIL_LIST_HPP

#include <cstddef>
#include <cstdint>

#include "vil/view.hpp"
#include "vil/words.hpp"

namespace vil {

// Elements of a kind (kind.hpp), one behind the other: those of a VSlice. All of them lie in the message; each is checked as
// it is read.
template <typename Kind>
class List {
 public:
  using value_type = typename Kind::Read;

  class Iterator {
   public:
    Iterator(const List *list, std::uint32_t index) noexcept : list_(list), index_(index) {}
    [[nodiscard]] value_type operator*() const noexcept { return list_->one(index_); }
    Iterator &operator++() noexcept {
      ++index_;
      return *this;
    }
    [[nodiscard]] bool operator!=(const Iterator &other) const noexcept { return index_ != other.index_; }
    [[nodiscard]] bool operator==(const Iterator &other) const noexcept { return index_ == other.index_; }

   private:
    const List *list_;
    std::uint32_t index_;
  };

  constexpr List() noexcept = default;
  // Elements that were found to lie within a message.
  explicit constexpr List(const vil_list_t &list) noexcept : list_(list) {}

  [[nodiscard]] constexpr std::size_t size() const noexcept { return list_.count; }
  [[nodiscard]] constexpr bool empty() const noexcept { return list_.count == 0; }
  [[nodiscard]] Iterator begin() const noexcept { return {this, 0}; }
  [[nodiscard]] Iterator end() const noexcept { return {this, list_.count}; }

  // The element at a position; at none of them, an empty one.
  [[nodiscard]] value_type operator[](std::size_t index) const noexcept {
    return one(detail::clipped(index));
  }

 private:
  [[nodiscard]] value_type one(std::uint32_t index) const noexcept {
    return Kind::read(vil_list_at(list_, Kind::size(), index), 0, Kind::size());
  }

  vil_list_t list_{};
};

}  // namespace vil

#endif
