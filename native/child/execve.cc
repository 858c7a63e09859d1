// Turns this process into a program under a filter.
//
// A thread of our own puts the filter on itself alone and calls execve(2), which ends all other threads and takes over
// the process's number. If that fails the thread ends, and the rest of the process never had the filter.
#include "child/execve.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <vector>

#include "system/linux_abi.h"
#include "napi/read_request.h"
#include "napi/features.h"
#include "napi/notify/local_socket.h"

namespace seccomp {
namespace {

// The plan gives every signal its default disposition, which threads share: kept here, in case execve fails.
class DispositionsKept {
 public:
  DispositionsKept() {
    Each([this](int signal) { Call(signal, nullptr, &saved_[signal - 1]); });
  }
  ~DispositionsKept() {
    Each([this](int signal) { Call(signal, &saved_[signal - 1], nullptr); });
  }
  DispositionsKept(const DispositionsKept&) = delete;
  DispositionsKept& operator=(const DispositionsKept&) = delete;

 private:
  template <typename Function>
  static void Each(Function function) {
    for (int signal = 1; signal <= kLastSignal; signal++) {
      if (signal != SIGKILL && signal != SIGSTOP) function(signal);
    }
  }
  static void Call(int signal, const KernelSigaction* set, KernelSigaction* get) {
    syscall(SYS_rt_sigaction, signal, set, get, kSigsetSize);
  }
  KernelSigaction saved_[kLastSignal] = {};
};

// So are limits. A hard limit that was lowered comes back only with CAP_SYS_RESOURCE.
class LimitsKept {
 public:
  explicit LimitsKept(const ChildPlan& plan) {
    if (plan.isolate) Save(RLIMIT_CORE);
    for (size_t i = 0; i < plan.limit_count; i++) Save(plan.limits[i].resource);
  }
  ~LimitsKept() {
    for (const ResourceLimit& limit : saved_) {
      const uint64_t values[] = {limit.soft, limit.hard};
      syscall(SYS_prlimit64, 0, limit.resource, values, nullptr);
    }
  }
  LimitsKept(const LimitsKept&) = delete;
  LimitsKept& operator=(const LimitsKept&) = delete;

 private:
  void Save(int resource) {
    uint64_t values[2] = {};
    if (syscall(SYS_prlimit64, 0, resource, nullptr, values) == 0) saved_.push_back({resource, values[0], values[1]});
  }

  std::vector<ResourceLimit> saved_;
};

}  // namespace

Napi::Value Execve(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsObject()) {
    Napi::TypeError::New(env, "execve(request)").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  const std::unique_ptr<Request> request = Request::Read(env, info[0].As<Napi::Object>());
  if (request == nullptr) return env.Undefined();
  if (request->wants_listener() && request->agent().empty()) {
    Napi::TypeError::New(env, "filterFlags: nobody would be left to answer a listener").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  ChildMemory* memory = ChildMemory::ForThisThread();
  if (memory == nullptr) return ToJavaScript(env, {errno, "mmap"});

  ChildPlan plan = request->Plan(memory);
  std::vector<int> descriptors = request->stdio();
  plan.descriptors = descriptors.data();
  plan.descriptor_count = static_cast<int>(descriptors.size());
  plan.exit_call = SYS_exit;
  const Descriptor ruleset = PrepareDomain(*request, &plan);
  if (plan.failure.error != 0) return ToJavaScript(env, plan.failure);
  Descriptor agent;
  if (request->wants_listener()) {
    plan.failure = ConnectTo(request->agent(), &agent);
    if (plan.failure.error != 0) return ToJavaScript(env, plan.failure);
    plan.handover = agent.get();
  }

  // Its own descriptors, directory and credentials (no CLONE_FILES, no CLONE_FS), so a failure changes nothing here.
  const int flags =
      CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
  const SignalsBlocked blocked;
  if (blocked.error() != 0) return ToJavaScript(env, {blocked.error(), "rt_sigprocmask"});
  const DispositionsKept dispositions;
  const LimitsKept limits(plan);
  std::atomic<pid_t> thread{0};  // The kernel clears it and wakes us when the thread has ended.
  static_assert(sizeof thread == sizeof(pid_t));
  if (clone(RunChild, memory->stack_top(), flags, &plan, &thread, nullptr, &thread) < 0) {
    return ToJavaScript(env, {errno, "clone"});
  }
  for (pid_t id = thread; id != 0; id = thread) syscall(SYS_futex, &thread, FUTEX_WAIT, id, nullptr, nullptr, 0);
  request->Wipe(memory);
  return ToJavaScript(env, plan.failure);
}

}  // namespace seccomp
