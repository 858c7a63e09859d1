// The addon's own threads. Each has a name and blocks all signals but libc's own, so that Node's threads handle them.
#pragma once

#include <functional>

namespace seccomp {

// Runs `run` on a detached thread with this name, which has at most 15 characters. Returns 0 or an errno.
int StartThread(const char* name, std::function<void()> run);

// Interrupts blocking system calls of the thread that creates the object; the calls then fail with EINTR. A timer sends
// a signal again and again, since a single signal may arrive just before the call. It is a real-time signal that had
// the default disposition. If there is none, nothing is interrupted.
class Interruption {
 public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  // Sends the signal every `milliseconds` from now on. Any thread may call this.
  void Every(int milliseconds) const;

 private:
  int timer_ = -1;
};

}  // namespace seccomp
