// Unix sockets with a path, for JavaScript. An agent receives listeners through them.
#pragma once

#include <napi.h>
#include <uv.h>

#include <memory>
#include <vector>

#include "system/descriptor.h"
#include "system/worker.h"

namespace seccomp {

// A socket that listens, or a connection to one. A connection owns each descriptor that it received until the
// descriptor is served, and closes those that remain when it is closed. Since another process has sent them, or is to
// send them, a Worker receives and closes them.
class LocalSocket : public Napi::ObjectWrap<LocalSocket> {
 public:
  // Returns the class, for Environment::Make.
  static Napi::Function Define(Napi::Env env);
  // Returns an object for the socket, and sets `wrapped`; or returns -errno, with nullptr, if this worker is being
  // terminated.
  static Napi::Value Wrap(Napi::Env env, Descriptor socket, LocalSocket** wrapped);

  explicit LocalSocket(const Napi::CallbackInfo& info) : Napi::ObjectWrap<LocalSocket>(info) {}
  ~LocalSocket() override;
  LocalSocket(const LocalSocket&) = delete;
  LocalSocket& operator=(const LocalSocket&) = delete;

 private:
  // The handle of a wait. libuv calls the callback that frees this structure after the wait has ended.
  struct Wait {
    uv_poll_t handle = {};
    LocalSocket* owner = nullptr;
    napi_async_cleanup_hook_handle hook = nullptr;
  };

  // lib/native.ts describes these.
  Napi::Value Await(const Napi::CallbackInfo& info);
  Napi::Value Accept(const Napi::CallbackInfo& info);
  Napi::Value Receive(const Napi::CallbackInfo& info);
  Napi::Value Sender(const Napi::CallbackInfo& info);
  Napi::Value Serve(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  static void OnReadable(uv_poll_t* handle, int status, int events);
  static void OnTeardown(napi_async_cleanup_hook_handle hook, void* data);
  void StopWaiting();
  void CloseAll();

  struct Peer {
    Descriptor socket;
    std::vector<Descriptor> received;
  };

  std::shared_ptr<Peer> peer_;
  Worker worker_;
  Wait* wait_ = nullptr;  // nullptr: there is no wait.
  Napi::FunctionReference on_readable_;
};

}  // namespace seccomp
