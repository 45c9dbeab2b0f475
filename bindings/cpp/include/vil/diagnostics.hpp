// Diagnostics: everything that is wrong with a program.
#ifndef VIL_DIAGNOSTICS_HPP
#define VIL_DIAGNOSTICS_HPP

#include <cstdint>
#include <string_view>
#include <utility>

#include "vil/result.hpp"

namespace vil {

// Owns what was found; move-only. The texts of a diagnostic live as long as this.
class Diagnostics {
 public:
  // Finds all that is wrong with a program; Program::parse takes what has no error in it.
  static Result<Diagnostics> parse(std::string_view json) noexcept {
    vil_diagnostics_t *diagnostics = nullptr;
    vil_error_t error{};
    const vil_status_t status = vil_diagnostics_parse(json.data(), json.size(), &diagnostics, &error);
    if (status != VIL_OK) return detail::error_of(status, error);
    return Diagnostics(diagnostics);
  }

  Diagnostics(Diagnostics &&other) noexcept
      : diagnostics_(std::exchange(other.diagnostics_, nullptr)), errors_(other.errors_), count_(other.count_) {}
  Diagnostics &operator=(Diagnostics &&other) noexcept {
    std::swap(diagnostics_, other.diagnostics_);
    std::swap(errors_, other.errors_);
    std::swap(count_, other.count_);
    return *this;
  }
  Diagnostics(const Diagnostics &) = delete;
  Diagnostics &operator=(const Diagnostics &) = delete;
  ~Diagnostics() {
    if (diagnostics_ != nullptr) (void)vil_diagnostics_close(diagnostics_);
  }

  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }

  // How many of them refuse the program.
  [[nodiscard]] std::uint32_t errors() const noexcept { return errors_; }

  // 0 to count() - 1, in the order of the text.
  [[nodiscard]] Result<vil_diagnostic_t, Status> get(std::uint32_t index) const noexcept {
    vil_diagnostic_t out{};
    out.struct_size = sizeof out;
    const vil_status_t status = vil_diagnostics_get(diagnostics_, index, &out);
    if (status != VIL_OK) return static_cast<Status>(status);
    return out;
  }

 private:
  explicit Diagnostics(vil_diagnostics_t *diagnostics) noexcept : diagnostics_(diagnostics) {
    (void)vil_diagnostics_count(diagnostics_, &errors_, &count_);
  }

  vil_diagnostics_t *diagnostics_;
  std::uint32_t errors_ = 0;
  std::uint32_t count_ = 0;
};

}  // namespace vil

#endif
