// File descriptors that close themselves.
#pragma once

#include <errno.h>
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
  // Keeps errno: a filter on this process may deny close(2).
  void Close() const {
    if (fd_ < 0) return;
    const int error = errno;
    close(fd_);
    errno = error;
  }

  int fd_;
};

// A descriptor that this process keeps from its children: with it, one could give itself or another what it may not
// have. A caller can name one without meaning it, by the number of a descriptor that it has closed.
class PrivateDescriptor {
 public:
  PrivateDescriptor() = default;
  explicit PrivateDescriptor(Descriptor descriptor) : descriptor_(std::move(descriptor)) { Register(); }
  PrivateDescriptor(PrivateDescriptor&& other) noexcept = default;
  PrivateDescriptor(const PrivateDescriptor&) = delete;
  PrivateDescriptor& operator=(const PrivateDescriptor&) = delete;
  PrivateDescriptor& operator=(PrivateDescriptor&& other) noexcept {
    if (this != &other) {
      Unregister();
      descriptor_ = std::move(other.descriptor_);
    }
    return *this;
  }
  ~PrivateDescriptor() { Unregister(); }

  int get() const { return descriptor_.get(); }

 private:
  void Register() const;
  // Before the descriptor is closed: another thread can get its number then.
  void Unregister() const;

  Descriptor descriptor_;
};

// Whether a PrivateDescriptor of this process has this number, on any thread.
bool IsPrivate(int descriptor);

}  // namespace seccomp
