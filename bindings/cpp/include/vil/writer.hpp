// Writing a relative message in place: a struct's fields, elements, and what they refer to.
#ifndef VIL_WRITER_HPP
#define VIL_WRITER_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "vil/builder.h"
#include "vil/slice.hpp"
#include "vil/words.hpp"

namespace vil {

namespace detail {

// What writes where C found a place, or nowhere.
template <typename Write>
Write placed(const vil_writer_t &found) noexcept {
  return found.at != 0 ? Write(found.builder, found.at) : Write();
}

}  // namespace detail

// A place in a message that is being written: two words, copied freely, valid while its builder stays where it is. Of
// nobody's builder, or after a fault, everything written through it goes nowhere. Base of generated writers, which are
// made of what is protected here; its names are kept for generated members. What is checked, builder.h checks.
class Writer {
 public:
  constexpr Writer() noexcept = default;
  constexpr Writer(vil_builder_t *builder, std::uint32_t at) noexcept : vil_builder(builder), vil_at(at) {}

  // Whether what is written here is counted or kept.
  [[nodiscard]] explicit operator bool() const noexcept {
    return vil_builder != nullptr && vil_builder_fault(vil_builder) == VIL_OK;
  }

 protected:
  // The same place for C, where there is a builder.
  [[nodiscard]] vil_writer_t vil_here() const noexcept { return {vil_builder, vil_at, nullptr}; }

  // A value without references.
  template <typename T>
  void vil_set(std::uint32_t offset, const T &value) const noexcept {
    if (vil_builder != nullptr) vil_writer_put(vil_here(), offset, &value, sizeof value);
  }

  // Says that an optional field is there.
  void vil_mark(std::uint32_t presence) const noexcept {
    if (vil_builder != nullptr) vil_writer_mark(vil_here(), presence);
  }

  // A fixed array of `room` elements: those given, zeros behind them; more than there is room for is a fault.
  template <typename T>
  void vil_set_array(std::uint32_t offset, std::size_t room, const Slice<T> &values) const noexcept {
    if (vil_builder == nullptr) return;
    const std::uint32_t most = static_cast<std::uint32_t>(room * sizeof(T));
    vil_writer_fill(vil_here(), offset, values.data(), values.size() * sizeof(T), most);
  }

  // What writes anything else, by its kind; see kind.hpp.
  template <typename Kind>
  [[nodiscard]] typename Kind::Write vil_place(std::uint32_t offset) const noexcept {
    return typename Kind::Write(vil_builder, vil_at + offset);
  }

  // The same for one element of a fixed array of `count`; an index out of range is e_limit.
  template <typename Kind>
  [[nodiscard]] typename Kind::Write vil_place_at(std::uint32_t offset, std::uint32_t count, std::size_t index) const noexcept {
    using Write = typename Kind::Write;
    if (vil_builder == nullptr) return Write();
    return detail::placed<Write>(vil_writer_item(vil_here(), offset, Kind::size(), count, detail::clipped(index)));
  }

  // Zeroes bytes of the struct itself: what they referred to is then lost room.
  void vil_clear(std::uint32_t offset, std::uint32_t size) const noexcept {
    if (vil_builder != nullptr) vil_writer_fill(vil_here(), offset, nullptr, 0, size);
  }

  vil_builder_t *vil_builder = nullptr;
  std::uint32_t vil_at = 0;
};

// New elements without references, all zeros. Where bytes are only counted, and after a fault, there are none: a loop over
// them ends at once, `set` and `copy` write nothing.
template <typename T>
class SliceWriter {
 public:
  constexpr SliceWriter() noexcept = default;
  constexpr SliceWriter(T *data, std::size_t size) noexcept : data_(data), size_(data != nullptr ? size : 0) {}

  [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
  [[nodiscard]] constexpr T *data() const noexcept { return data_; }
  [[nodiscard]] constexpr T *begin() const noexcept { return data_; }
  [[nodiscard]] constexpr T *end() const noexcept { return data_ + size_; }
  // The element at a position below size().
  [[nodiscard]] constexpr T &operator[](std::size_t index) const noexcept { return data_[index]; }

  // Writes an element where there is one.
  void set(std::size_t index, const T &value) const noexcept {
    if (index < size_) data_[index] = value;
  }

  // Writes the first ones, as many as there are; how many.
  std::size_t copy(const T *from, std::size_t count) const noexcept {
    const std::size_t fits = count < size_ ? count : size_;
    if (fits != 0) std::memcpy(static_cast<void *>(data_), from, fits * sizeof(T));
    return fits;
  }

 private:
  T *data_ = nullptr;
  std::size_t size_ = 0;
};

// New elements of a kind that are written through writers. An index out of range is the message's fault e_limit, and what
// is written there goes nowhere.
template <typename Kind>
class Places {
 public:
  constexpr Places() noexcept = default;
  // Elements that were taken.
  explicit constexpr Places(const vil_writers_t &list) noexcept : list_(list) {}

  [[nodiscard]] constexpr std::size_t size() const noexcept { return list_.count; }

  [[nodiscard]] typename Kind::Write operator[](std::size_t index) const noexcept {
    using Write = typename Kind::Write;
    if (list_.builder == nullptr) return Write();
    return detail::placed<Write>(vil_writers_at(list_, Kind::size(), detail::clipped(index)));
  }

 private:
  vil_writers_t list_{};
};

}  // namespace vil

#endif
