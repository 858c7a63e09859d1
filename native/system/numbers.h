// Numbers in the texts of the kernel, such as /proc/PID/status.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace seccomp {

// Removes the blanks at the beginning of `text` and the number that follows them, and returns the number. Returns
// nullopt, and leaves the number, if there is none or it is too large.
template <typename Number = uint64_t>
std::optional<Number> TakeNumber(std::string_view* text, int base = 10) {
  while (!text->empty() && (text->front() == ' ' || text->front() == '\t')) text->remove_prefix(1);
  Number number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number, base);
  if (error != std::errc()) return std::nullopt;
  text->remove_prefix(static_cast<size_t>(end - text->data()));
  return number;
}

// Removes a character at the beginning of `text`. Returns false if `text` begins with another.
inline bool TakeCharacter(std::string_view* text, char character) {
  if (text->empty() || text->front() != character) return false;
  text->remove_prefix(1);
  return true;
}

}  // namespace seccomp
