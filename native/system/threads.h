// Threads of the addon itself: named, and with all signals blocked, which are Node's to handle.
#ifndef SECCOMP_NATIVE_SYSTEM_THREADS_H_
#define SECCOMP_NATIVE_SYSTEM_THREADS_H_

#include <functional>

namespace seccomp {

// Runs `run` on a detached thread with this name, which has at most 15 characters. Returns 0 or an errno.
int StartThread(const char* name, std::function<void()> run);

// Interrupts blocking system calls of the thread that creates it; they then fail with EINTR. A timer sends the signal
// again and again, since a single one may arrive just before the call. The signal is a real-time signal that has no
// handler yet. If all have one, nothing is interrupted.
class Interruption {
 public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  // From now on, sends the signal once in `milliseconds`. Any thread may call this.
  void Every(int milliseconds) const;

 private:
  int timer_ = -1;
};

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_SYSTEM_THREADS_H_
