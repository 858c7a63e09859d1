// A scope in which a thread receives no signal.
#pragma once

namespace seccomp {

enum class Signals {
  kAll,
  // Not those that libc reserves for itself. setuid(3) and its kin hold locks of libc until each thread of the process
  // has handled one, so a thread that blocks them must not wait for another, and create and join none.
  kButThoseOfLibc,
};

// Blocks signals of the calling thread, and restores the mask at the end of the scope.
class SignalsBlocked {
 public:
  explicit SignalsBlocked(Signals signals = Signals::kAll);
  ~SignalsBlocked();
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

  // 0, or the errno for which nothing was blocked.
  int error() const { return error_; }
  // Whether libc waits for this thread.
  static bool IsLibcWaiting();

 private:
  unsigned long saved_[2] = {};
  int error_ = 0;
};

}  // namespace seccomp
