// Threads of this process's own: named, and without the signals that are Node's.
#ifndef SECCOMP_NATIVE_THREADS_H_
#define SECCOMP_NATIVE_THREADS_H_

#include <functional>

namespace seccomp {

// Runs `run` on a detached thread with this name, of at most 15 characters. Gives 0 or an errno.
int StartThread(const char* name, std::function<void()> run);

// Interrupts blocking system calls of the thread that makes it, which then fail with EINTR: by a timer of its own,
// since a single signal may arrive just before the call. Uses a real-time signal that nobody else has a handler for; if
// there is none, it interrupts nothing.
class Interruption {
 public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  // For any thread: from now on, once every so many milliseconds.
  void Every(int milliseconds) const;

 private:
  int timer_ = -1;
};

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_THREADS_H_
