#include <errno.h>
#include <signal.h>

#include <array>
#include <atomic>
#include <cstdint>

#include "napi/functions.h"

namespace seccomp {
namespace {

struct Watched {
  std::atomic<void (*)(int)> handler{nullptr};
  std::atomic<uint32_t> from_kernel{0};
};
static_assert(std::atomic<void (*)(int)>::is_always_lock_free && std::atomic<uint32_t>::is_always_lock_free);

// By the number of the signal. Used by the handler, which may run on any thread and at any time.
std::array<Watched, kLastWatched + 1> watched;

void OnSignal(int number, siginfo_t* info, void* /*context*/) {
  Watched& signal = watched[number];
  if (info->si_code == SI_KERNEL) signal.from_kernel.fetch_add(1);
  signal.handler.load()(number);
}

int Watch(int number) {
  struct sigaction action = {};
  if (sigaction(number, nullptr, &action) != 0) return errno;
  if ((action.sa_flags & SA_SIGINFO) != 0) return action.sa_sigaction == OnSignal ? 0 : EBUSY;
  if (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN) return EINVAL;
  watched[number].handler = action.sa_handler;
  watched[number].from_kernel = 0;
  action.sa_sigaction = OnSignal;
  action.sa_flags |= SA_SIGINFO;
  return sigaction(number, &action, nullptr) == 0 ? 0 : errno;
}

}  // namespace

int WatchSender(Napi::Env /*env*/, WatchedSignal number) { return Watch(static_cast<int>(number.value)); }

bool TakeFromKernel(Napi::Env /*env*/, WatchedSignal number) {
  std::atomic<uint32_t>& count = watched[static_cast<size_t>(number.value)].from_kernel;
  uint32_t left = count.load();
  while (left > 0 && !count.compare_exchange_weak(left, left - 1)) {
  }
  return left > 0;
}

}  // namespace seccomp
