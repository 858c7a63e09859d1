// The thread that serves all listeners of this process.
#ifndef SECCOMP_NATIVE_SUPERVISOR_H_
#define SECCOMP_NATIVE_SUPERVISOR_H_

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "listener.h"

namespace seccomp {

class Supervisor {
 public:
  // Never destroyed: its thread goes on while the process ends. Calls that wait then get ENOSYS from the kernel.
  static Supervisor& Get();

  // Serves the listener until all that have its filter are gone.
  Failure Serve(std::shared_ptr<Listener> listener);
  // Denies what an environment that ends was asked.
  void DenyAskedOf(const Inbox* inbox);

 private:
  Supervisor() = default;
  Failure Start();
  [[noreturn]] void Run();
  std::shared_ptr<Listener> Find(uint64_t id);
  void Remove(const std::shared_ptr<Listener>& listener);
  int EndDoomed();

  // A process that was sent SIGSYS, and when it is sent SIGKILL if it is still there.
  struct Doomed {
    Descriptor process;
    std::chrono::steady_clock::time_point due;
  };
  std::vector<Doomed> doomed_;  // The thread's own.

  std::mutex mutex_;
  Descriptor epoll_;
  std::map<uint64_t, std::shared_ptr<Listener>> listeners_;
};

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_SUPERVISOR_H_
