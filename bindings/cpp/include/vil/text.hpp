// What a string in a message may hold: UTF-8 without NUL.
#ifndef VIL_TEXT_HPP
#define VIL_TEXT_HPP

#include <cstddef>
#include <string_view>

namespace vil {
namespace detail {

// Bytes of the letter that begins here; 0 when none does: NUL, a stray or missing tail, a letter written longer than it
// needs, a surrogate, or one above U+10FFFF.
constexpr std::size_t letter(std::string_view text, std::size_t from) noexcept {
  const auto byte = [text, from](std::size_t at) -> unsigned {
    return from + at < text.size() ? static_cast<unsigned char>(text[from + at]) : 0u;
  };
  const auto tail = [byte](std::size_t at, unsigned low = 0x80, unsigned high = 0xbf) {
    return byte(at) >= low && byte(at) <= high;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return first != 0 ? 1 : 0;
  if (first < 0xc2) return 0;
  if (first < 0xe0) return tail(1) ? 2 : 0;
  if (first < 0xf0) return tail(1, first == 0xe0 ? 0xa0 : 0x80, first == 0xed ? 0x9f : 0xbf) && tail(2) ? 3 : 0;
  if (first > 0xf4) return 0;
  return tail(1, first == 0xf0 ? 0x90 : 0x80, first == 0xf4 ? 0x8f : 0xbf) && tail(2) && tail(3) ? 4 : 0;
}

// Whether a string may stand in a message.
constexpr bool is_text(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = letter(text, at);
    if (size == 0) return false;
    at += size;
  }
  return true;
}

}  // namespace detail
}  // namespace vil

#endif
