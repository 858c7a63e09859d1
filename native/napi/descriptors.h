// Descriptors of which JavaScript has the numbers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "system/descriptor.h"

namespace seccomp {

// The descriptors that were passed to the JavaScript of one environment. A worker can be terminated before it has made
// a stream of a descriptor, which then has no owner. The destructor closes such descriptors. It runs when the worker's
// environment ends, after the handles of the worker's event loop are closed.
class LentDescriptors {
 public:
  LentDescriptors() = default;
  ~LentDescriptors();
  LentDescriptors(const LentDescriptors&) = delete;
  LentDescriptors& operator=(const LentDescriptors&) = delete;

  // Gives up `sockets`, of which JavaScript makes streams next. JavaScript has already made streams of all sockets of
  // earlier calls, so these are forgotten.
  void HandOver(std::vector<Descriptor>* sockets);

  // Closes one of the sockets of the last call of HandOver, because JavaScript could not make a stream of it.
  void CloseSocket(int fd);

  // Makes the socket of a handover, and returns the number of the end that the launcher gets, or -errno.
  int OpenHandover();

  // Waits for what the launcher hands over: a descriptor, which is kept until CloseReceived, and a text. Returns the
  // number of the descriptor, or -errno; -ECONNRESET: the launcher has ended without handing anything over.
  int Receive(std::string* text);
  void CloseReceived() { received_.clear(); }

 private:
  struct Socket {
    int fd;
    uint64_t cookie;  // 0: unknown.
  };
  std::vector<Socket> handed_over_;
  Descriptor handover_, launchers_end_;
  std::vector<Descriptor> received_;
};

}  // namespace seccomp
