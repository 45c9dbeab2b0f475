// What may stand in a relative message and needs more than a load: how it is read, how it is written, how large it is.
#ifndef VIL_KIND_HPP
#define VIL_KIND_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "vil/list.hpp"
#include "vil/slice.hpp"
#include "vil/view.hpp"
#include "vil/writer.hpp"

namespace vil {

// Each kind is a type with
//   size(), align()           of one in memory
//   Read                      what reading one answers
//   read(frame, offset, end)  reads the one at an offset of a struct; of a struct that ends before end, nothing
//   Write                     what writes one: made of a builder and an offset, or of nothing
// and where it may be an element of a slice
//   Many, many()              what reading several answers
//   Writers, writers()        what writes several
// and where it is a reference to a struct
//   target(frame, offset, end)  the struct that it leads to
// Generated code names them; nobody needs them by hand. What is checked, view.h and builder.h check.
namespace kind {

namespace detail {

using vil::detail::bound_of;

// Of kinds whose elements are read and written one by one.
template <typename Kind>
struct OneByOne {
  using Many = List<Kind>;
  using Writers = Places<Kind>;

  static Many many(const vil_list_t &list) noexcept { return Many(list); }
  static Writers writers(const vil_writer_t &at, std::uint32_t count, std::uint32_t bound) noexcept {
    return Writers(vil_writer_list(at, 0, count, Kind::size(), Kind::align(), bound));
  }
};

}  // namespace detail

// Scalars, enums and structs without references; only as elements.
template <typename T>
struct Plain {
  using Many = vil::Slice<T>;
  using Writers = SliceWriter<T>;

  static constexpr std::uint32_t size() noexcept { return sizeof(T); }
  static constexpr std::uint32_t align() noexcept { return alignof(T); }
  static Many many(const vil_list_t &list) noexcept {
    return {static_cast<const T *>(vil_list_data(list)), list.count};
  }
  static Writers writers(const vil_writer_t &at, std::uint32_t count, std::uint32_t bound) noexcept {
    return {static_cast<T *>(vil_writer_slice(at, 0, count, size(), align(), bound)), count};
  }
};

// A VStr; Bound 0 is none. Read as text that is in bounds and, in a message that was verified, UTF-8 with a NUL behind it.
template <std::uint32_t Bound>
struct Str : detail::OneByOne<Str<Bound>> {
  using Read = std::string_view;

  class Write : Writer {
   public:
    using Writer::Writer;
    void set(std::string_view text) const noexcept {
      if (vil_builder != nullptr) vil_writer_str(vil_here(), 0, text.data(), text.size(), detail::bound_of(Bound));
    }
  };

  static constexpr std::uint32_t size() noexcept { return sizeof(Word); }
  static constexpr std::uint32_t align() noexcept { return alignof(Word); }
  static Read read(const Frame &frame, std::uint32_t offset, std::uint32_t end) noexcept {
    const vil_str_t text = vil_view_str(frame, offset, end, detail::bound_of(Bound));
    return {text.data, text.size};
  }
};

// A VSlice of a kind; Bound 0 is none.
template <typename Element, std::uint32_t Bound>
struct Slice : detail::OneByOne<Slice<Element, Bound>> {
  using Read = typename Element::Many;

  class Write : Writer {
   public:
    using Writer::Writer;
    [[nodiscard]] typename Element::Writers alloc(std::size_t count) const noexcept {
      if (vil_builder == nullptr) return {};
      return Element::writers(vil_here(), vil::detail::clipped(count), detail::bound_of(Bound));
    }
  };

  static constexpr std::uint32_t size() noexcept { return sizeof(Word); }
  static constexpr std::uint32_t align() noexcept { return alignof(Word); }
  static Read read(const Frame &frame, std::uint32_t offset, std::uint32_t end) noexcept {
    return Element::many(vil_view_list(frame, offset, end, Element::size(), Element::align(), detail::bound_of(Bound)));
  }
};

// A struct with references, or the root of a message, in place: T is its plain struct.
template <typename T>
struct Struct : detail::OneByOne<Struct<T>> {
  using Read = typename T::vil_view;
  using Write = typename T::vil_writer;

  static constexpr std::uint32_t size() noexcept { return sizeof(T); }
  static constexpr std::uint32_t align() noexcept { return alignof(T); }
  static Read read(const Frame &frame, std::uint32_t offset, std::uint32_t end) noexcept {
    return Read(vil_view_part(frame, offset, size(), end));
  }
};

// A VRef to a struct that is read through a view; it stands in no slice.
template <typename T>
struct Ref {
  using Read = typename T::vil_view;

  class Write : Writer {
   public:
    using Writer::Writer;
    [[nodiscard]] typename T::vil_writer alloc() const noexcept {
      using Target = typename T::vil_writer;
      if (vil_builder == nullptr) return Target();
      return vil::detail::placed<Target>(vil_writer_ref(vil_here(), 0, sizeof(T), alignof(T)));
    }
  };

  static constexpr std::uint32_t size() noexcept { return sizeof(RefWord); }
  static Frame target(const Frame &frame, std::uint32_t offset, std::uint32_t end) noexcept {
    return vil_view_ref(frame, offset, end, sizeof(T), alignof(T));
  }
  static Read read(const Frame &frame, std::uint32_t offset, std::uint32_t end) noexcept {
    return Read(target(frame, offset, end));
  }
};

// A VRef to a struct without references; one of zeros stands for none.
template <typename T>
struct PlainRef {
  using Read = const T &;

  class Write : Writer {
   public:
    using Writer::Writer;
    void set(const T &value) const noexcept {
      if (vil_builder == nullptr) return;
      vil_writer_put(vil_writer_ref(vil_here(), 0, sizeof(T), alignof(T)), 0, &value, sizeof value);
    }
  };

  static constexpr std::uint32_t size() noexcept { return sizeof(RefWord); }
  static Frame target(const Frame &frame, std::uint32_t offset, std::uint32_t end) noexcept {
    return vil_view_ref(frame, offset, end, sizeof(T), alignof(T));
  }
  static Read read(const Frame &frame, std::uint32_t offset, std::uint32_t end) noexcept {
    const void *const found = vil_view_bytes(target(frame, offset, end), 0, 1);
    return found != nullptr ? *static_cast<const T *>(found) : vil::detail::nothing<T>;
  }
};

}  // namespace kind

// Several of them, as views answer and writers make them. T is the plain struct.
template <typename T>
using Views = List<kind::Struct<T>>;
template <typename T>
using Writers = Places<kind::Struct<T>>;
template <std::uint32_t Bound>
using Strs = List<kind::Str<Bound>>;
template <std::uint32_t Bound>
using StrWriters = Places<kind::Str<Bound>>;

}  // namespace vil

#endif
