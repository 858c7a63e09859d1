// A file descriptor that closes itself.
#ifndef SECCOMP_NATIVE_SYSTEM_DESCRIPTOR_H_
#define SECCOMP_NATIVE_SYSTEM_DESCRIPTOR_H_

#include <unistd.h>

#include <utility>

namespace seccomp {

class Descriptor {
 public:
  // -1: no descriptor.
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.Release()) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      Close();
      fd_ = other.Release();
    }
    return *this;
  }
  ~Descriptor() { Close(); }

  int get() const { return fd_; }
  // Gives up ownership: the caller closes the descriptor.
  int Release() { return std::exchange(fd_, -1); }

 private:
  void Close() const {
    if (fd_ >= 0) close(fd_);
  }

  int fd_;
};

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_SYSTEM_DESCRIPTOR_H_
