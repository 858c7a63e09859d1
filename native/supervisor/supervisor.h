// The threads that serve the listeners of this process: a few for all of them, and one for each listener with many
// calls. Serving a call may take as long as the notified process wants, whose memory is read: so one more thread always
// waits. A listener whose calls all wait for JavaScript is served by JavaScript's thread
// (napi/notify/mailbox_reader.h), which passes it to the Supervisor when it stops reading mail.
//
// Lock order. A thread that holds one of these locks takes only locks further down, and never two of one kind:
//   Connector::mutex_    starts connections; held while a failed start is reported to the mailbox
//   Supervisor::mutex_   the table of listeners; no other lock is taken under it
//   Listener::mutex_     calls that wait for JavaScript; held while an answer is sent and a connection is ended
//   Connection::mutex_   the state of a connection; no other lock is taken under it
//   Worker's mutex       work that notified processes can make wait; never held while it is done
//   CallKinds::mutex_    counts; never held while /proc is read, so JavaScript's thread does not wait for that
//   Mailbox::wake_mutex_ held while the reader is woken up
//   Mailbox::mutex_      mail
// The locks of the abandoned children (child_handle.cc) and of the dumpable flag (dumpable.cc) are taken while no other
// lock is held, and no lock is taken under them.
#pragma once

#include <sys/epoll.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "supervisor/listener.h"
#include "system/failure.h"

namespace seccomp {

// A thread that waits for its listener. Without one when it is destroyed, it ends.
class ReadyThread {
 public:
  using Serve = std::function<void(const std::shared_ptr<Listener>&)>;
  ReadyThread() = default;
  ~ReadyThread() { Give(nullptr); }
  ReadyThread(const ReadyThread&) = delete;
  ReadyThread& operator=(const ReadyThread&) = delete;

  // Returns 0 or an errno.
  int Start(const char* name, Serve serve);
  bool is_started() const { return place_ != nullptr; }
  void Give(std::shared_ptr<Listener> listener);

 private:
  struct Place {
    std::mutex mutex;
    std::condition_variable is_given;
    std::optional<std::shared_ptr<Listener>> listener;
  };
  std::shared_ptr<Place> place_;
};

class Supervisor {
 public:
  // Never destroyed: its threads go on while the process ends. When the process has ended, the kernel makes waiting
  // calls fail with ENOSYS.
  static Supervisor& Get();

  // Starts the threads that will serve a listener: before its program, which must not have begun if there can be none.
  // `thread` is for Serve.
  Failure Prepare(const Supervision& supervision, ReadyThread* thread);
  // Serves the listener until all processes with its filter have ended.
  Failure Serve(std::shared_ptr<Listener> listener, ReadyThread* thread);
  Failure Serve(std::shared_ptr<Listener> listener);
  // Denies the calls that wait for answers from the reader of `mailbox`. To be called after Mailbox::Close.
  void DenyCallsOf(const Mailbox* mailbox);

 private:
  Supervisor() = default;
  Failure Start();
  int StartShared();
  void Run();
  void ServeEvent(const epoll_event& event, Notification* notification);
  // Moves the listener to a thread of its own, if there are not too many. Returns whether it has one.
  bool GiveThread(const std::shared_ptr<Listener>& listener);
  void RunFor(const std::shared_ptr<Listener>& listener);
  std::shared_ptr<Listener> Find(uint64_t id);
  void Remove(const std::shared_ptr<Listener>& listener);
  bool Watch(int operation, const Listener& listener);

  std::atomic<int> own_threads_{0};  // Listeners that GiveThread has given threads of their own.
  std::atomic<int> waiting_{0};      // Threads that wait for events of all other listeners.

  std::mutex mutex_;
  Descriptor epoll_;
  std::map<uint64_t, std::shared_ptr<Listener>> listeners_;  // By ID.
};

}  // namespace seccomp
