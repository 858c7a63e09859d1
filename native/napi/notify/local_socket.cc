#include "napi/notify/local_socket.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <utility>

#include "napi/environment.h"
#include "napi/functions.h"
#include "napi/notify/supervision.h"
#include "system/unix_socket.h"

namespace seccomp {
namespace {

// Whether a descriptor that another process sent is a listener. Other files must not get the ioctls of a listener,
// which may mean something else for them. The name is from init_listener() in kernel/seccomp.c.
bool IsListener(const Descriptor& descriptor) {
  constexpr char kName[] = "anon_inode:seccomp notify";
  const std::string link = "/proc/self/fd/" + std::to_string(descriptor.get());
  std::array<char, sizeof kName + 1> target = {};
  const ssize_t size = readlink(link.c_str(), target.data(), target.size());
  return size == static_cast<ssize_t>(strlen(kName)) && memcmp(target.data(), kName, strlen(kName)) == 0;
}

}  // namespace

int Reach(Napi::Env /*env*/, const Napi::String& path) {
  Descriptor socket;
  return ConnectToPath(path.Utf8Value(), &socket).error;
}

Napi::Value BindSocket(Napi::Env env, const Napi::String& path) {
  Descriptor socket;
  const int error = ListenAtPath(path.Utf8Value(), &socket);
  LocalSocket* wrapped = nullptr;
  return error == 0 ? LocalSocket::Wrap(env, std::move(socket), &wrapped) : Negative(env, error);
}

Napi::Function LocalSocket::Define(Napi::Env env) {
  return DefineClass(env, "LocalSocket",
                     {InstanceMethod<&LocalSocket::Await>("await"), InstanceMethod<&LocalSocket::Accept>("accept"),
                      InstanceMethod<&LocalSocket::Receive>("receive"), InstanceMethod<&LocalSocket::Sender>("sender"),
                      InstanceMethod<&LocalSocket::Serve>("serve"), InstanceMethod<&LocalSocket::Close>("close")});
}

Napi::Value LocalSocket::Wrap(Napi::Env env, Descriptor socket, LocalSocket** wrapped) {
  const Napi::Object object = Environment::Of(env).local_socket.New({});
  *wrapped = object.IsEmpty() ? nullptr : Unwrap(object);
  if (*wrapped == nullptr) return Negative(env, ECANCELED);
  (*wrapped)->peer_ = std::make_shared<Peer>();
  (*wrapped)->peer_->socket = std::move(socket);
  return object;
}

LocalSocket::~LocalSocket() { CloseAll(); }

Napi::Value LocalSocket::Await(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Function on_readable;
  if (!ReadValue(info[0], &on_readable)) {
    ThrowUsage(env, "await(onReadable)");
    return env.Undefined();
  }
  if (!Require(env, wait_ == nullptr, "await() was called before, and onReadable has not been called yet")) {
    return env.Undefined();
  }
  if (peer_ == nullptr) return Negative(env, EBADF);
  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  auto wait = std::make_unique<Wait>();
  const int error = uv_poll_init(loop, &wait->handle, peer_->socket.get());
  if (error != 0) return Napi::Number::New(env, error);
  wait->owner = this;
  wait->handle.data = wait.get();
  uv_unref(reinterpret_cast<uv_handle_t*>(&wait->handle));
  napi_add_async_cleanup_hook(env, OnTeardown, wait.get(), &wait->hook);
  uv_poll_start(&wait->handle, UV_READABLE, OnReadable);  // Cannot fail: the handle is initialized and not closing.
  on_readable_ = Napi::Persistent(info[0].As<Napi::Function>());
  wait_ = wait.release();
  Napi::ObjectWrap<LocalSocket>::Ref();
  return Napi::Number::New(env, 0);
}

Napi::Value LocalSocket::Accept(const Napi::CallbackInfo& info) {
  if (peer_ == nullptr) return Negative(info.Env(), EBADF);
  const int connection = accept4(peer_->socket.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (connection < 0) return Negative(info.Env(), errno);
  LocalSocket* wrapped = nullptr;
  const Napi::Value object = Wrap(info.Env(), Descriptor(connection), &wrapped);
  if (wrapped == nullptr) return object;
  // Started now: when the descriptors that the peer sends are closed, starting a thread could fail.
  const int no_thread = wrapped->worker_.Start();
  return no_thread == 0 ? object : Negative(info.Env(), no_thread);
}

Napi::Value LocalSocket::Receive(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (peer_ == nullptr) return Negative(env, EBADF);
  struct Received {
    std::string bytes = std::string(kMaxReceivedBytes, '\0');
    bool is_truncated = false;
    ssize_t size = 0;
    std::vector<Descriptor> descriptors;
  };
  const auto received = std::make_shared<Received>();
  const int failure = worker_.Run([peer = peer_, received] {
    received->size =
        ReceiveDescriptors(peer->socket, &received->bytes, &received->descriptors, &received->is_truncated);
  });
  if (failure != 0) return Negative(env, failure);
  for (Descriptor& each : received->descriptors) peer_->received.push_back(std::move(each));
  if (received->size < 0) return Napi::Number::New(env, static_cast<double>(received->size));
  const Napi::Object result = Napi::Object::New(env);
  SetOwn(result, "bytes", Napi::Buffer<char>::Copy(env, received->bytes.data(), static_cast<size_t>(received->size)));
  SetOwn(result, "descriptors", static_cast<double>(peer_->received.size()));
  SetOwn(result, "lost", received->is_truncated);
  return result;
}

Napi::Value LocalSocket::Sender(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  ucred credentials = {};
  socklen_t size = sizeof credentials;
  if (peer_ == nullptr) return Negative(env, EBADF);
  if (getsockopt(peer_->socket.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return Negative(env, errno);
  const Napi::Object result = Napi::Object::New(env);
  SetOwn(result, "pid", credentials.pid);
  SetOwn(result, "uid", credentials.uid);
  SetOwn(result, "gid", credentials.gid);
  return result;
}

Napi::Value LocalSocket::Serve(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (peer_ == nullptr) return Negative(env, EBADF);
  std::vector<Descriptor>& received = peer_->received;
  const auto index = ReadInteger(info[0], 0, static_cast<int64_t>(received.size()) - 1);
  std::shared_ptr<const Supervision> supervision;
  std::shared_ptr<MailboxReader> reader;
  if (!index || !ReadValue(info[1], &supervision) || !ReadValue(info[2], &reader)) {
    ThrowUsage(env, "serve(descriptor, supervision, mailbox)");
    return env.Undefined();
  }
  if (!IsListener(received[static_cast<size_t>(*index)])) return Negative(env, ENOTTY);
  Descriptor descriptor = std::move(received[static_cast<size_t>(*index)]);
  ReadyThread thread;
  Failure failure = MailboxReader::Prepare(*supervision, &thread);
  if (failure.error != 0) return Negative(env, failure.error);
  const Napi::Value listener =
      ServeListener(env, std::move(descriptor), std::move(supervision), reader.get(), &thread, &failure);
  return failure.error == 0 ? listener : Negative(env, failure.error);
}

void LocalSocket::Close(const Napi::CallbackInfo&) { CloseAll(); }

void LocalSocket::CloseAll() {
  StopWaiting();
  if (peer_ == nullptr) return;
  shutdown(peer_->socket.get(), SHUT_RDWR);  // The other side sees the end now, whenever the Worker closes the socket.
  worker_.Post([peer = std::move(peer_)] {});
}

void LocalSocket::OnReadable(uv_poll_t* handle, int, int) {
  LocalSocket* socket = static_cast<Wait*>(handle->data)->owner;
  if (socket == nullptr) return;
  const Napi::Env env = socket->Env();
  const Napi::HandleScope scope(env);
  const Napi::Object self = socket->Value();
  const Napi::Function on_readable = socket->on_readable_.Value();
  const Napi::AsyncContext context(env, "seccomp.LocalSocket");
  socket->StopWaiting();
  // node-addon-api is not used here, since it ends the process if it cannot throw: see ExitWatch::Report.
  napi_make_callback(env, context, self, on_readable, 0, nullptr, nullptr);
  if (env.IsExceptionPending()) napi_fatal_exception(env, env.GetAndClearPendingException().Value());
}

// Called when a worker ends while its socket is open. Closes the socket, so that connecting to it fails. If the handle
// has no owner, it is being closed already.
void LocalSocket::OnTeardown(napi_async_cleanup_hook_handle /*hook*/, void* data) {
  LocalSocket* socket = static_cast<Wait*>(data)->owner;
  if (socket != nullptr) socket->CloseAll();
}

void LocalSocket::StopWaiting() {
  if (wait_ == nullptr) return;
  Wait* wait = std::exchange(wait_, nullptr);
  wait->owner = nullptr;
  uv_close(reinterpret_cast<uv_handle_t*>(&wait->handle), [](uv_handle_t* handle) {
    const std::unique_ptr<Wait> closed(static_cast<Wait*>(handle->data));
    napi_remove_async_cleanup_hook(closed->hook);
  });
  Napi::ObjectWrap<LocalSocket>::Unref();
}

}  // namespace seccomp
