// Three generations of processes take part. The prober is a fork of Node's process, so it has a single thread and a
// copy of Node's memory. The prober starts the callers one after the other, in its own memory, which takes the same
// time however large Node is. The callers attach the filters and make the calls; a call that kills ends only one
// caller. The filters deny the callers every call, so they report through memory that all three generations share.
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>

#include "napi/functions.h"
#include "system/signals_blocked.h"

namespace seccomp {
namespace {

// The registers of a call, as lib/testing/kernel.ts writes them.
struct Call {
  uint64_t by_int80;  // 1: an x86_64 process makes the call by int $0x80, with the x86 ABI.
  uint64_t number;
  uint64_t args[6];
};
constexpr size_t kWords = sizeof(Call) / sizeof(uint64_t);
constexpr size_t kMaxCalls = 1 << 20;

// The outcome of a call, and the meaning of its value. lib/testing/kernel.ts has the same numbers.
enum Outcome : int32_t {
  kReturned = 0,  // The return value; -errno if the call failed.
  kEnded = 1,     // The signal that ended the process.
  kTrapped = 2,   // The data of SECCOMP_RET_TRAP.
  kTraced = 3,    // The data of SECCOMP_RET_TRACE.
};

struct Result {
  int32_t outcome;
  int32_t value;
};

// The memory that all three generations share.
struct Shared {
  Failure failure;
  bool is_filtered;  // The filters are attached to the caller.
  size_t next;       // The index of the call that is being made.
  Result results[];

  void Report(int32_t outcome, int64_t value) {
    results[next] = {outcome, static_cast<int32_t>(value)};
    next++;
  }
};

// Memory that a fork shares with its parent.
class SharedMemory {
 public:
  explicit SharedMemory(size_t size)
      : size_(size), base_(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {}
  ~SharedMemory() {
    if (base_ != MAP_FAILED) munmap(base_, size_);
  }
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;
  void* get() const { return base_ == MAP_FAILED ? nullptr : base_; }

 private:
  size_t size_;
  void* base_;
};

#ifdef __x86_64__
// int $0x80 takes the number in eax and the arguments in ebx, ecx, edx, esi, edi, ebp. The function must preserve rbx
// and rbp; old kernels set r8 to r11 to zero, which it need not preserve. Source: arch/x86/entry/entry_64_compat.S.
asm(R"(
  .text
  .hidden seccomp_call_int80
  .global seccomp_call_int80
  .type seccomp_call_int80, @function
seccomp_call_int80:
  push %rbx
  push %rbp
  mov 8(%rdi), %rax
  mov 16(%rdi), %rbx
  mov 24(%rdi), %rcx
  mov 32(%rdi), %rdx
  mov 40(%rdi), %rsi
  mov 56(%rdi), %rbp
  mov 48(%rdi), %rdi
  int $0x80
  pop %rbp
  pop %rbx
  ret
)");
extern "C" int seccomp_call_int80(const Call* call);
constexpr bool kHasInt80 = true;
#else
int seccomp_call_int80(const Call*) { return -ENOSYS; }
constexpr bool kHasInt80 = false;
#endif

int64_t MakeCall(const Call& call) {
  if (call.by_int80 != 0) return seccomp_call_int80(&call);
  const uint64_t* a = call.args;
  const long result = syscall(static_cast<long>(call.number), a[0], a[1], a[2], a[3], a[4], a[5]);
  return result == -1 ? -errno : result;
}

class Prober {
 public:
  Prober(ChildPlan* plan, void* stack_top, const Call* calls, size_t count, bool is_traced, Shared* shared)
      : plan_(plan), stack_top_(stack_top), calls_(calls), count_(count), is_traced_(is_traced), shared_(shared) {}

  // Called in the prober, where all signals are blocked. This function and all functions that it calls are
  // async-signal-safe, since other threads of Node may have held locks when the process was forked.
  void Run() {
    // Before Linux 5.16, the core dump of a caller would end every process that shares its memory.
    prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
    prctl(PR_SET_PDEATHSIG, static_cast<long>(SIGKILL), 0L, 0L, 0L);
    while (shared_->next < count_ && shared_->failure.error == 0) RunCaller();
  }

 private:
  // Starts a caller, which makes the calls from `next` on until one ends it.
  void RunCaller() {
    const size_t first = shared_->next;
    shared_->is_filtered = false;
    running_ = this;
    // With CLONE_VFORK the prober would wait, but it has to trace.
    const pid_t pid = clone(MakeCalls, stack_top_, CLONE_VM | (is_traced_ ? 0 : CLONE_VFORK) | SIGCHLD, this, nullptr,
                            nullptr, nullptr);
    if (pid < 0) {
      shared_->failure = {errno, "clone"};
      return;
    }
    int status = 0;
    do {
      if (waitpid(pid, &status, 0) < 0) {
        shared_->failure = {errno, "waitpid"};
        return;
      }
      if (WIFSTOPPED(status)) Trace(pid, status);
    } while (WIFSTOPPED(status));
    if (plan_->failure.error != 0) {
      shared_->failure = plan_->failure;
    } else if (!shared_->is_filtered) {
      shared_->failure = {ECHILD, "clone"};  // Another process killed the caller.
    } else if (shared_->next < count_ && !is_reported_ && WIFSIGNALED(status)) {
      shared_->Report(kEnded, WTERMSIG(status));
    } else if (shared_->next == first) {
      shared_->failure = {ECHILD, "waitpid"};
    }
    is_reported_ = false;
  }

  // Reports a call that is traced and kills the caller, so that the kernel does not carry out the call. Source:
  // __seccomp_filter() in kernel/seccomp.c, "Terminating the task now avoids executing a system call".
  void Trace(pid_t pid, int status) {
    if (status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8)) {
      unsigned long message = 0;
      ptrace(PTRACE_GETEVENTMSG, pid, nullptr, &message);
      shared_->Report(kTraced, static_cast<int64_t>(message));
      is_reported_ = true;
      kill(pid, SIGKILL);
    } else if (WSTOPSIG(status) == SIGSTOP && !shared_->is_filtered) {
      ptrace(PTRACE_SETOPTIONS, pid, nullptr, PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP);
      ptrace(PTRACE_CONT, pid, nullptr, nullptr);
    } else {
      ptrace(PTRACE_CONT, pid, nullptr, static_cast<long>(WSTOPSIG(status)));
    }
  }

  static int MakeCalls(void* prober) {
    auto* self = static_cast<Prober*>(prober);
    CatchTraps();
    if (self->is_traced_) {
      ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
      kill(getpid(), SIGSTOP);
    }
    RunUnderFilters(self->plan_, [](void* prober) { static_cast<Prober*>(prober)->MakeRest(); }, self);
  }

  void MakeRest() {
    shared_->is_filtered = true;
    while (shared_->next < count_) shared_->Report(kReturned, MakeCall(calls_[shared_->next]));
  }

  // Handles SIGSYS. Of the actions that send it, SECCOMP_RET_TRAP runs the handler; those that kill do not.
  static void CatchTraps() {
    struct sigaction action = {};
    action.sa_sigaction = [](int, siginfo_t* info, void*) {
      if (running_->shared_->is_filtered) {
        running_->shared_->Report(kTrapped, info->si_errno);
        running_->is_reported_ = true;
      }
      __builtin_trap();  // sigreturn(2) would be denied.
    };
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSYS, &action, nullptr);
    sigset_t trap;
    sigemptyset(&trap);
    sigaddset(&trap, SIGSYS);
    pthread_sigmask(SIG_UNBLOCK, &trap, nullptr);
  }

  // For the signal handler. There is one prober in each process.
  static Prober* running_;

  ChildPlan* plan_;
  void* stack_top_;
  const Call* calls_;
  size_t count_;
  bool is_traced_;
  Shared* shared_;
  bool is_reported_ = false;  // The call that ended the caller is reported already.
};

Prober* Prober::running_ = nullptr;

// Runs the prober in a fork of this process, and waits for its end.
Failure RunInFork(Prober* prober) {
  pid_t pid = 0;
  {
    const SignalsBlocked blocked;
    if (blocked.error() != 0) return {blocked.error(), "rt_sigprocmask"};
    pid = fork();
    if (pid == 0) {
      prober->Run();
      _exit(0);
    }
  }
  if (pid < 0) return {errno, "fork"};
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return {errno, "waitpid"};
  }
  return status == 0 ? Failure{0, nullptr} : Failure{ECHILD, "fork"};
}

}  // namespace

Napi::Value Probe(Napi::Env env, const Napi::Value& filters, const Napi::TypedArray& array, bool is_traced) {
  Request request;
  if (!Require(env, array.TypedArrayType() == napi_biguint64_array, "calls must be a BigUint64Array") ||
      !ReadValue(filters, &request)) {
    return env.Undefined();
  }
  // After the request, since a getter of it might detach the array's buffer.
  const auto words = array.As<Napi::BigUint64Array>();
  const size_t count = words.ElementLength() / kWords;
  const bool is_whole = words.ElementLength() % kWords == 0 && count <= kMaxCalls;
  if (!Require(env, is_whole, "calls must have 8 words for each call, and at most 2^20 calls")) return env.Undefined();
  const auto* calls = reinterpret_cast<const Call*>(words.Data());
  for (size_t i = 0; i < count; i++) {
    const bool is_possible = kHasInt80 || calls[i].by_int80 == 0;
    if (!Require(env, is_possible, "calls use int $0x80, which this CPU does not have")) return env.Undefined();
  }

  const SharedMemory memory(sizeof(Shared) + count * sizeof(Result));
  const std::unique_ptr<ChildMemory> child_memory = ChildMemory::ForCopies();
  if (memory.get() == nullptr || child_memory == nullptr) return ToJavaScript(env, {errno, "mmap"});
  auto* shared = static_cast<Shared*>(memory.get());
  PreparedPlan plan(&request, child_memory.get());
  plan->exit_call = SYS_exit_group;
  Prober prober(plan.get(), child_memory->stack_top(), calls, count, is_traced, shared);
  const Failure failure = RunInFork(&prober);
  if (failure.error != 0) return ToJavaScript(env, failure);
  if (shared->failure.error != 0) return ToJavaScript(env, shared->failure);
  auto results = Napi::Int32Array::New(env, 2 * count);
  if (count > 0 && !results.IsEmpty()) memcpy(results.Data(), shared->results, count * sizeof(Result));
  return results;
}

}  // namespace seccomp
