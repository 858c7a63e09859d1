// Asks the kernel what filters answer to calls, none of which is carried out.
//
// Three generations. Node's process is copied once: by the prober, which has no threads and whose memory is its own.
// The prober starts those that put the filters on and make the calls, one after the other, in its own memory: that is
// fast whatever the size of Node, and a call that kills costs one of them. They can't report, as every call is denied
// to them: they write into memory that all three share.
#include "napi/probe.h"

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

#include "napi/read_request.h"

namespace seccomp {
namespace {

// A call as it goes into the registers; lib/testing/kernel.ts writes it.
struct Call {
  uint64_t by_int80;  // Of an x86_64 process: int $0x80, the x86 ABI.
  uint64_t number;
  uint64_t args[6];
};
constexpr size_t kWords = sizeof(Call) / sizeof(uint64_t);
constexpr size_t kMostCalls = 1 << 20;

// What became of a call, and the value that goes with it: lib/testing/kernel.ts has the same numbers.
enum Outcome : int32_t {
  kReturned = 0,  // What it returned, −errno if it failed.
  kEnded = 1,     // The signal that ended the process.
  kTrapped = 2,   // SIGSYS by SECCOMP_RET_TRAP, with the filter's 16 bits.
  kTraced = 3,    // SECCOMP_RET_TRACE, with the filter's 16 bits.
};

struct Answer {
  int32_t outcome;
  int32_t value;
};

// What all three generations see.
struct Shared {
  Failure failure;
  bool filtered;  // The filters are on the process that is to make the calls.
  size_t next;    // The call that is being made.
  Answer answers[];

  void Tell(int32_t outcome, int64_t value) {
    answers[next] = {outcome, static_cast<int32_t>(value)};
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
// int $0x80 takes 32-bit registers: number in eax, arguments in ebx, ecx, edx, esi, edi, ebp. ebp and ebx are the
// caller's; r8 to r11 come back as zero from old kernels. Source: arch/x86/entry/entry_64_compat.S.
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

int64_t Make(const Call& call) {
  if (call.by_int80 != 0) return seccomp_call_int80(&call);
  const uint64_t* a = call.args;
  const long result = syscall(static_cast<long>(call.number), a[0], a[1], a[2], a[3], a[4], a[5]);
  return result == -1 ? -errno : result;
}

class Prober {
 public:
  Prober(ChildPlan* plan, void* stack_top, const Call* calls, size_t count, bool traced, Shared* shared)
      : plan_(plan), stack_top_(stack_top), calls_(calls), count_(count), traced_(traced), shared_(shared) {}

  // In a process of its own, where all signals are blocked. Async-signal-safe, as all below: Node has other threads.
  void Run() {
    // The memory is shared with those who die: before Linux 5.16 a core dump would end whoever has it.
    prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
    prctl(PR_SET_PDEATHSIG, static_cast<long>(SIGKILL), 0L, 0L, 0L);
    while (shared_->next < count_ && shared_->failure.error == 0) Sacrifice();
  }

 private:
  // Starts one that makes the calls from `next` on, as far as it comes.
  void Sacrifice() {
    const size_t first = shared_->next;
    shared_->filtered = false;
    running_ = this;
    // One that is traced needs us while it runs.
    const pid_t pid =
        clone(MakeCalls, stack_top_, CLONE_VM | (traced_ ? 0 : CLONE_VFORK) | SIGCHLD, this, nullptr, nullptr, nullptr);
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
    } else if (!shared_->filtered) {
      shared_->failure = {ECHILD, "clone"};  // Somebody else ended it.
    } else if (shared_->next < count_ && !told_ && WIFSIGNALED(status)) {
      shared_->Tell(kEnded, WTERMSIG(status));
    } else if (shared_->next == first) {
      shared_->failure = {ECHILD, "waitpid"};
    }
    told_ = false;
  }

  // A call that is to be traced is told, and its process ended: the kernel then does not carry it out. Source:
  // __seccomp_filter() in kernel/seccomp.c, "Terminating the task now avoids executing a system call".
  void Trace(pid_t pid, int status) {
    if (status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8)) {
      unsigned long message = 0;
      ptrace(PTRACE_GETEVENTMSG, pid, nullptr, &message);
      shared_->Tell(kTraced, static_cast<int64_t>(message));
      told_ = true;
      kill(pid, SIGKILL);
    } else if (WSTOPSIG(status) == SIGSTOP && !shared_->filtered) {
      ptrace(PTRACE_SETOPTIONS, pid, nullptr, PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP);
      ptrace(PTRACE_CONT, pid, nullptr, nullptr);
    } else {
      ptrace(PTRACE_CONT, pid, nullptr, static_cast<long>(WSTOPSIG(status)));
    }
  }

  static int MakeCalls(void* prober) {
    auto* self = static_cast<Prober*>(prober);
    CatchTraps();
    if (self->traced_) {
      ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
      kill(getpid(), SIGSTOP);
    }
    RunUnderFilters(self->plan_, [](void* prober) { static_cast<Prober*>(prober)->MakeRest(); }, self);
  }

  void MakeRest() {
    shared_->filtered = true;
    while (shared_->next < count_) shared_->Tell(kReturned, Make(calls_[shared_->next]));
  }

  // SECCOMP_RET_TRAP sends SIGSYS, which is caught; SECCOMP_RET_KILL ends by SIGSYS, which can't be.
  static void CatchTraps() {
    struct sigaction action = {};
    action.sa_sigaction = [](int, siginfo_t* info, void*) {
      if (running_->shared_->filtered) {
        running_->shared_->Tell(kTrapped, info->si_errno);
        running_->told_ = true;
      }
      __builtin_trap();  // Every way back is a call, and denied.
    };
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSYS, &action, nullptr);
    sigset_t trap;
    sigemptyset(&trap);
    sigaddset(&trap, SIGSYS);
    pthread_sigmask(SIG_UNBLOCK, &trap, nullptr);
  }

  // For the handler, in the prober's own copy of Node's memory: one prober a process.
  static Prober* running_;

  ChildPlan* plan_;
  void* stack_top_;
  const Call* calls_;
  size_t count_;
  bool traced_;
  Shared* shared_;
  bool told_ = false;  // The process that ended had said what its last call met.
};

Prober* Prober::running_ = nullptr;

// Has a copy of this process be the prober, until it has ended.
Failure RunInCopy(Prober* prober) {
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

Napi::Value Probe(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto refuse = [&env](const char* what) {
    Napi::TypeError::New(env, what).ThrowAsJavaScriptException();
    return env.Undefined();
  };
  if (!info[0].IsObject() || !info[1].IsTypedArray() || !info[2].IsBoolean()) {
    return refuse("probe(filters, calls, traced)");
  }
  if (info[1].As<Napi::TypedArray>().TypedArrayType() != napi_biguint64_array) return refuse("calls: a BigUint64Array");
  const auto words = info[1].As<Napi::BigUint64Array>();
  const size_t count = words.ElementLength() / kWords;
  if (words.ElementLength() % kWords != 0 || count > kMostCalls) return refuse("calls: 8 words each, at most 2^20");
  const auto* calls = reinterpret_cast<const Call*>(words.Data());
  for (size_t i = 0; i < count; i++) {
    if (!kHasInt80 && calls[i].by_int80 != 0) return refuse("calls: this CPU has no int 0x80");
  }
  const std::unique_ptr<Request> request = Request::ReadFiltersOnly(env, info[0].As<Napi::Object>());
  if (request == nullptr) return env.Undefined();

  const SharedMemory memory(sizeof(Shared) + count * sizeof(Answer));
  const std::unique_ptr<ChildMemory> child_memory = ChildMemory::ForCopies();
  if (memory.get() == nullptr || child_memory == nullptr) return ToJavaScript(env, {errno, "mmap"});
  auto* shared = static_cast<Shared*>(memory.get());
  ChildPlan plan = request->Plan(child_memory.get());
  plan.exit_call = SYS_exit_group;
  Prober prober(&plan, child_memory->stack_top(), calls, count, info[2].As<Napi::Boolean>().Value(), shared);
  const Failure failure = RunInCopy(&prober);
  if (failure.error != 0) return ToJavaScript(env, failure);
  if (shared->failure.error != 0) return ToJavaScript(env, shared->failure);
  auto answers = Napi::Int32Array::New(env, 2 * count);
  if (!answers.IsEmpty()) memcpy(answers.Data(), shared->answers, count * sizeof(Answer));
  return answers;
}

}  // namespace seccomp
