// How long a call may wait.
#ifndef VIL_TIMEOUT_HPP
#define VIL_TIMEOUT_HPP

#include <chrono>
#include <cstdint>

#include "vil/vil.h"

namespace vil {

// As a timeout: wait until something happens.
inline constexpr std::chrono::nanoseconds forever = std::chrono::nanoseconds::max();

namespace detail {

constexpr std::uint64_t timeout_ns(std::chrono::nanoseconds timeout) noexcept {
  if (timeout == forever) return VIL_FOREVER;
  return timeout.count() > 0 ? static_cast<std::uint64_t>(timeout.count()) : 0;
}

}  // namespace detail

}  // namespace vil

#endif
