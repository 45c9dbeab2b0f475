// Diffs: whether one program still holds what another one promised.
#ifndef VIL_DIFF_HPP
#define VIL_DIFF_HPP

#include <cstdint>
#include <utility>

#include "vil/program.hpp"
#include "vil/result.hpp"

namespace vil {

// What is compared; each level includes those before it.
enum class Level : std::uint32_t {
  layout = VIL_LEVEL_LAYOUT,
  source = VIL_LEVEL_SOURCE,
  semantic = VIL_LEVEL_SEMANTIC,
};

// How the new one stands to the old one.
enum class Verdict : std::uint32_t {
  equivalent = VIL_VERDICT_EQUIVALENT,
  newer = VIL_VERDICT_NEWER,
  older = VIL_VERDICT_OLDER,
  incompatible = VIL_VERDICT_INCOMPATIBLE,
};

// Owns what differs; move-only. The texts of a finding live as long as this.
class Diff {
 public:
  static Result<Diff> between(const Program &old_program, const Program &new_program, Level level) noexcept {
    vil_diff_t *diff = nullptr;
    vil_error_t error{};
    const std::uint32_t raw = static_cast<std::uint32_t>(level);
    const vil_status_t status = vil_diff_create(old_program.get(), new_program.get(), raw, &diff, &error);
    if (status != VIL_OK) return detail::error_of(status, error);
    return Diff(diff);
  }

  Diff(Diff &&other) noexcept
      : diff_(std::exchange(other.diff_, nullptr)), verdict_(other.verdict_), count_(other.count_) {}
  Diff &operator=(Diff &&other) noexcept {
    std::swap(diff_, other.diff_);
    std::swap(verdict_, other.verdict_);
    std::swap(count_, other.count_);
    return *this;
  }
  Diff(const Diff &) = delete;
  Diff &operator=(const Diff &) = delete;
  ~Diff() {
    if (diff_ != nullptr) (void)vil_diff_close(diff_);
  }

  // Of all findings together.
  [[nodiscard]] Verdict verdict() const noexcept { return static_cast<Verdict>(verdict_); }

  // Findings.
  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }

  // 0 to count() - 1.
  [[nodiscard]] Result<vil_finding_t, Status> finding(std::uint32_t index) const noexcept {
    vil_finding_t out{};
    out.struct_size = sizeof out;
    const vil_status_t status = vil_diff_finding(diff_, index, &out);
    if (status != VIL_OK) return static_cast<Status>(status);
    return out;
  }

 private:
  explicit Diff(vil_diff_t *diff) noexcept : diff_(diff) { (void)vil_diff_verdict(diff_, &verdict_, &count_); }

  vil_diff_t *diff_;
  std::uint32_t verdict_ = VIL_VERDICT_INCOMPATIBLE;
  std::uint32_t count_ = 0;
};

}  // namespace vil

#endif
