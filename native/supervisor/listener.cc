// One filter's listener: receives its calls, answers them or asks JavaScript.
#include "supervisor/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "system/linux_abi.h"
#include "supervisor/connection.h"

namespace seccomp {
namespace {

constexpr uint32_t kActionMask = SECCOMP_RET_ACTION_FULL;
constexpr int kMostErrno = 4095;  // MAX_ERRNO of linux/err.h, as the kernel cuts it.

uint64_t NextId() {
  static std::atomic<uint64_t> next{1};
  return next++;
}

// Linux 5.0, seccomp(2).
size_t SizeOfNotif() {
  seccomp_notif_sizes sizes = {};
  const bool known = syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) == 0;
  return std::max<size_t>(known ? sizes.seccomp_notif : 0, sizeof(seccomp_notif));
}

seccomp_notif_resp Errno(uint64_t call, int error) { return {call, 0, -error, 0}; }

}  // namespace

Received::Received() : bytes_((SizeOfNotif() + 7) / 8) {}

void Received::Clear() { std::fill(bytes_.begin(), bytes_.end(), 0); }

Listener::Listener(Descriptor descriptor, std::shared_ptr<const Supervision> supervision, std::shared_ptr<Inbox> inbox)
    : id_(NextId()),
      descriptor_(std::move(descriptor)),
      supervision_(std::move(supervision)),
      inbox_(std::move(inbox)) {
  // Whoever waits runs next, on the CPU that answers: a round trip in two thirds of the time. Older kernels lack it.
  static_cast<void>(ioctl(descriptor_.get(), kNotifSetFlags, kSyncWakeUp));
}

bool Listener::Serve(Received* received) {
  received->Clear();
  // ENOENT: the caller was killed meanwhile.
  if (ioctl(descriptor_.get(), SECCOMP_IOCTL_NOTIF_RECV, received->get()) != 0) return false;
  served_++;
  Handle(*received->get());
  return true;
}

void Listener::Handle(const seccomp_notif& notif) {
  const uint32_t answer = supervision_->answers.For(notif.data);
  switch (answer & kActionMask) {
    case SECCOMP_RET_ALLOW:
    case SECCOMP_RET_LOG:
      if (supervision_->everything) Count(notif, answer);
      Send({notif.id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE});
      break;
    case SECCOMP_RET_USER_NOTIF:
      Ask(notif);
      break;
    default: {
      Count(notif, answer);
      const bool is_errno = (answer & kActionMask) == SECCOMP_RET_ERRNO;
      const auto error = static_cast<int>(answer & SECCOMP_RET_DATA);
      // The filter asks of nothing else that is denied: the kernel itself kills, traps and tells a tracer.
      Send(Errno(notif.id, is_errno ? std::min(error, kMostErrno) : EPERM));
    }
  }
}

void Listener::Ask(const seccomp_notif& notif) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    asked_.emplace(notif.id, nullptr);
  }
  if (!inbox_->AddCall(id_, notif)) DenyAsked();
}

void Listener::Count(const seccomp_notif& notif, uint32_t answer) {
  const auto first = kinds_.Count(*supervision_, notif.data, answer, static_cast<pid_t>(notif.pid));
  // Who sees everything asks at the end.
  if (first && !supervision_->everything) inbox_->AddKind(id_, *first);
}

void Listener::Send(seccomp_notif_resp answer) const { ioctl(descriptor_.get(), SECCOMP_IOCTL_NOTIF_SEND, &answer); }

bool Listener::IsValid(uint64_t call) const { return ioctl(descriptor_.get(), kNotifIdValid, &call) == 0; }

void Listener::Close() {
  const std::lock_guard<std::mutex> lock(mutex_);
  descriptor_ = Descriptor();
  while (!asked_.empty()) Answered(asked_.begin()->first, ESRCH);
}

// NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
bool Listener::Answered(uint64_t call, int answer) {
  const auto asked = asked_.find(call);
  if (asked == asked_.end()) return false;
  const std::shared_ptr<Connection> connection = std::move(asked->second);
  asked_.erase(asked);
  if (connection != nullptr) connection->End(answer);
  return true;
}

void Listener::DenyAsked() {
  const std::lock_guard<std::mutex> lock(mutex_);
  while (!asked_.empty()) {
    const uint64_t call = asked_.begin()->first;
    Answered(call, EPERM);
    Send(Errno(call, EPERM));
  }
}

int Listener::Answer(const seccomp_notif_resp& answer) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const bool continues = (answer.flags & SECCOMP_USER_NOTIF_FLAG_CONTINUE) != 0;
  if (!Answered(answer.id, continues ? Connection::kContinued : -answer.error)) return ENOENT;
  seccomp_notif_resp copy = answer;
  return ioctl(descriptor_.get(), SECCOMP_IOCTL_NOTIF_SEND, &copy) == 0 ? 0 : errno;
}

int Listener::AddDescriptor(uint64_t call, int descriptor, bool close_on_exec, int* added) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (asked_.count(call) == 0) return ENOENT;
  NotifAddfd request = {call, kAddfdSend, static_cast<uint32_t>(descriptor), 0,
                        close_on_exec ? static_cast<uint32_t>(O_CLOEXEC) : 0};
  *added = ioctl(descriptor_.get(), kNotifAddfd, &request);
  if (*added < 0) return errno;  // Still to be answered, as with EMFILE.
  Answered(call, 0);
  return 0;
}

int Listener::Begin(uint64_t call, std::shared_ptr<Connection> connection) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto asked = asked_.find(call);
  if (asked == asked_.end() || !IsValid(call)) return ENOENT;
  if (asked->second != nullptr) return EALREADY;
  asked->second = std::move(connection);
  return 0;
}

int Listener::IsWaiting(uint64_t call) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return asked_.count(call) != 0 && IsValid(call) ? 0 : ENOENT;
}

}  // namespace seccomp
