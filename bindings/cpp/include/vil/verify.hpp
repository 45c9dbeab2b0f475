// When a port verifies the relative messages that arrive.
#ifndef VIL_VERIFY_HPP
#define VIL_VERIFY_HPP

#include <cstdint>

namespace vil {

// As the routes say it; where they differ, as the strictest does. Views need no verified message: what does not fit into it
// reads as nothing. Verified, what does not fit is refused as a whole: e_message.
enum class Verify : std::uint8_t {
  never,
  // Until one was right.
  first,
  always
};

}  // namespace vil

#endif
