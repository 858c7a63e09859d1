// Passes the mail of listeners to JavaScript, in batches, on its event loop.
#ifndef SECCOMP_NATIVE_NAPI_NOTIFY_MAILBOX_READER_H_
#define SECCOMP_NATIVE_NAPI_NOTIFY_MAILBOX_READER_H_

#include <napi.h>
#include <uv.h>

#include <memory>

#include "supervisor/mailbox.h"

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

  // Denies the calls that JavaScript has not answered, and calls `on_mail` no more. May be called twice.
  void Close();

 private:
  // The handle that wakes up the event loop. libuv calls the callback that frees it after Close has returned.
  struct Wakeup {
    uv_async_t handle = {};
    std::shared_ptr<MailboxReader> reader;
    napi_async_cleanup_hook_handle hook = nullptr;
  };
  void OnWakeup();
  // Returns false if JavaScript cannot run any more.
  bool Deliver(const Mail& mail);
  static void OnTeardown(napi_async_cleanup_hook_handle hook, void* data);

  std::shared_ptr<Mailbox> mailbox_;
  Wakeup* wakeup_ = nullptr;
  napi_env env_ = nullptr;
  Napi::FunctionReference on_mail_;
  Napi::ObjectReference words_;     // A BigUint64Array for the calls, which is the same each time.
  uint64_t* words_data_ = nullptr;  // Its memory.
};

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_NAPI_NOTIFY_MAILBOX_READER_H_
