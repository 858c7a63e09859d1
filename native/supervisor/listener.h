// One filter's listener: receives its calls, answers them or asks JavaScript.
#ifndef SECCOMP_NATIVE_LISTENER_H_
#define SECCOMP_NATIVE_LISTENER_H_

#include <linux/seccomp.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "child/request.h"
#include "supervisor/call_kinds.h"
#include "supervisor/mailbox.h"

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

// A caller that comes back this soon after an answer asks all the time: who answered waits for it that long.
constexpr std::chrono::microseconds kSoon{100};

class Listener : public std::enable_shared_from_this<Listener> {
 public:
  // `is_ours_alone`: nobody else receives from it, so what poll(2) tells of is there to be received.
  Listener(Descriptor descriptor, std::shared_ptr<const Supervision> supervision, std::shared_ptr<Inbox> inbox,
           bool is_ours_alone);

  uint64_t id() const { return id_; }
  int descriptor() const { return descriptor_.get(); }
  const Kinds& kinds() const { return kinds_; }
  const std::shared_ptr<Inbox>& inbox() const { return inbox_; }

  // For the thread that serves it: waits for one call, and answers it or asks. False: there was no call.
  bool Serve(Received* received);
  // The same for a thread that serves nothing else. It lends its turn to JavaScript's thread, which then receives the
  // calls of a caller that asks all the time: two wakeups fewer for each. Returns when the turn is its own again.
  bool ServeAlone(Received* received);
  // For JavaScript's thread: the turn, while the lock is held. None if it is not lent, or goes back since JavaScript
  // has yet to answer: then who waits for that has other things to do.
  std::unique_lock<std::mutex> BorrowTurn();
  // With the turn, when poll(2) tells of a call. Keeps the turn if JavaScript is asked, and returns it otherwise.
  void ServeBorrowed(Received* received);
  void ReturnTurn();
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
  bool Receive(Received* received);
  void Handle(const seccomp_notif& notif);
  bool IsValid(uint64_t call) const;
  bool IsAsking();
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
  const bool is_ours_alone_;
  // Whoever has the turn receives and handles calls: the thread that serves it, or while it is lent, who holds turn_.
  std::mutex turn_;
  std::condition_variable returned_;
  bool may_lend_ = false;
  bool is_lent_ = false;
  Kinds kinds_;
  uint64_t served_ = 0;
  std::mutex mutex_;                                                 // Of the descriptor's end, and of what was asked.
  std::unordered_map<uint64_t, std::shared_ptr<Connection>> asked_;  // And what is done for each; nullptr: nothing.
  std::chrono::steady_clock::time_point answered_;                   // The last of them.
};

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_LISTENER_H_
