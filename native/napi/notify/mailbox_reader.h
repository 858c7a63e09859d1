// Passes the mail of listeners to JavaScript, in batches, on its event loop.
#pragma once

#include <napi.h>
#include <uv.h>

#include <map>
#include <memory>

#include "napi/loop_handle.h"
#include "supervisor/listener.h"
#include "supervisor/mailbox.h"
#include "supervisor/supervisor.h"
#include "system/failure.h"

namespace seccomp {

class MailboxReader {
 public:
  // The maximum number of calls in a batch.
  static constexpr size_t kMaxCalls = 64;

  // Opens a mailbox for the environment. Until Close is called or the environment ends, the reader calls
  // `on_mail(kinds, words, size, ended, connected)`, whose parameters OnMail of lib/native.ts describes. The mailbox
  // does not keep the event loop alive. On failure, returns nullptr with a negative errno in `error`.
  static std::shared_ptr<MailboxReader> Open(Napi::Env env, const Napi::Function& on_mail, int* error);

  MailboxReader() = default;
  ~MailboxReader() = default;
  MailboxReader(const MailboxReader&) = delete;
  MailboxReader& operator=(const MailboxReader&) = delete;

  const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }

  // Serves a listener that reports to the mailbox, until all processes with its filter have ended. If each of its calls
  // waits for JavaScript, the event loop receives them, which is twice as fast as waking it up from another thread;
  // otherwise the Supervisor serves the listener, on threads that Prepare has started.
  static Failure Prepare(const Supervision& supervision, ReadyThread* thread);
  Failure Serve(const std::shared_ptr<Listener>& listener, ReadyThread* thread);

  // Denies the calls that JavaScript has not answered and all later ones, and calls `on_mail` no more. May be called
  // twice.
  void Close();

 private:
  // A listener that the event loop serves.
  struct Polled {
    MailboxReader* reader = nullptr;
    std::shared_ptr<Listener> listener;
    LoopHandle<uv_poll_t, Polled> handle;  // The last member, so that it is closed before the listener.
  };

  // Returns false if libuv cannot poll the listener.
  bool Poll(const std::shared_ptr<Listener>& listener);
  static void OnReadable(uv_poll_t* handle, int status, int events);
  void Receive(Polled* polled, bool is_ready);
  static void OnAfterPoll(uv_check_t* handle);
  static void OnWakeup(uv_async_t* handle);
  void Read();
  // Returns false if JavaScript cannot run any more.
  bool Deliver(const Mail& mail);

  std::shared_ptr<Mailbox> mailbox_;
  std::shared_ptr<MailboxReader> self_;           // nullptr after Close.
  LoopHandle<uv_async_t, MailboxReader> wakeup_;  // The mailbox wakes up the event loop by it.
  // Delivers the calls that the event loop has received, after it has received one from each readable listener.
  LoopHandle<uv_check_t, MailboxReader> after_poll_;
  std::map<uint64_t, Polled> polled_;  // By the ID of the listener.
  Notification notification_;
  napi_env env_ = nullptr;
  Napi::FunctionReference on_mail_;
  Napi::ObjectReference words_;     // A BigUint64Array for the calls, which is the same each time.
  uint64_t* words_data_ = nullptr;  // Its memory.
};

}  // namespace seccomp
