// Sockets at a path: one that listeners are sent to, and the connections that bring them.
#ifndef SECCOMP_NATIVE_LOCAL_SOCKET_H_
#define SECCOMP_NATIVE_LOCAL_SOCKET_H_

#include <napi.h>
#include <uv.h>

#include <string>
#include <vector>

#include "napi/read_request.h"

namespace seccomp {

// Connects to the socket at `path`, without waiting: EAGAIN if too many wait there already. What is sent through it
// does not wait either.
Failure ConnectTo(const std::string& path, Descriptor* socket);

// What JavaScript holds of a socket that listens, or of a connection to it. Descriptors that came stay in here until
// they are served; the rest is closed with it.
class LocalSocket : public Napi::ObjectWrap<LocalSocket> {
 public:
  // The class, for Environment::Make.
  static Napi::Function Define(Napi::Env env);
  static Napi::Value Wrap(Napi::Env env, Descriptor socket);

  explicit LocalSocket(const Napi::CallbackInfo& info) : Napi::ObjectWrap<LocalSocket>(info) {}
  ~LocalSocket() override;
  LocalSocket(const LocalSocket&) = delete;
  LocalSocket& operator=(const LocalSocket&) = delete;

 private:
  // libuv frees handles later than we go.
  struct Wait {
    uv_poll_t handle = {};
    LocalSocket* owner = nullptr;
    napi_async_cleanup_hook_handle hook = nullptr;
  };

  // lib/native.ts says what each takes and gives.
  Napi::Value Await(const Napi::CallbackInfo& info);
  Napi::Value Accept(const Napi::CallbackInfo& info);
  Napi::Value Receive(const Napi::CallbackInfo& info);
  Napi::Value Sender(const Napi::CallbackInfo& info);
  Napi::Value ServeListener(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  static void OnReadable(uv_poll_t* handle, int status, int events);
  static void OnTeardown(napi_async_cleanup_hook_handle hook, void* data);
  void StopWaiting();
  void CloseAll();

  Descriptor socket_;
  std::vector<Descriptor> received_;
  Wait* wait_ = nullptr;  // nullptr: nobody waits.
  Napi::FunctionReference on_readable_;
};

// For each of these lib/native.ts says what it takes and gives.
Napi::Value Reach(const Napi::CallbackInfo& info);
Napi::Value BindSocket(const Napi::CallbackInfo& info);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_LOCAL_SOCKET_H_
