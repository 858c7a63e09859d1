// One filter's listener: receives its calls, answers them or asks JavaScript.
#ifndef SECCOMP_NATIVE_LISTENER_H_
#define SECCOMP_NATIVE_LISTENER_H_

#include <linux/seccomp.h>

#include <memory>
#include <mutex>
#include <unordered_map>

#include "napi/read_request.h"
#include "supervisor/call_kinds.h"
#include "napi/notify/mailbox.h"

namespace seccomp {

class Connection;

// struct seccomp_notif, with room for what a newer kernel adds to it.
struct Received {
  Received();
  void Clear();
  seccomp_notif* get() { return reinterpret_cast<seccomp_notif*>(bytes_.data()); }

 private:
  std::vector<uint64_t> bytes_;
};

class Listener {
 public:
  Listener(Descriptor descriptor, std::shared_ptr<const Supervision> supervision, std::shared_ptr<Inbox> inbox);

  uint64_t id() const { return id_; }
  int descriptor() const { return descriptor_.get(); }
  const Kinds& kinds() const { return kinds_; }
  const std::shared_ptr<Inbox>& inbox() const { return inbox_; }

  // For the thread that serves it: waits for one call, and answers it or asks. False: there was no call.
  bool Serve(Received* received);
  // How many calls it has been.
  uint64_t served() const { return served_; }
  // For that thread, when all that have the filter are gone: no call comes any more.
  void Close();
  // Denies all that JavaScript was asked and did not answer, for it is gone.
  void DenyAsked();

  // For any thread. Each gives 0 or an errno; ENOENT: nobody waits for it any more.
  int Answer(const seccomp_notif_resp& answer);
  int AddDescriptor(uint64_t call, int descriptor, bool close_on_exec, int* added);
  int IsWaiting(uint64_t call);
  // Notes what is done for a call: it learns of the call's answer. EALREADY: something is done already.
  int Begin(uint64_t call, std::shared_ptr<Connection> connection);

 private:
  void Handle(const seccomp_notif& notif);
  bool IsValid(uint64_t call) const;
  // With the lock: the call is answered from here on. False: it is already.
  bool Answered(uint64_t call, int answer);
  // An answer that is not JavaScript's. The caller may be gone: then there is nobody to be told.
  void Send(seccomp_notif_resp answer) const;
  void Ask(const seccomp_notif& notif);
  void Count(const seccomp_notif& notif, uint32_t answer);

  const uint64_t id_;
  Descriptor descriptor_;
  const std::shared_ptr<const Supervision> supervision_;
  const std::shared_ptr<Inbox> inbox_;
  Kinds kinds_;
  uint64_t served_ = 0;
  std::mutex mutex_;                                                 // Of the descriptor's end, and of what was asked.
  std::unordered_map<uint64_t, std::shared_ptr<Connection>> asked_;  // And what is done for each; nullptr: nothing.
};

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_LISTENER_H_
