#include "supervisor/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <string_view>
#include <utility>

#include "supervisor/connection.h"
#include "system/linux_abi.h"
#include "system/numbers.h"

namespace seccomp {
namespace {

constexpr uint32_t kActionMask = SECCOMP_RET_ACTION_FULL;
constexpr int kMaxErrno = 4095;  // MAX_ERRNO of linux/err.h, to which the kernel limits SECCOMP_RET_ERRNO.

uint64_t NextId() {
  static std::atomic<uint64_t> next{1};
  return next++;
}

// Linux 5.0, seccomp(2).
size_t NotificationSize() {
  seccomp_notif_sizes sizes = {};
  const bool is_known = syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) == 0;
  return std::max<size_t>(is_known ? sizes.seccomp_notif : 0, sizeof(seccomp_notif));
}

// Compares the kernel's version with major.minor.
bool IsAtLeast(long major, long minor) {
  utsname system = {};
  if (uname(&system) != 0) return false;
  std::string_view release = static_cast<const char*>(system.release);
  const long its_major = TakeNumber<long>(&release).value_or(0);
  const long its_minor = TakeCharacter(&release, '.') ? TakeNumber<long>(&release).value_or(0) : 0;
  return its_major > major || (its_major == major && its_minor >= minor);
}

seccomp_notif_resp Errno(uint64_t call, int error) { return {call, 0, -error, 0}; }

// ioctl(2) for one of a listener's requests about a call. Fails with EINTR, and has no effect, if another thread is
// using the listener, and a signal is pending or this process is being stopped.
template <typename Argument>
int ListenerIoctl(const PrivateDescriptor& listener, unsigned long request, Argument* argument) {
  int result = 0;
  do {
    result = ioctl(listener.get(), request, argument);
  } while (result < 0 && errno == EINTR);
  return result;
}

}  // namespace

Notification::Notification() : bytes_((NotificationSize() + 7) / 8) {}

void Notification::Clear() { std::fill(bytes_.begin(), bytes_.end(), 0); }

Listener::Listener(Descriptor descriptor, std::shared_ptr<const Supervision> supervision,
                   std::shared_ptr<Mailbox> mailbox)
    : id_(NextId()),
      descriptor_(std::move(descriptor)),
      supervision_(std::move(supervision)),
      mailbox_(std::move(mailbox)),
      kinds_(supervision_->counts_all) {
  // With this flag the woken thread runs next, on the CPU of the thread that wakes it, which shortens a round trip by a
  // third. Kernels before Linux 6.6 do not know the flag; the failure is ignored.
  static_cast<void>(ioctl(descriptor_.get(), kNotifSetFlags, kSyncWakeUp));
}

bool Listener::ReceiveEnds() {
  static const bool receive_ends = IsAtLeast(6, 11);
  return receive_ends;
}

bool Listener::Serve(Notification* notification) {
  notification->Clear();
  // ENOENT: the calling thread was killed meanwhile.
  if (ioctl(descriptor_.get(), SECCOMP_IOCTL_NOTIF_RECV, notification->get()) != 0) return false;
  served_++;
  Handle(*notification->get());
  return true;
}

void Listener::Handle(const seccomp_notif& notif) {
  const uint32_t answer = supervision_->answers.Run(notif.data);
  switch (answer & kActionMask) {
    case SECCOMP_RET_ALLOW:
    case SECCOMP_RET_LOG:
      CountAllowed(notif, answer);
      Send({notif.id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE});
      break;
    case SECCOMP_RET_USER_NOTIF:
      PassToJavaScript(notif);
      break;
    default: {
      Count(notif, answer);
      const bool is_errno = (answer & kActionMask) == SECCOMP_RET_ERRNO;
      const auto error = static_cast<int>(answer & SECCOMP_RET_DATA);
      // The filter never notifies of calls that it kills, traps or traces, so EPERM is only a safeguard.
      Send(Errno(notif.id, is_errno ? std::min(error, kMaxErrno) : EPERM));
    }
  }
}

void Listener::PassToJavaScript(const seccomp_notif& notif) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    waiting_.emplace(notif.id, nullptr);
  }
  if (!mailbox_->AddCall(id_, notif)) DenyWaiting();
}

void Listener::Count(const seccomp_notif& notif, uint32_t answer) {
  Report(kinds_.Count(*supervision_, notif.data, answer, static_cast<pid_t>(notif.pid)));
}

void Listener::CountAllowed(const seccomp_notif& notif, uint32_t answer) {
  const auto key = Supervision::Key(notif.data.arch, static_cast<uint32_t>(notif.data.nr));
  const auto traits = supervision_->paths.find(key);
  const bool names_files = traits != supervision_->paths.end();
  if (supervision_->counts_all || !names_files) Count(notif, answer);
  if (!names_files) return;
  const auto is_waiting = [&] { return IsValid(notif.id); };
  Report(kinds_.CountFiles(traits->second, notif.data, answer, static_cast<pid_t>(notif.pid), is_waiting));
}

void Listener::Report(std::optional<uint32_t> first) {
  // A reader that counts all calls reads the kinds at the end.
  if (first && !supervision_->counts_all) mailbox_->AddKind(id_, *first);
}

void Listener::Send(seccomp_notif_resp answer) const { ListenerIoctl(descriptor_, SECCOMP_IOCTL_NOTIF_SEND, &answer); }

bool Listener::IsValid(uint64_t call) const { return ListenerIoctl(descriptor_, kNotifIdValid, &call) == 0; }

std::shared_ptr<Connection> Listener::EndWait(Waiting::iterator waiting, int answer) {
  const std::shared_ptr<Connection> connection = std::move(waiting->second);
  waiting_.erase(waiting);
  return connection != nullptr && connection->End(answer) ? connection : nullptr;
}

int Listener::SendAfter(std::shared_ptr<Connection> undone, seccomp_notif_resp answer) {
  if (undone == nullptr) return ListenerIoctl(descriptor_, SECCOMP_IOCTL_NOTIF_SEND, &answer) == 0 ? 0 : errno;
  worker_.Post([self = shared_from_this(), undone = std::move(undone), answer] {
    undone->Undo();
    const std::lock_guard<std::mutex> lock(self->mutex_);
    self->Send(answer);
  });
  return 0;
}

void Listener::UndoLater(std::shared_ptr<Connection> undone) {
  if (undone != nullptr) worker_.Post([undone = std::move(undone)] { undone->Undo(); });
}

void Listener::Close() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    descriptor_ = PrivateDescriptor();
    while (!waiting_.empty()) UndoLater(EndWait(waiting_.begin(), ESRCH));
  }
  mailbox_->AddEnd(id_);
}

void Listener::DenyWaiting() {
  const std::lock_guard<std::mutex> lock(mutex_);
  while (!waiting_.empty()) {
    const uint64_t call = waiting_.begin()->first;
    SendAfter(EndWait(waiting_.begin(), EPERM), Errno(call, EPERM));
  }
}

int Listener::Answer(const seccomp_notif_resp& answer) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto waiting = waiting_.find(answer.id);
  if (waiting == waiting_.end()) return ENOENT;
  const bool continues = (answer.flags & SECCOMP_USER_NOTIF_FLAG_CONTINUE) != 0;
  return SendAfter(EndWait(waiting, continues ? Connection::kContinued : -answer.error), answer);
}

int Listener::AddDescriptor(uint64_t call, int descriptor, bool close_on_exec, int* added) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto waiting = waiting_.find(call);
  if (waiting == waiting_.end()) return ENOENT;
  // Not with SECCOMP_ADDFD_FLAG_SEND: a request that is interrupted, once the kernel has begun it, leaves the call
  // answered with 0, which is the number of another descriptor. A request of io_uring that ends on this thread, such as
  // libuv's, interrupts it even if all signals are blocked. A caller that a signal interrupts between the two steps
  // keeps the descriptor.
  NotifAddfd request = {call, 0, static_cast<uint32_t>(descriptor), 0,
                        close_on_exec ? static_cast<uint32_t>(O_CLOEXEC) : 0};
  *added = ListenerIoctl(descriptor_, kNotifAddfd, &request);
  seccomp_notif_resp answer = {call, *added, 0, 0};
  const bool is_sent = *added >= 0 && ListenerIoctl(descriptor_, SECCOMP_IOCTL_NOTIF_SEND, &answer) == 0;
  const int error = is_sent ? 0 : errno;
  // After other errors, such as EMFILE, the call still waits.
  if (error == 0 || error == ENOENT) UndoLater(EndWait(waiting, error));
  return error;
}

int Listener::Begin(uint64_t call, std::shared_ptr<Connection> connection) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto waiting = waiting_.find(call);
  if (waiting == waiting_.end() || !IsValid(call)) return ENOENT;
  if (waiting->second != nullptr) return EALREADY;
  waiting->second = std::move(connection);
  return 0;
}

int Listener::IsWaiting(uint64_t call) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return waiting_.count(call) != 0 && IsValid(call) ? 0 : ENOENT;
}

}  // namespace seccomp
