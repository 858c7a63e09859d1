// What listeners have to tell one instance of the JavaScript module, in batches, through its event loop.
#ifndef SECCOMP_NATIVE_INBOX_H_
#define SECCOMP_NATIVE_INBOX_H_

#include <linux/seccomp.h>
#include <napi.h>
#include <uv.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace seccomp {

class Inbox : public std::enable_shared_from_this<Inbox> {
 public:
  // Words of 64 bits that tell of a call: listener, id, thread, number and ABI, instruction pointer, six arguments.
  static constexpr size_t kCallWords = 11;
  // Told at once.
  static constexpr size_t kMostCalls = 64;

  // Opens one for `env`, which calls `on_mail(kinds, words, size, ended, connected)`: pairs of a listener and the index
  // of a new kind; the words of calls that wait for an answer, at the beginning of an array that is the same each time;
  // listeners that hear no more; pairs of a connection and what became of it. It does not keep the event loop alive,
  // but `on_mail` until it is closed: by Close(), or with its environment. nullptr: see `error`.
  static std::shared_ptr<Inbox> Open(Napi::Env env, const Napi::Function& on_mail, int* error);

  Inbox() = default;
  ~Inbox() = default;
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  // For JavaScript's thread; may be called twice. Denies what was asked and not answered: nobody is there any more.
  void Close();

  // For any thread.
  void AddKind(uint64_t listener, uint32_t kind);
  void AddEnd(uint64_t listener);
  void AddConnected(double connection, int error);
  // False: nobody is there to answer.
  bool AddCall(uint64_t listener, const seccomp_notif& call);

 private:
  // libuv frees handles later than we go.
  struct Bell {
    uv_async_t handle = {};
    std::shared_ptr<Inbox> inbox;
    napi_async_cleanup_hook_handle hook = nullptr;
  };
  void Ring();
  void OnBell();
  bool Deliver();
  static void OnTeardown(napi_async_cleanup_hook_handle hook, void* data);

  std::mutex mutex_;
  // Of its own, so that whoever is rung up does not wait for what we hold.
  std::mutex bell_mutex_;
  Bell* bell_ = nullptr;  // nullptr: closed. Changed with both.
  bool rung_ = false;
  std::vector<double> kinds_, ended_, connected_;
  std::vector<uint64_t> calls_;
  napi_env env_ = nullptr;
  Napi::FunctionReference on_mail_;
  Napi::ObjectReference words_;
  uint64_t* room_ = nullptr;  // Where they are.
};

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_INBOX_H_
