// Why a cold call (open, create, parse) did not succeed: its status and the sentence libvil wrote about it.
#ifndef VIL_ERROR_HPP
#define VIL_ERROR_HPP

#include <cstddef>

#include "vil/status.hpp"

namespace vil {

// Holds its text in place: making one allocates nothing and cannot fail.
class Error {
 public:
  explicit Error(const vil_error_t &raw) noexcept : raw_(raw) {}

  // For answers that come without a text; `text` is cut at what fits.
  explicit Error(Status status, const char *text = nullptr) noexcept : raw_{} {
    raw_.status = code(status);
    const char *from = text != nullptr ? text : name(status);
    for (std::size_t i = 0; i + 1 < sizeof raw_.message && from[i] != '\0'; ++i) raw_.message[i] = from[i];
  }

  [[nodiscard]] Status status() const noexcept { return static_cast<Status>(raw_.status); }

  // UTF-8, NUL-terminated, lives as long as this object.
  [[nodiscard]] const char *message() const noexcept { return raw_.message; }

 private:
  vil_error_t raw_;
};

namespace detail {

// A cold call fills `raw` when it answers below 0; a benign answer leaves it alone.
inline Error error_of(vil_status_t status, const vil_error_t &raw) noexcept {
  return status < 0 && raw.message[0] != '\0' ? Error(raw) : Error(static_cast<Status>(status));
}

}  // namespace detail
}  // namespace vil

#endif
