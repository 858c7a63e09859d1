// A scope in which a thread receives no signal.
#ifndef SECCOMP_NATIVE_SYSTEM_SIGNALS_BLOCKED_H_
#define SECCOMP_NATIVE_SYSTEM_SIGNALS_BLOCKED_H_

namespace seccomp {

// Blocks every signal of the calling thread, including those that libc reserves for itself, and restores the mask at
// the end of the scope.
class SignalsBlocked {
 public:
  SignalsBlocked();
  ~SignalsBlocked();
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

  // 0, or the errno for which nothing was blocked.
  int error() const { return error_; }

 private:
  unsigned long saved_[2] = {};
  int error_ = 0;
};

// Lets the calling thread receive the signals that libc reserves for itself. setuid(3) and its kin wait until each
// thread of the process has handled one, so a thread that blocks them longer than for a moment would stop the process.
void ReceiveSignalsOfLibc();

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_SYSTEM_SIGNALS_BLOCKED_H_
