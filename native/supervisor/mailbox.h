// Collects what listeners report to one instance of the JavaScript module, which takes it in batches.
#pragma once

#include <linux/seccomp.h>

#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

namespace seccomp {

// 64-bit words that describe a waiting call: listener, notification ID, thread ID, AUDIT_ARCH_* << 32 | number,
// instruction pointer, six arguments.
constexpr size_t kCallWords = 11;

struct Mail {
  std::vector<double> kinds;      // Pairs: a listener, and the index of a new kind of call.
  std::vector<uint64_t> calls;    // kCallWords for each call that waits for an answer.
  std::vector<double> ended;      // Listeners whose processes have all ended.
  std::vector<double> connected;  // Pairs: a connection, and its result: 0 or an errno.

  bool IsEmpty() const { return kinds.empty() && calls.empty() && ended.empty() && connected.empty(); }
};

class Mailbox {
 public:
  // `wake_up` is called when there is mail, by any thread but never by two threads at once. It is not called again
  // until the reader has called Take and then Rearm.
  explicit Mailbox(std::function<void()> wake_up) : wake_up_(std::move(wake_up)) {}

  // Any thread may call these functions. A closed mailbox drops what is added.
  void AddKind(uint64_t listener, uint32_t kind);
  void AddEnd(uint64_t listener);
  void AddConnected(double connection, int error);
  // Returns false if the mailbox is closed: nobody will answer the call.
  bool AddCall(uint64_t listener, const seccomp_notif& call);

  // For the reader: it will call Take without being woken up, and then Rearm.
  void Disarm();
  // For the reader: moves the mail into `mail`, with at most `max_calls` calls. Returns false if the mailbox is closed.
  bool Take(size_t max_calls, Mail* mail);
  // For the reader, after Take: wakes the reader up again if there is more mail.
  void Rearm();
  // Drops all mail. `wake_up` is not called any more when this returns. Returns false if the mailbox was closed before.
  bool Close();

 private:
  // Adds to mail_ by `add`, and wakes the reader up. Returns false if the mailbox is closed.
  template <typename Function>
  bool Add(Function add);
  void WakeUp();

  std::mutex mutex_;  // Guards the members up to is_closed_.
  Mail mail_;
  bool is_woken_ = false;  // The reader was woken up or has called Disarm, and has not called Rearm.
  bool is_closed_ = false;
  // Guards wake_up_. Separate from mutex_, so that the woken reader does not wait in Take for the thread that woke it.
  std::mutex wake_mutex_;
  std::function<void()> wake_up_;  // Empty if the mailbox is closed.
};

}  // namespace seccomp
