// When a port verifies the relative messages that arrive.
#ifndef VIL_VERIFY_HPP
#define VIL_VERIFY_HPP

#include <cstdint>

namespace vil {

// As the port's routes say it; where they differ, as the strictest does. Views need no verified message: what does not fit
// into it reads as nothing. Verified, what does not fit is refused as a whole: e_message.
enum class Verify : std::uint8_t {
  never,
  // Each route's messages until one was sound.
  first,
  always
};

namespace detail {

// Which messages of a port are still to be verified.
class Doubt {
 public:
  explicit Doubt(Verify when) noexcept : when_(when) {}

  // Whether one that came by this route of the world is. Of routes from the 64th on, `first` remembers nothing.
  [[nodiscard]] bool about(std::uint32_t route) const noexcept {
    if (when_ != Verify::first) return when_ == Verify::always;
    return route >= 64 || (sound_ >> route & 1) == 0;
  }

  // One of this route was sound.
  void clear(std::uint32_t route) noexcept {
    if (route < 64) sound_ |= UINT64_C(1) << route;
  }

 private:
  std::uint64_t sound_ = 0;
  Verify when_;
};

}  // namespace detail
}  // namespace vil

#endif
