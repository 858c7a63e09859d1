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
  void ServeEvents();
  void ServeBusy();
  void MakeBusy(const std::shared_ptr<Listener>& listener);
  bool Watch(int operation, const Listener& listener);
  int EndDoomed();

  // The thread's own, as all that follows.
  //
  // Listeners that had the most calls lately are polled by themselves, not through epoll: a wakeup through epoll
  // forgets that the caller waits and its CPU is free (SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP), and costs twice as much.
  static constexpr size_t kMostBusy = 4;
  std::vector<std::shared_ptr<Listener>> busy_;
  size_t next_busy_ = 0;
  std::unique_ptr<Received> received_;
  std::vector<Descriptor> ending_;

  // A process that was sent SIGSYS, and when it is sent SIGKILL if it is still there.
  struct Doomed {
    Descriptor process;
    std::chrono::steady_clock::time_point due;
  };
  std::vector<Doomed> doomed_;

  std::mutex mutex_;
  Descriptor epoll_;
  std::map<uint64_t, std::shared_ptr<Listener>> listeners_;
};

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_SUPERVISOR_H_
