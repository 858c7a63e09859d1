// Keeps this process's signal handlers from running on the thread that replaces the process.
#pragma once

namespace seccomp {

// A scope in which the calling thread, and a thread that shares its thread-local storage, defer signals: if the
// disposition of a signal is a handler, the arrival of the signal is only recorded. At the end of the scope it is sent
// to this process again. On other threads the handlers run as before. Ignored signals are neither recorded nor passed
// on, but do have a handler, so that execve(2) gives every signal its default disposition.
//
// SIGSEGV and other signals by which the kernel reports a fault are not deferred, since the fault would recur.
//
// Scopes of different threads wait for each other, since threads share their dispositions.
class DeferredSignals {
 public:
  DeferredSignals();
  ~DeferredSignals();
  DeferredSignals(const DeferredSignals&) = delete;
  DeferredSignals& operator=(const DeferredSignals&) = delete;
};

}  // namespace seccomp
