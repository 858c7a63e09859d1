#pragma once

#include <array>
#include <cstddef>

namespace seccomp {

// A number that is not negative, in decimal. It allocates nothing and makes no system call.
class Digits {
 public:
  explicit Digits(int number) {
    do {
      digits_[--first_] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number > 0);
  }
  const char* text() const { return &digits_[first_]; }
  size_t size() const { return digits_.size() - 1 - first_; }

 private:
  std::array<char, 12> digits_ = {};  // The last one stays NUL.
  size_t first_ = 11;
};

}  // namespace seccomp
