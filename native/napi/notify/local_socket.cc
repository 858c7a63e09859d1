#include "napi/notify/local_socket.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "napi/environment.h"
#include "napi/functions.h"
#include "napi/notify/supervision.h"
#include "system/unix_socket.h"

namespace seccomp {

struct LocalSocket::Received {
  std::string bytes = std::string(kMaxReceivedBytes, '\0');
  bool is_truncated = false;
  ssize_t size = 0;
  std::vector<Descriptor> descriptors;
  std::atomic<bool> is_done{false};
};

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
  Failure failure = {};
  *wrapped = Make(Environment::Of(env).local_socket, &failure);
  if (*wrapped == nullptr) return Negative(env, failure.error);
  (*wrapped)->peer_ = std::make_shared<Peer>();
  (*wrapped)->peer_->socket = std::move(socket);
  return (*wrapped)->Value();
}

Napi::Value LocalSocket::Await(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Function on_readable;
  if (!ReadValue(info[0], &on_readable)) {
    ThrowUsage(env, "await(onReadable)");
    return env.Undefined();
  }
  if (!Require(env, !is_waiting(), "await() was called before, and onReadable has not been called yet")) {
    return env.Undefined();
  }
  if (peer_ == nullptr) return Negative(env, EBADF);
  return Napi::Number::New(env, -Wait(peer_->socket.get(), "seccomp.LocalSocket", on_readable).error);
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
  if (late_ == nullptr) {
    late_ = std::make_shared<Received>();
    worker_.Post([peer = peer_, received = late_] {
      received->size =
          ReceiveDescriptors(peer->socket, &received->bytes, &received->descriptors, &received->is_truncated);
      received->is_done = true;
    });
  }
  const int failure = worker_.Run([] {});
  if (failure != 0 && !late_->is_done) return Negative(env, failure);
  const std::shared_ptr<Received> received = std::move(late_);
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
  worker_.Post([peer = std::move(peer_), received = std::move(late_)] {});
}

void LocalSocket::OnReadable() {
  Finish([this](Napi::Env) -> std::vector<napi_value> {
    StopWaiting();
    return {};
  });
}

}  // namespace seccomp
