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
//   size(), align()   of one in memory
//   Read              what reading one answers, and `none()` where there is none
//   read(frame, at)   reads the one at an offset of the frame's message that is within it and aligned
//   Write             what writes one: made of a builder and an offset, or of nothing
// and where it may be an element of a slice
//   Many, many()      what reading several answers
//   Rooms, rooms()    what writes several
//   is_plain          whether it holds no reference, so that its bytes may be anything until they are written
// Generated code names them; nobody needs them by hand.
namespace kind {

namespace detail {

// Of kinds whose elements are read and written one by one.
template <typename Kind>
struct OneByOne {
  using Many = List<Kind>;
  using Rooms = Places<Kind>;
  static constexpr bool is_plain = false;

  static Many many(const Frame &frame, std::uint32_t at, std::uint32_t count) noexcept { return {frame, at, count}; }
  static Rooms rooms(Builder *builder, std::uint32_t at, std::size_t count) noexcept { return {builder, at, count}; }
};

}  // namespace detail

// Scalars, enums and structs without references; only as elements.
template <typename T>
struct Plain {
  using Many = vil::Slice<T>;
  using Rooms = Room<T>;
  static constexpr bool is_plain = true;

  static constexpr std::uint32_t size() noexcept { return sizeof(T); }
  static constexpr std::uint32_t align() noexcept { return alignof(T); }
  static Many many(const Frame &frame, std::uint32_t at, std::uint32_t count) noexcept {
    if (count == 0) return {};
    return {static_cast<const T *>(static_cast<const void *>(frame.base + at)), count};
  }
  static Rooms rooms(Builder *builder, std::uint32_t at, std::size_t count) noexcept {
    return {builder->there<T>(at), count};
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
      if (vil_builder != nullptr) vil_builder->text(vil_at, text, Bound);
    }
  };

  static constexpr std::uint32_t size() noexcept { return sizeof(Word); }
  static constexpr std::uint32_t align() noexcept { return alignof(Word); }
  static constexpr Read none() noexcept { return {"", 0}; }
  static Read read(const Frame &frame, std::uint32_t at) noexcept {
    const std::uint64_t word = vil::detail::load_64(frame.base + at);
    const vil::detail::Run run = vil::detail::run_of(frame, word, at + size(), 1, 1, Bound, 1);
    if (run.count == 0) return none();
    return {static_cast<const char *>(static_cast<const void *>(frame.base + run.at)), run.count};
  }
};

// A VSlice of a kind; Bound 0 is none.
template <typename Element, std::uint32_t Bound>
struct Slice : detail::OneByOne<Slice<Element, Bound>> {
  using Read = typename Element::Many;

  class Write : Writer {
   public:
    using Writer::Writer;
    [[nodiscard]] typename Element::Rooms alloc(std::size_t count) const noexcept {
      if (vil_builder == nullptr) return {};
      const std::uint32_t at =
          vil_builder->slice(vil_at, count, Element::size(), Element::align(), Bound, Element::is_plain);
      return at != 0 ? Element::rooms(vil_builder, at, count) : typename Element::Rooms{};
    }
  };

  static constexpr std::uint32_t size() noexcept { return sizeof(Word); }
  static constexpr std::uint32_t align() noexcept { return alignof(Word); }
  static Read none() noexcept { return {}; }
  static Read read(const Frame &frame, std::uint32_t at) noexcept {
    const std::uint64_t word = vil::detail::load_64(frame.base + at);
    const vil::detail::Run run =
        vil::detail::run_of(frame, word, at + size(), Element::size(), Element::align(), Bound, 0);
    return Element::many(frame, run.at, run.count);
  }
};

// A struct with references, or the root of a message, in place: T is its plain struct.
template <typename T>
struct Struct : detail::OneByOne<Struct<T>> {
  using Read = typename T::vil_view;
  using Write = typename T::vil_writer;

  static constexpr std::uint32_t size() noexcept { return sizeof(T); }
  static constexpr std::uint32_t align() noexcept { return alignof(T); }
  static Read none() noexcept { return Read(); }
  static Read read(const Frame &frame, std::uint32_t at) noexcept {
    return Read(Frame{frame.base, frame.size, at, size()});
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
      const std::uint32_t at = vil_builder->reference(vil_at, sizeof(T), alignof(T));
      return at != 0 ? Target(vil_builder, at) : Target();
    }
  };

  static constexpr std::uint32_t size() noexcept { return sizeof(RefWord); }
  static Read none() noexcept { return Read(); }
  static Read read(const Frame &frame, std::uint32_t at) noexcept {
    const std::uint32_t target = vil::detail::target_of(frame, at, sizeof(T), alignof(T));
    return target != 0 ? Struct<T>::read(frame, target) : none();
  }
  // Whether it leads anywhere.
  static bool leads(const Frame &frame, std::uint32_t at) noexcept {
    return vil::detail::target_of(frame, at, sizeof(T), alignof(T)) != 0;
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
      const std::uint32_t at = vil_builder->reference(vil_at, sizeof(T), alignof(T));
      if (at != 0) vil_builder->store(at, value);
    }
  };

  static constexpr std::uint32_t size() noexcept { return sizeof(RefWord); }
  static Read none() noexcept { return vil::detail::nothing<T>; }
  static Read read(const Frame &frame, std::uint32_t at) noexcept {
    const std::uint32_t target = vil::detail::target_of(frame, at, sizeof(T), alignof(T));
    return target != 0 ? *static_cast<const T *>(static_cast<const void *>(frame.base + target)) : none();
  }
  static bool leads(const Frame &frame, std::uint32_t at) noexcept {
    return vil::detail::target_of(frame, at, sizeof(T), alignof(T)) != 0;
  }
};

}  // namespace kind

// Several of them, as views answer and writers make them. T is the plain struct.
template <typename T>
using Views = List<kind::Struct<T>>;
template <typename T>
using Writers = Places<kind::Struct<T>>;
template <std::uint32_t Bound>
using Texts = List<kind::Str<Bound>>;
template <std::uint32_t Bound>
using TextWriters = Places<kind::Str<Bound>>;

}  // namespace vil

#endif
