// A thread for work that another process can make wait.
#pragma once

#include <functional>
#include <memory>

#include "system/descriptor.h"

namespace seccomp {

// Reading the memory of another process, and closing a file that it has made, take as long as that process wants: its
// memory can be a file of a file system of its own, and its socket can linger. Work like this is done by a Worker, of
// which there is one for each process or peer that others must not wait for. Its thread may never come back: then what
// waits for it gives up, the work stays undone, and nothing else is harmed.
//
// What a function of work uses must be its own: it may run after the caller has given up.
class Worker {
 public:
  // The longest time that Run waits, in milliseconds.
  static constexpr int kPatience = 50;

  Worker();
  // The thread ends when all work is done.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Starts the thread, which then waits for work as long as this object lives: for work that must not fail later for
  // want of a thread. Returns 0 or an errno.
  int Start();

  // Does the work, and returns 0; ETIMEDOUT: it is not done in time, or earlier work is not; or the errno with which
  // no thread could be started. Work that has not begun is not done any more.
  // All runs of a second together wait no longer than kPatience, not counting those of less than a millisecond; after
  // that, for a tenth of the time, each for a millisecond at most. Time in which processors are lacking does not count,
  // up to ten times kPatience.
  int Run(std::function<void()> work);

  // Does the work some time.
  void Post(std::function<void()> work);

  // Closes a descriptor that another process may have made.
  void Close(Descriptor descriptor);

 private:
  struct State;
  const std::shared_ptr<State> state_;
};

}  // namespace seccomp
