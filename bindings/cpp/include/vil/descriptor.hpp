// A message's descriptor: what is needed to verify it, to copy it out of memory that others change, to show it as JSON.
#ifndef VIL_DESCRIPTOR_HPP
#define VIL_DESCRIPTOR_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "vil/status.hpp"
#include "vil/vil.h"

namespace vil {

// How JSON is written.
enum class Json : std::uint32_t { compact = VIL_JSON_COMPACT, pretty = VIL_JSON_PRETTY };

// A view of words that generated code carries; they outlive it. Where a call answers Status::e_message, `fault` says which
// rule is broken where; it may be null. Where it answers Status::e_limit, `size` says how much room there must be.
class Descriptor {
 public:
  explicit constexpr Descriptor(const std::uint32_t *words) noexcept : words_(words) {}

  [[nodiscard]] Status verify(const void *data, std::size_t size, vil_msg_fault_t *fault = nullptr) const noexcept {
    return static_cast<Status>(vil_msg_verify(words_, data, size, fault));
  }

  // Copies a message that others may be changing and verifies the copy.
  [[nodiscard]] Status snapshot(const void *data, std::size_t data_size, void *copy, std::size_t capacity,
                                std::size_t &size, vil_msg_fault_t *fault = nullptr) const noexcept {
    return static_cast<Status>(vil_msg_snapshot(words_, data, data_size, copy, capacity, &size, fault));
  }

  // With a NUL behind the text, which `size` does not count.
  [[nodiscard]] Status to_json(const void *data, std::size_t data_size, Json style, char *text, std::size_t capacity,
                               std::size_t &size, vil_msg_fault_t *fault = nullptr) const noexcept {
    const auto how = static_cast<std::uint32_t>(style);
    return static_cast<Status>(vil_msg_to_json(words_, data, data_size, how, text, capacity, &size, fault));
  }

  [[nodiscard]] Status from_json(std::string_view text, void *data, std::size_t capacity, std::size_t &size,
                                 vil_msg_fault_t *fault = nullptr) const noexcept {
    return static_cast<Status>(vil_msg_from_json(words_, text.data(), text.size(), data, capacity, &size, fault));
  }

 private:
  const std::uint32_t *words_;
};

}  // namespace vil

#endif
