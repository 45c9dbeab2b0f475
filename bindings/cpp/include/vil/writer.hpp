// Writing a relative message in place: a struct's fields, elements, and what they refer to.
#ifndef VIL_WRITER_HPP
#define VIL_WRITER_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "vil/builder.hpp"
#include "vil/slice.hpp"

namespace vil {

// A place in a message that is being written: two words, copied freely, valid while its builder stays where it is. Of
// nobody's builder, or after a fault, everything written through it goes nowhere. Base of generated writers, which are
// made of what is protected here; its names are kept for generated members.
class Writer {
 public:
  constexpr Writer() noexcept = default;
  constexpr Writer(Builder *builder, std::uint32_t at) noexcept : vil_builder(builder), vil_at(at) {}

  // Whether what is written here is counted or kept.
  [[nodiscard]] explicit operator bool() const noexcept {
    return vil_builder != nullptr && vil_builder->fault() == Status::ok;
  }

 protected:
  // A value without references.
  template <typename T>
  void vil_set(std::uint32_t offset, const T &value) const noexcept {
    if (vil_builder != nullptr) vil_builder->store(vil_at + offset, value);
  }

  // Says that an optional field is there.
  void vil_mark(std::uint32_t presence) const noexcept { vil_set(presence, std::uint8_t{1}); }

  // A fixed array of `room` elements: those given, zeros behind them; more than there is room for is a fault.
  template <typename T>
  void vil_set_array(std::uint32_t offset, std::size_t room, const Slice<T> &values) const noexcept {
    if (vil_builder == nullptr) return;
    if (values.size() > room) return vil_builder->fail(Status::e_limit);
    vil_clear(offset, static_cast<std::uint32_t>(room * sizeof(T)));
    T *to = vil_builder->there<T>(vil_at + offset);
    if (to != nullptr) (void)values.copy(to, room);
  }

  // What writes anything else, by its kind; see kind.hpp.
  template <typename Kind>
  [[nodiscard]] typename Kind::Write vil_place(std::uint32_t offset) const noexcept {
    return typename Kind::Write(vil_builder, vil_at + offset);
  }

  // The same for one element of a fixed array of `count`; an index out of range is e_limit.
  template <typename Kind>
  [[nodiscard]] typename Kind::Write vil_place_at(std::uint32_t offset, std::size_t count, std::size_t index) const noexcept {
    if (index < count) return vil_place<Kind>(offset + static_cast<std::uint32_t>(index) * Kind::size());
    if (vil_builder != nullptr) vil_builder->fail(Status::e_limit);
    return typename Kind::Write();
  }

  // Zeroes bytes of the struct itself: what they referred to is then lost room.
  void vil_clear(std::uint32_t offset, std::uint32_t size) const noexcept {
    if (vil_builder == nullptr) return;
    unsigned char *bytes = vil_builder->there<unsigned char>(vil_at + offset);
    if (bytes != nullptr) std::memset(bytes, 0, size);
  }

  Builder *vil_builder = nullptr;
  std::uint32_t vil_at = 0;
};

// New elements without references, all zeros. Where bytes are only counted, and after a fault, there are none: a loop over
// them ends at once, `set` and `copy` write nothing.
template <typename T>
class Room {
 public:
  constexpr Room() noexcept = default;
  constexpr Room(T *data, std::size_t size) noexcept : data_(data), size_(data != nullptr ? size : 0) {}

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
  constexpr Places(Builder *builder, std::uint32_t at, std::size_t count) noexcept
      : builder_(builder), at_(at), count_(count) {}

  [[nodiscard]] constexpr std::size_t size() const noexcept { return count_; }

  [[nodiscard]] typename Kind::Write operator[](std::size_t index) const noexcept {
    if (index < count_) return typename Kind::Write(builder_, at_ + static_cast<std::uint32_t>(index) * Kind::size());
    if (builder_ != nullptr) builder_->fail(Status::e_limit);
    return typename Kind::Write();
  }

 private:
  Builder *builder_ = nullptr;
  std::uint32_t at_ = 0;
  std::size_t count_ = 0;
};

}  // namespace vil

#endif
