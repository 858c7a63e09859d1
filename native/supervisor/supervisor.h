// The threads that serve the listeners of this process: one for all, and those of listeners with many calls.
#ifndef SECCOMP_NATIVE_SUPERVISOR_H_
#define SECCOMP_NATIVE_SUPERVISOR_H_

#include <sys/epoll.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>

#include "supervisor/listener.h"

namespace seccomp {

class Supervisor {
 public:
  // Never destroyed: its threads go on while the process ends. Calls that wait then get ENOSYS from the kernel.
  static Supervisor& Get();

  // Serves the listener until all that have its filter are gone.
  Failure Serve(std::shared_ptr<Listener> listener);
  // Denies what an environment that ends was asked.
  void DenyAskedOf(const Inbox* inbox);

 private:
  Supervisor() = default;
  Failure Start();
  [[noreturn]] void Run();
  void ServeEvent(const epoll_event& event, Received* received);
  void GiveThread(const std::shared_ptr<Listener>& listener);
  void RunAlone(const std::shared_ptr<Listener>& listener);
  std::shared_ptr<Listener> Find(uint64_t id);
  void Remove(const std::shared_ptr<Listener>& listener);
  bool Watch(int operation, const Listener& listener);

  // Listeners with threads of their own.
  std::atomic<int> alone_{0};

  std::mutex mutex_;
  Descriptor epoll_;
  std::map<uint64_t, std::shared_ptr<Listener>> listeners_;
};

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_SUPERVISOR_H_
