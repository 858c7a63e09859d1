// Sockets at a path: one that listeners are sent to, and the connections that bring them.
#include "napi/notify/local_socket.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <utility>

#include "napi/environment.h"
#include "napi/values.h"
#include "napi/notify/supervise.h"

namespace seccomp {
namespace {

constexpr int kBacklog = 128;
constexpr size_t kMostBytes = 65536;  // At once.
// At once, and of one connection: who is sent to needs one.
constexpr size_t kMostDescriptors = 16;

bool ToAddress(const std::string& path, sockaddr_un* address) {
  if (path.empty() || path.size() >= sizeof address->sun_path) return errno = ENAMETOOLONG, false;
  if (path.find('\0') != std::string::npos) return errno = EINVAL, false;  // Of no file, if it is the first.
  *address = {};
  address->sun_family = AF_UNIX;
  memcpy(address->sun_path, path.data(), path.size());
  return true;
}

Descriptor NewSocket() { return Descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); }

Napi::Value Negative(Napi::Env env, int error) { return Napi::Number::New(env, -error); }

Napi::Value Refuse(Napi::Env env, const char* what) {
  Napi::TypeError::New(env, what).ThrowAsJavaScriptException();
  return env.Undefined();
}

// ioctls of anything else could do anything. The kernel gives its listeners this name (init_listener() of
// kernel/seccomp.c).
bool IsListener(const Descriptor& descriptor) {
  constexpr char kName[] = "anon_inode:seccomp notify";
  const std::string link = "/proc/self/fd/" + std::to_string(descriptor.get());
  std::array<char, sizeof kName + 1> target = {};
  const ssize_t size = readlink(link.c_str(), target.data(), target.size());
  return size == static_cast<ssize_t>(strlen(kName)) && memcmp(target.data(), kName, strlen(kName)) == 0;
}

// Takes over every descriptor that came with a message; those above kMostDescriptors are closed.
void TakeDescriptors(msghdr* message, std::vector<Descriptor>* into) {
  for (cmsghdr* header = CMSG_FIRSTHDR(message); header != nullptr; header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
      int fd = -1;
      memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
      Descriptor descriptor(fd);
      if (into->size() < kMostDescriptors) into->push_back(std::move(descriptor));
    }
  }
}

}  // namespace

Failure ConnectTo(const std::string& path, Descriptor* socket) {
  sockaddr_un address = {};
  if (!ToAddress(path, &address)) return {errno, "connect"};
  *socket = NewSocket();
  if (socket->get() < 0) return {errno, "socket"};
  if (connect(socket->get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return {};
  return {errno, "connect"};
}

Napi::Value Reach(const Napi::CallbackInfo& info) {
  if (!info[0].IsString()) return Refuse(info.Env(), "reach(path)");
  Descriptor socket;
  return Napi::Number::New(info.Env(), ConnectTo(info[0].As<Napi::String>().Utf8Value(), &socket).error);
}

Napi::Value BindSocket(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsString()) return Refuse(env, "bindSocket(path)");
  sockaddr_un address = {};
  if (!ToAddress(info[0].As<Napi::String>().Utf8Value(), &address)) return Negative(env, errno);
  Descriptor socket = NewSocket();
  // Before bind(2), which gives the file the socket's own mode, less the umask (unix_bind_bsd() of net/unix/af_unix.c):
  // so it is never open to others.
  if (socket.get() < 0 || fchmod(socket.get(), S_IRUSR | S_IWUSR) != 0 ||
      bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return Negative(env, errno);
  }
  if (listen(socket.get(), kBacklog) != 0) {
    const int error = errno;
    unlink(address.sun_path);
    return Negative(env, error);
  }
  return LocalSocket::Wrap(env, std::move(socket));
}

Napi::Function LocalSocket::Define(Napi::Env env) {
  return DefineClass(
      env, "LocalSocket",
      {InstanceMethod<&LocalSocket::Await>("await"), InstanceMethod<&LocalSocket::Accept>("accept"),
       InstanceMethod<&LocalSocket::Receive>("receive"), InstanceMethod<&LocalSocket::Sender>("sender"),
       InstanceMethod<&LocalSocket::ServeListener>("serve"), InstanceMethod<&LocalSocket::Close>("close")});
}

Napi::Value LocalSocket::Wrap(Napi::Env env, Descriptor socket) {
  const Napi::Object object = Environment::Of(env).local_socket.New({});
  LocalSocket* wrapped = object.IsEmpty() ? nullptr : Unwrap(object);
  if (wrapped == nullptr) return Negative(env, ECANCELED);  // This worker is being terminated.
  wrapped->socket_ = std::move(socket);
  return object;
}

LocalSocket::~LocalSocket() { StopWaiting(); }

Napi::Value LocalSocket::Await(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsFunction() || wait_ != nullptr) return Refuse(env, "await(onReadable), one at a time");
  if (socket_.get() < 0) return Negative(env, EBADF);
  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  auto wait = std::make_unique<Wait>();
  const int error = uv_poll_init(loop, &wait->handle, socket_.get());
  if (error != 0) return Napi::Number::New(env, error);
  wait->owner = this;
  wait->handle.data = wait.get();
  uv_unref(reinterpret_cast<uv_handle_t*>(&wait->handle));
  napi_add_async_cleanup_hook(env, OnTeardown, wait.get(), &wait->hook);
  uv_poll_start(&wait->handle, UV_READABLE, OnReadable);  // Can't fail: the handle is initialised and not closing.
  on_readable_ = Napi::Persistent(info[0].As<Napi::Function>());
  wait_ = wait.release();
  Napi::ObjectWrap<LocalSocket>::Ref();
  return Napi::Number::New(env, 0);
}

Napi::Value LocalSocket::Accept(const Napi::CallbackInfo& info) {
  const int connection = accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  return connection < 0 ? Negative(info.Env(), errno) : Wrap(info.Env(), Descriptor(connection));
}

Napi::Value LocalSocket::Receive(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto bytes = std::make_unique<std::array<char, kMostBytes>>();
  iovec data = {bytes->data(), bytes->size()};
  alignas(cmsghdr) char control[CMSG_SPACE(kMostDescriptors * sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t size = recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (size < 0) return Negative(env, errno);
  TakeDescriptors(&message, &received_);
  const Napi::Object result = Napi::Object::New(env);
  SetOwn(result, "bytes", Napi::Buffer<char>::Copy(env, bytes->data(), static_cast<size_t>(size)));
  SetOwn(result, "descriptors", static_cast<double>(received_.size()));
  SetOwn(result, "lost", (message.msg_flags & MSG_CTRUNC) != 0);
  return result;
}

Napi::Value LocalSocket::Sender(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  ucred credentials = {};
  socklen_t size = sizeof credentials;
  if (getsockopt(socket_.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return Negative(env, errno);
  const Napi::Object result = Napi::Object::New(env);
  SetOwn(result, "pid", credentials.pid);
  SetOwn(result, "uid", credentials.uid);
  SetOwn(result, "gid", credentials.gid);
  return result;
}

Napi::Value LocalSocket::ServeListener(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::shared_ptr<const Supervision> supervision;
  std::shared_ptr<Inbox> inbox;
  if (!ReadSupervision(env, info[1], &supervision) || !ReadInbox(env, info[2], &inbox)) return env.Undefined();
  const double index = info[0].IsNumber() ? info[0].As<Napi::Number>().DoubleValue() : -1;
  const bool is_there = index >= 0 && index < static_cast<double>(received_.size());
  if (!is_there) return Refuse(env, "serve(index, supervision, inbox)");
  Descriptor descriptor = std::move(received_[static_cast<size_t>(index)]);
  if (!IsListener(descriptor)) return Negative(env, ENOTTY);
  Failure failure = {};
  const Napi::Value told = Serve(env, std::move(descriptor), std::move(supervision), std::move(inbox), &failure);
  return failure.error == 0 ? told : Negative(env, failure.error);
}

void LocalSocket::Close(const Napi::CallbackInfo&) { CloseAll(); }

void LocalSocket::CloseAll() {
  StopWaiting();
  received_.clear();
  socket_ = Descriptor();
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
  // Not by node-addon-api, which ends the process if it can't throw: see ExitWatch::Report.
  napi_make_callback(env, context, self, on_readable, 0, nullptr, nullptr);
  if (env.IsExceptionPending()) napi_fatal_exception(env, env.GetAndClearPendingException().Value());
}

// A worker ends while its socket listens: nobody is there to accept. Without an owner the handle is closing already.
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
