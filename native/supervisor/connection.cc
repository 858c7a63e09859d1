// Connects another process's socket in its place, on threads of its own.
#include "supervisor/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "child/clone.h"
#include "system/linux_abi.h"
#include "napi/notify/supervise.h"
#include "supervisor/identity.h"
#include "supervisor/notified_thread.h"

namespace seccomp {
namespace {

// How often is looked whether the caller is still there, and how soon a connection that is not wanted any more ends.
constexpr int kLook = 100;  // Milliseconds.
constexpr int kUnwanted = 1;

int Option(const Descriptor& socket, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(socket.get(), SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

// As socket(2) was told.
struct SocketFacts {
  int domain, type, protocol;
};

// Takes a duplicate of a descriptor of a thread's, which must be a socket. It is the caller's only if the call waits
// still afterwards; else its number may be another's by now. Gives 0 or an errno. Linux 5.6, pidfd_getfd(2).
// NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
int TakeSocket(pid_t thread, int descriptor, Descriptor* socket, SocketFacts* facts) {
  const pid_t process = ProcessOf(thread);
  const Descriptor pidfd(process == 0 ? -1 : static_cast<int>(syscall(kPidfdOpen, process, 0)));
  if (pidfd.get() < 0) return ESRCH;
  *socket = Descriptor(static_cast<int>(syscall(kPidfdGetfd, pidfd.get(), descriptor, 0)));
  if (socket->get() < 0) return errno;
  *facts = {Option(*socket, SO_DOMAIN), Option(*socket, SO_TYPE), Option(*socket, SO_PROTOCOL)};
  return facts->domain < 0 ? ENOTSOCK : 0;
}

bool IsInternet(int family) { return family == AF_INET || family == AF_INET6; }

// What was read as an address of one family shall not be taken for one of another: the caller may have put another
// socket in the place of its own. What IPv6's sockets take, and how a connection is dissolved, stays possible.
bool Fits(int family, int domain) {
  return family == domain || (family == AF_INET && domain == AF_INET6) || (family == AF_UNSPEC && IsInternet(domain));
}

Napi::Value Throw(Napi::Env env, const char* what) {
  Napi::TypeError::New(env, what).ThrowAsJavaScriptException();
  return env.Undefined();
}

bool IsBytes(const Napi::Value& value, size_t most) {
  return value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == napi_uint8_array &&
         value.As<Napi::TypedArray>().ByteLength() <= most;
}

// What SocketOf gave.
bool IsSeen(const Napi::Array& seen, const SocketFacts& facts) {
  const int values[] = {facts.domain, facts.type, facts.protocol};
  for (uint32_t i = 0; i < std::size(values); i++) {
    const Napi::Value value = seen.Get(i);
    if (!value.IsNumber() || value.As<Napi::Number>().Int32Value() != values[i]) return false;
  }
  return true;
}

bool HasTimeout(const Descriptor& socket) {
  timeval timeout = {};
  socklen_t size = sizeof timeout;
  getsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &timeout, &size);
  return timeout.tv_sec != 0 || timeout.tv_usec != 0;
}

}  // namespace

// NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
Connection::Connection(double number, std::shared_ptr<Listener> listener, uint64_t call, pid_t thread,
                       Descriptor socket, const void* address, socklen_t size)
    : number_(number),
      listener_(std::move(listener)),
      call_(call),
      thread_(thread),
      socket_(std::move(socket)),
      size_(size) {
  memcpy(&address_, address, size_);
}

bool Connection::IsUnixPath() const {
  const auto* local = reinterpret_cast<const sockaddr_un*>(&address_);
  return address_.ss_family == AF_UNIX && size_ > offsetof(sockaddr_un, sun_path) && local->sun_path[0] != '\0';
}

// This thread has all rights of ours. The internet's sockets take none of them; of others (local sockets, netlink, …)
// some do, and some tell the other end who connects.
int Connection::Connect() {
  std::optional<DumpableKept> dumpable;
  std::optional<Identity> identity;
  Descriptor path;
  sockaddr_storage address = address_;
  socklen_t size = size_;
  if (!IsInternet(address_.ss_family) && address_.ss_family != AF_UNSPEC) {
    const Descriptor descriptors(open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC));
    identity = Identity::Of(thread_);
    const int waits = listener_->IsWaiting(call_);  // Else the identity may be another's.
    if (waits != 0) return waits;
    dumpable.emplace();
    if (!identity || !identity->Assume()) return EACCES;
    if (IsUnixPath()) {
      auto* local = reinterpret_cast<sockaddr_un*>(&address);
      const char* name = local->sun_path;
      const std::string text(name, strnlen(name, size - offsetof(sockaddr_un, sun_path)));
      // The links of /proc that lead where no path does are ours on this thread, not the caller's.
      OpenHow how = {O_PATH | O_CLOEXEC, 0, kResolveNoMagicLinks};
      path = Descriptor(static_cast<int>(syscall(kOpenat2, AT_FDCWD, text.c_str(), &how, sizeof how)));
      if (path.get() < 0) return errno == ENOSYS ? EACCES : errno;
      if (fchdir(descriptors.get()) != 0) return EACCES;
      const std::string number = std::to_string(path.get());
      memset(local->sun_path, 0, sizeof local->sun_path);
      memcpy(local->sun_path, number.data(), number.size());
      size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + number.size() + 1);
    }
  }
  return ConnectTo(reinterpret_cast<const sockaddr*>(&address), size);
}

// A socket that does not block gives EINPROGRESS here, as its owner expects.
int Connection::ConnectTo(const sockaddr* address, socklen_t size) {
  const Interruption interruption;
  // With a timeout of its own, a call that is interrupted would begin to wait anew.
  if (!HasTimeout(socket_)) interruption.Every(kLook);
  for (bool is_begun = false;; is_begun = true) {
    int error = listener_->IsWaiting(call_);
    if (error == 0 && !Enter(&interruption)) error = ENOENT;
    if (error != 0) {
      // What was begun goes on by itself.
      if (is_begun) Undo();
      return error;
    }
    error = connect(socket_.get(), address, size) == 0 ? 0 : errno;
    if (is_begun && error == EISCONN) error = 0;
    error = Leave(error);
    if (error != EINTR) return error;
  }
}

// False: the call is over.
bool Connection::Enter(const Interruption* interruption) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (is_over_) return false;
  state_ = State::kConnects;
  interruption_ = interruption;
  return true;
}

// What became of it, as far as the call is concerned; EINTR: nothing yet.
int Connection::Leave(int error) {
  const std::lock_guard<std::mutex> lock(mutex_);
  interruption_ = nullptr;
  if (error == EINTR) return error;
  state_ = State::kDone;
  result_ = error;
  if (!is_over_) return error;
  Undo();
  return ENOENT;
}

// Also while another thread waits in connect(2).
void Connection::Undo() const {
  sockaddr none = {};
  none.sa_family = AF_UNSPEC;
  if (connect(socket_.get(), &none, sizeof none) != 0) shutdown(socket_.get(), SHUT_RDWR);
}

void Connection::Run() { Tell(Connect()); }

void Connection::Tell(int error) { listener_->inbox()->AddConnected(number_, error); }

void Connection::End(int answer) {
  const std::lock_guard<std::mutex> lock(mutex_);
  is_over_ = true;
  const bool is_made = result_ == 0 || result_ == EINPROGRESS;
  if (state_ == State::kWaits || (state_ == State::kDone && (answer == result_ || !is_made))) return;
  Undo();
  if (interruption_ != nullptr) interruption_->Every(kUnwanted);
}

Connector& Connector::Get() {
  static Connector* connector = new Connector();
  return *connector;
}

void Connector::Add(std::shared_ptr<Connection> connection) {
  const std::lock_guard<std::mutex> lock(mutex_);
  queues_[connection->listener().id()].waiting.push_back(std::move(connection));
  StartThoseThatMay();
}

std::shared_ptr<Connection> Connector::Next() {
  if (running_ >= kMost) return nullptr;
  auto at = queues_.upper_bound(last_);
  for (size_t i = 0; i < queues_.size(); i++, at++) {
    if (at == queues_.end()) at = queues_.begin();
    auto& [listener, queue] = *at;
    if (queue.running >= kMostOfOne || queue.waiting.empty()) continue;
    std::shared_ptr<Connection> next = std::move(queue.waiting.front());
    queue.waiting.pop_front();
    queue.running++;
    running_++;
    last_ = listener;
    return next;
  }
  return nullptr;
}

void Connector::StartThoseThatMay() {
  while (const std::shared_ptr<Connection> connection = Next()) {
    const uint64_t listener = connection->listener().id();
    const int error = StartThread("seccomp-connect", [this, connection, listener] {
      connection->Run();
      const std::lock_guard<std::mutex> lock(mutex_);
      Ended(listener);
      StartThoseThatMay();
    });
    if (error == 0) continue;
    connection->Tell(error);
    Ended(listener);
  }
}

void Connector::Ended(uint64_t listener) {
  running_--;
  const auto queue = queues_.find(listener);
  queue->second.running--;
  if (queue->second.running == 0 && queue->second.waiting.empty()) queues_.erase(queue);
}

Napi::Value SocketOf(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  uint64_t call = 0;
  const std::shared_ptr<Listener> listener = ReadCall(info, &call);
  if (listener == nullptr) return env.Undefined();
  if (!info[2].IsNumber() || !info[3].IsNumber()) return Throw(env, "socketOf(listener, call, tid, descriptor)");
  Descriptor socket;
  SocketFacts facts = {};
  int error = TakeSocket(info[2].As<Napi::Number>(), info[3].As<Napi::Number>(), &socket, &facts);
  if (error == 0) error = listener->IsWaiting(call);
  if (error != 0) return Napi::Number::New(env, -error);
  const Napi::Array result = Napi::Array::New(env, 3);
  result.Set(0U, facts.domain);
  result.Set(1U, facts.type);
  result.Set(2U, facts.protocol);
  return result;
}

Napi::Value Connect(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  uint64_t call = 0;
  std::shared_ptr<Listener> listener = ReadCall(info, &call);
  if (listener == nullptr) return env.Undefined();
  if (!info[2].IsNumber() || !info[3].IsNumber() || !IsBytes(info[4], sizeof(sockaddr_storage))) {
    return Throw(env, "connect(listener, call, tid, descriptor, address)");
  }
  const auto refuse = [&env](int error) { return Napi::Number::New(env, -error); };
  const pid_t thread = info[2].As<Napi::Number>();
  const auto address = info[4].As<Napi::Uint8Array>();
  Descriptor socket;
  SocketFacts facts = {};
  int error = TakeSocket(thread, info[3].As<Napi::Number>(), &socket, &facts);
  if (error != 0) return refuse(error);
  sa_family_t family = AF_UNSPEC;
  if (address.ByteLength() < sizeof family) return refuse(EINVAL);
  memcpy(&family, address.Data(), sizeof family);
  if (!Fits(family, facts.domain)) return refuse(EAFNOSUPPORT);
  if (family == AF_UNIX && address.ByteLength() > sizeof(sockaddr_un)) return refuse(EINVAL);
  if (info[5].IsArray() && !IsSeen(info[5].As<Napi::Array>(), facts)) return refuse(EBADF);
  static std::atomic<uint64_t> next{1};
  const auto number = static_cast<double>(next++);
  Listener* const asked = listener.get();
  auto connection = std::make_shared<Connection>(number, std::move(listener), call, thread, std::move(socket),
                                                 address.Data(), static_cast<socklen_t>(address.ByteLength()));
  error = asked->Begin(call, connection);
  if (error != 0) return refuse(error);
  Connector::Get().Add(std::move(connection));
  return Napi::Number::New(env, number);
}

}  // namespace seccomp
