// Reading a relative message in place, whatever its bytes are and while they change: never out of bounds, never a fault.
//
// Threads: views, lists and slices are values, and nothing here writes. Any number of threads and processes read one message
// at the same time, also through copies of one view. Each of them ends with the message: who releases it has waited for the
// others.
#ifndef VIL_VIEW_HPP
#define VIL_VIEW_HPP

#include <cstddef>
#include <cstdint>

#include "vil/load.hpp"
#include "vil/slice.hpp"
#include "vil/view.h"
#include "vil/words.hpp"

namespace vil {

// Where a struct stands in a message, all of it checked and private; view.h says what holds of it, and is the only place
// where a bound is checked.
using Frame = vil_view_t;

namespace detail {

// What stands where no plain struct is.
template <typename T>
inline constexpr T nothing{};

// A field: the struct in which it stands, and where it ends.
struct Field {
  Frame frame;
  std::uint32_t end;
};

// An optional one, of nothing where it is not there.
struct Given : Field {
  // Whether it is there.
  operator bool() const noexcept { return vil_view_is_there(frame); }
};

}  // namespace detail

// Base of generated views: four words, copied freely, valid as long as the message is held. Generated accessors are made
// of what is protected here; its names are kept for generated members.
class View {
 public:
  // Nothing: every field answers its default.
  constexpr View() noexcept = default;
  // The root of the message in these bytes, which are aligned to 8. Too short, or not aligned: nothing.
  View(const void *data, std::size_t size) noexcept : vil_at(vil_view_root(data, size)) {}
  // A struct inside of a message.
  explicit constexpr View(const Frame &frame) noexcept : vil_at(frame) {}

  // Where it stands.
  [[nodiscard]] constexpr const Frame &vil_frame() const noexcept { return vil_at; }
  // Whether there is anything to read. A struct that another one refers to is there as a whole or not at all.
  [[nodiscard]] explicit operator bool() const noexcept { return vil_view_is_there(vil_at); }

 protected:
  // The field that ends here.
  [[nodiscard]] detail::Field vil_there(std::uint32_t end) const noexcept { return {vil_at, end}; }
  // The same of an optional one, which ends with its presence byte.
  [[nodiscard]] detail::Given vil_has(std::uint32_t end) const noexcept {
    return {{vil_view_given(vil_at, end - 1, end), end}};
  }

  // What a field at an offset is; what stands for it where it is not there. A scalar or enum:
  template <typename T>
  [[nodiscard]] T vil_get(const detail::Field &field, std::uint32_t offset, T otherwise) const noexcept {
    return detail::load(field.frame, offset, field.end, otherwise);
  }

  // A struct without references; one of zeros when it is not there.
  template <typename T>
  [[nodiscard]] const T &vil_plain(const detail::Field &field, std::uint32_t offset) const noexcept {
    const void *const found = vil_view_bytes(field.frame, offset, field.end);
    return found != nullptr ? *static_cast<const T *>(found) : detail::nothing<T>;
  }

  // A fixed array of what needs no view.
  template <typename T>
  [[nodiscard]] Slice<T> vil_array(const detail::Field &field, std::uint32_t offset, std::uint32_t count) const noexcept {
    const void *const found = vil_view_bytes(field.frame, offset, field.end);
    if (found == nullptr) return {};
    return {static_cast<const T *>(found), count};
  }

  // Anything else, by its kind; see kind.hpp.
  template <typename Kind>
  [[nodiscard]] typename Kind::Read vil_read(const detail::Field &field, std::uint32_t offset) const noexcept {
    return Kind::read(field.frame, offset, field.end);
  }

  // One element of a fixed array of `count`.
  template <typename Kind>
  [[nodiscard]] typename Kind::Read vil_read_at(const detail::Field &field, std::uint32_t offset, std::uint32_t count,
                                                std::size_t index) const noexcept {
    const Frame item = vil_view_item(field.frame, offset, Kind::size(), count, field.end, detail::clipped(index));
    return Kind::read(item, 0, Kind::size());
  }

  // Whether a reference leads anywhere.
  template <typename Kind>
  [[nodiscard]] bool vil_leads(const detail::Field &field, std::uint32_t offset) const noexcept {
    return vil_view_is_there(Kind::target(field.frame, offset, field.end));
  }

  // An arm of a union, whole or not at all.
  [[nodiscard]] Frame vil_arm(bool is_it, std::uint32_t offset, std::uint32_t size) const noexcept {
    return vil_view_arm(vil_at, is_it, offset, size, offset + size);
  }

 private:
  Frame vil_at{};
};

}  // namespace vil

#endif
