// Descriptors that JavaScript uses by their numbers.
#ifndef SECCOMP_NATIVE_NAPI_DESCRIPTORS_H_
#define SECCOMP_NATIVE_NAPI_DESCRIPTORS_H_

#include <napi.h>

#include <cstdint>
#include <vector>

#include "system/descriptor.h"

namespace seccomp {

// The descriptors that JavaScript of one environment was given. A worker can be terminated before it has made a stream
// of a number. Descriptors that nobody owns then are closed with the worker's environment, after the handles of its
// loop.
class LentDescriptors {
 public:
  LentDescriptors() = default;
  ~LentDescriptors();
  LentDescriptors(const LentDescriptors&) = delete;
  LentDescriptors& operator=(const LentDescriptors&) = delete;

  // Gives up `sockets`, of which JavaScript is about to make streams. It has done so for all that were given up before.
  void HandOver(std::vector<Descriptor>* sockets);

  // Closes one of the sockets that were given up last, of which JavaScript could make no stream.
  void TakeBack(int fd);

  // Keeps a descriptor until CloseBorrowed, and returns its number.
  int Borrow(Descriptor descriptor);
  void CloseBorrowed() { borrowed_.clear(); }

 private:
  struct Socket {
    int fd;
    uint64_t cookie;  // 0: unknown.
  };
  std::vector<Socket> handed_over_;
  std::vector<Descriptor> borrowed_;
};

// borrow(pid, fd) → a duplicate of a descriptor of another process, or -errno. Linux 5.6, pidfd_getfd(2).
Napi::Value Borrow(const Napi::CallbackInfo& info);

// giveBack(): closes what was borrowed. A worker cannot do that by closeSync of node:fs, which warns about descriptors
// that it did not open.
void GiveBack(const Napi::CallbackInfo& info);

// takeBack(fd): closes a socket of the child that was started last, of which no stream could be made.
void TakeBack(const Napi::CallbackInfo& info);

// endReading(fd) → 0 or an errno. The other end can write nothing more; what it wrote before can still be read,
// followed by the end. shutdown(2), SHUT_RD.
Napi::Value EndReading(const Napi::CallbackInfo& info);

// isListening(fd) → whether the descriptor is a socket on which listen(2) was called. socket(7), SO_ACCEPTCONN.
Napi::Value IsListening(const Napi::CallbackInfo& info);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_NAPI_DESCRIPTORS_H_
