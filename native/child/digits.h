#pragma once

#include <string.h>

#include <array>
#include <charconv>
#include <cstddef>

namespace seccomp {

// A number that is not negative, in decimal. It allocates nothing and makes no system call.
class Digits {
 public:
  explicit Digits(int number) { std::to_chars(digits_.data(), digits_.data() + digits_.size() - 1, number); }
  const char* text() const { return digits_.data(); }
  size_t size() const { return strlen(text()); }

 private:
  std::array<char, 12> digits_ = {};  // The last one stays NUL.
};

}  // namespace seccomp
