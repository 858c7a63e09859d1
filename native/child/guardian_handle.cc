#include "child/guardian_handle.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <utility>

#include "guardian/protocol.h"

namespace seccomp {
namespace {

std::atomic<int> program{-1};

}  // namespace

int OpenGuardianProgram(const char* path) {
  if (program.load() >= 0) return 0;
  Descriptor opened(open(path, O_PATH | O_CLOEXEC));
  if (opened.get() < 0) return errno;
  int none = -1;
  if (program.compare_exchange_strong(none, opened.get())) static_cast<void>(opened.Release());
  return 0;
}

int GuardianProgram() { return program.load(); }

int SignalTree(const GuardianHandle& guardian, int32_t signal) {
  return send(guardian.control.get(), &signal, sizeof signal, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? errno : 0;
}

void ContinueGuardian(const GuardianHandle& guardian) { SendSignal(guardian.process.pidfd, SIGCONT); }

bool ReapReportedZombies(const GuardianHandle& guardian) {
  std::array<int32_t, kMaxZombies> ids = {};
  for (;;) {
    const ssize_t size = recv(guardian.control.get(), ids.data(), sizeof ids, MSG_DONTWAIT | MSG_PEEK);
    if (size <= 0) return size < 0 && (errno == EAGAIN || errno == EINTR);
    // The kernel does not reuse the ID of a zombie, nothing else reaps these, and none is reported twice.
    for (size_t i = 0; i < static_cast<size_t>(size) / sizeof ids[0]; i++) waitpid(ids[i], nullptr, WNOHANG);
    recv(guardian.control.get(), ids.data(), sizeof ids, MSG_DONTWAIT);  // Only now: see guardian/protocol.h.
  }
}

void AbandonTree(GuardianHandle guardian) {
  guardian.control = PrivateDescriptor();
  if (guardian.process.pidfd.get() >= 0) Abandon(std::move(guardian.process));
}

}  // namespace seccomp
