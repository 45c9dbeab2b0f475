// When a port verifies the relative messages that arrive.
#ifndef VIL_VERIFY_HPP
#define VIL_VERIFY_HPP

#include <cstdint>

#include "vil/vil.h"

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

// Verifies the messages of a port, as it is asked to.
class Verifier {
 public:
  explicit Verifier(Verify when) noexcept : when_(when) {}

  // One that came by this route of the world; VIL_OK also where it is not looked at.
  vil_status_t look(const std::uint32_t *descriptor, const vil_message_t &message) noexcept {
    switch (when_) {
      case Verify::always: return vil_msg_verify(descriptor, message.data, message.size, nullptr);
      case Verify::first: return vil_msg_verify_first(descriptor, message.data, message.size, message.route, &sound_);
      case Verify::never: break;
    }
    return VIL_OK;
  }

 private:
  std::uint64_t sound_ = 0;
  Verify when_;
};

}  // namespace detail
}  // namespace vil

#endif
