// Descriptors that JavaScript knows by their numbers, and what is asked of them.
#ifndef SECCOMP_NATIVE_SOCKETS_H_
#define SECCOMP_NATIVE_SOCKETS_H_

#include <napi.h>

#include <cstdint>
#include <vector>

#include "napi/read_request.h"

namespace seccomp {

// What JavaScript was given by number. A worker can be terminated between any two of its steps, also before it has made
// a stream of a number: what nobody has then is closed with the worker's environment, after the handles of its loop.
class Lent {
 public:
  Lent() = default;
  ~Lent();
  Lent(const Lent&) = delete;
  Lent& operator=(const Lent&) = delete;

  // JavaScript is about to make streams of `sockets`, which are its own from there on. Those before were taken.
  void HandOver(std::vector<Descriptor>* sockets);

  // Closes one that was handed over last, of which JavaScript could make no stream.
  void TakeBack(int fd);

  // Keeps a descriptor until GiveBack; gives its number.
  int Borrow(Descriptor descriptor);
  void GiveBack() { borrowed_.clear(); }

 private:
  struct Socket {
    int fd;
    uint64_t cookie;  // 0: not known.
  };
  std::vector<Socket> handed_over_;
  std::vector<Descriptor> borrowed_;
};

// borrow(pid, fd) → a duplicate of that process's descriptor, or -errno. Linux 5.6, pidfd_getfd(2).
Napi::Value Borrow(const Napi::CallbackInfo& info);

// giveBack(): closes what was borrowed. closeSync of node:fs warns in a worker of a descriptor that it did not open.
void GiveBack(const Napi::CallbackInfo& info);

// takeBack(fd): closes a socket of the last child that was started, of which no stream was made.
void TakeBack(const Napi::CallbackInfo& info);

// endReading(fd) → 0 or an errno. Nothing more can be written at the other end; what was written before can still be
// read, and then the end. shutdown(2), SHUT_RD.
Napi::Value EndReading(const Napi::CallbackInfo& info);

// isListening(fd) → whether listen(2) was called on this socket. False if it is no socket. socket(7), SO_ACCEPTCONN.
Napi::Value IsListening(const Napi::CallbackInfo& info);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_SOCKETS_H_
