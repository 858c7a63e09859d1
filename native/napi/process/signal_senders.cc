#include "napi/process/signal_senders.h"

#include <errno.h>
#include <signal.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

#include "napi/values.h"

namespace seccomp {
namespace {

// The signals before the real-time signals.
constexpr int kLast = 31;

struct Watched {
  std::atomic<void (*)(int)> handler{nullptr};
  std::atomic<uint32_t> from_kernel{0};
};
static_assert(std::atomic<void (*)(int)>::is_always_lock_free && std::atomic<uint32_t>::is_always_lock_free);

// By the number of the signal. Used by the handler, which may run on any thread and at any time.
std::array<Watched, kLast + 1> watched;

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

bool Take(std::atomic<uint32_t>* count) {
  uint32_t left = count->load();
  while (left > 0 && !count->compare_exchange_weak(left, left - 1)) {
  }
  return left > 0;
}

}  // namespace

Napi::Value WatchSender(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::optional<int64_t> number = ReadInteger(info[0], 1, kLast);
  if (!RequireUsage(env, number.has_value(), "watchSender(signal)")) return env.Undefined();
  return Napi::Number::New(env, Watch(static_cast<int>(number.value_or(0))));
}

Napi::Value TakeFromKernel(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::optional<int64_t> number = ReadInteger(info[0], 1, kLast);
  if (!RequireUsage(env, number.has_value(), "takeFromKernel(signal)")) return env.Undefined();
  return Napi::Boolean::New(env, Take(&watched[static_cast<size_t>(number.value_or(0))].from_kernel));
}

}  // namespace seccomp
