// Result<T, E>: a T, or the reason why there is none. Never throws, never allocates, builds with -fno-exceptions.
#ifndef VIL_RESULT_HPP
#define VIL_RESULT_HPP

#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

#include "vil/error.hpp"

namespace vil {
namespace detail {

constexpr Status status_of(Status status) noexcept { return status; }
inline Status status_of(const Error &error) noexcept { return error.status(); }

}  // namespace detail

// Cold calls answer Result<T> with an Error and its sentence; hot calls answer Result<T, Status>.
// Asking for the value of an error, or for the error of a value, is a fault of the program: std::abort.
template <typename T, typename E = Error>
class [[nodiscard]] Result {
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_constructible_v<E>);
  static_assert(!std::is_same_v<T, E>);

 public:
  Result(T value) noexcept : has_value_(true) { ::new (static_cast<void *>(&value_)) T(std::move(value)); }
  Result(E error) noexcept : has_value_(false) { ::new (static_cast<void *>(&error_)) E(std::move(error)); }
  // A value that is made where it stays.
  template <typename... Args>
  explicit Result(std::in_place_t, Args &&...args) noexcept : has_value_(true) {
    static_assert(std::is_nothrow_constructible_v<T, Args...>);
    ::new (static_cast<void *>(&value_)) T(std::forward<Args>(args)...);
  }
  Result(Result &&other) noexcept : has_value_(other.has_value_) { take(std::move(other)); }

  Result &operator=(Result &&other) noexcept {
    if (this != &other) {
      clear();
      has_value_ = other.has_value_;
      take(std::move(other));
    }
    return *this;
  }

  // An answer that turns out to be an error, without a second Result beside it.
  Result &operator=(E error) noexcept {
    clear();
    has_value_ = false;
    ::new (static_cast<void *>(&error_)) E(std::move(error));
    return *this;
  }

  Result(const Result &) = delete;
  Result &operator=(const Result &) = delete;
  ~Result() { clear(); }

  [[nodiscard]] bool has_value() const noexcept { return has_value_; }
  explicit operator bool() const noexcept { return has_value_; }

  // Status::ok when there is a value.
  [[nodiscard]] Status status() const noexcept { return has_value_ ? Status::ok : detail::status_of(error_); }

  [[nodiscard]] T &value() & noexcept { return need(has_value_), value_; }
  [[nodiscard]] const T &value() const & noexcept { return need(has_value_), value_; }
  [[nodiscard]] T &&value() && noexcept { return need(has_value_), std::move(value_); }
  [[nodiscard]] const E &error() const noexcept { return need(!has_value_), error_; }

  [[nodiscard]] T &operator*() & noexcept { return value(); }
  [[nodiscard]] const T &operator*() const & noexcept { return value(); }
  [[nodiscard]] T &&operator*() && noexcept { return std::move(*this).value(); }
  [[nodiscard]] T *operator->() noexcept { return std::addressof(value()); }
  [[nodiscard]] const T *operator->() const noexcept { return std::addressof(value()); }

 private:
  static void need(bool holds) noexcept {
    if (!holds) std::abort();
  }

  void take(Result &&other) noexcept {
    if (has_value_) {
      ::new (static_cast<void *>(&value_)) T(std::move(other.value_));
    } else {
      ::new (static_cast<void *>(&error_)) E(std::move(other.error_));
    }
  }

  void clear() noexcept {
    if (has_value_) {
      value_.~T();
    } else {
      error_.~E();
    }
  }

  union {
    T value_;
    E error_;
  };
  bool has_value_;
};

// Done, or the reason why not.
template <typename E>
class [[nodiscard]] Result<void, E> {
 public:
  Result() noexcept = default;
  Result(E error) noexcept : error_(std::move(error)) {}

  [[nodiscard]] bool has_value() const noexcept { return !error_.has_value(); }
  explicit operator bool() const noexcept { return has_value(); }
  [[nodiscard]] Status status() const noexcept { return error_ ? detail::status_of(*error_) : Status::ok; }

  [[nodiscard]] const E &error() const noexcept {
    if (!error_) std::abort();
    return *error_;
  }

 private:
  std::optional<E> error_;
};

namespace detail {

// The answer of a C call that gives back nothing but its status.
inline Result<void, Status> done(vil_status_t status) noexcept {
  if (status == VIL_OK) return {};
  return static_cast<Status>(status);
}

}  // namespace detail
}  // namespace vil

#endif
