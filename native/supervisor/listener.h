// The listener of one filter: receives notifications, and answers them or passes them to JavaScript.
// seccomp_unotify(2).
#pragma once

#include <linux/seccomp.h>

#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "supervisor/call_kinds.h"
#include "supervisor/mailbox.h"
#include "system/descriptor.h"
#include "system/worker.h"

namespace seccomp {

class Connection;

// Room for a struct seccomp_notif of the running kernel, which may be larger than that of the headers.
class Notification {
 public:
  Notification();
  // SECCOMP_IOCTL_NOTIF_RECV requires that it is all zeros.
  void Clear();
  seccomp_notif* get() { return reinterpret_cast<seccomp_notif*>(bytes_.data()); }

 private:
  std::vector<uint64_t> bytes_;
};

class Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(Descriptor descriptor, std::shared_ptr<const Supervision> supervision, std::shared_ptr<Mailbox> mailbox);

  // Unique in this process.
  uint64_t id() const { return id_; }
  int descriptor() const { return descriptor_.get(); }
  const CallKinds& kinds() const { return kinds_; }
  const Supervision& supervision() const { return *supervision_; }
  Mailbox& mailbox() const { return *mailbox_; }
  // Whether every call is passed to JavaScript.
  bool passes_all() const { return supervision_->passes_all; }
  // Does what the notified processes can make wait. Others must not wait for it.
  Worker& worker() { return worker_; }

  // Whether Serve returns when all processes with the filter have ended, as since Linux 6.11. On an older kernel, Serve
  // may only be called after poll(2) has reported POLLIN; if that kernel has this as a backport, each call only costs
  // one more poll(2).
  static bool ReceiveEnds();

  // These three functions are only for the thread that serves the listener: one of the Supervisor's, or JavaScript's.

  // Waits for one notification, and answers it or passes it to JavaScript. Returns false if there was none.
  bool Serve(Notification* notification);
  // The number of notifications received so far.
  uint64_t served() const { return served_; }
  // Closes the descriptor and reports the end to the mailbox. Called when all processes with the filter have ended.
  void Close();

  // Any thread may call the functions below.

  // Denies, with EPERM, the calls that JavaScript has not answered.
  void DenyWaiting();
  // These functions return 0 or an errno; ENOENT: the call does not wait any more.
  int Answer(const seccomp_notif_resp& answer);
  // Duplicates a descriptor of this process into the notified process. The call returns the number of the duplicate
  // there, which is stored in `added`.
  int AddDescriptor(uint64_t call, int descriptor, bool close_on_exec, int* added);
  int IsWaiting(uint64_t call);
  // Attaches a connection to a waiting call. The end of the call ends the connection. EALREADY: the call has one.
  int Begin(uint64_t call, std::shared_ptr<Connection> connection);

 private:
  void Handle(const seccomp_notif& notif);
  void PassToJavaScript(const seccomp_notif& notif);
  void Count(const seccomp_notif& notif, uint32_t answer);
  // Counts an allowed call: one that names files by these, if they are reported.
  void CountAllowed(const seccomp_notif& notif, uint32_t answer);
  void Report(std::optional<uint32_t> first);
  // Sends an answer that JavaScript did not give. Errors are ignored: the calling thread may have died.
  void Send(seccomp_notif_resp answer) const;
  bool IsValid(uint64_t call) const;
  // Sends an answer to a call and returns 0 or an errno. First undoes a connection, if there is one, on the Worker. The
  // caller holds mutex_.
  int SendAfter(std::shared_ptr<Connection> undone, seccomp_notif_resp answer);
  void UndoLater(std::shared_ptr<Connection> undone);
  // Removes a call from waiting_ and ends its connection, which is returned if it must be undone; otherwise nullptr.
  // The caller holds mutex_.
  using Waiting = std::unordered_map<uint64_t, std::shared_ptr<Connection>>;
  std::shared_ptr<Connection> EndWait(Waiting::iterator waiting, int answer);

  const uint64_t id_;
  PrivateDescriptor descriptor_;
  const std::shared_ptr<const Supervision> supervision_;
  const std::shared_ptr<Mailbox> mailbox_;
  CallKinds kinds_;
  Worker worker_;
  uint64_t served_ = 0;
  std::mutex mutex_;  // Guards waiting_, and keeps descriptor_ open while another thread uses it.
  // The calls that wait for JavaScript, with the connection that is made for each; nullptr: none.
  Waiting waiting_;
};

}  // namespace seccomp
