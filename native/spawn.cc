// Starts a program under a filter: clone(CLONE_VM | CLONE_VFORK | CLONE_PIDFD) → RunChild → execve.
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mutex>

#include "exit_watch.h"
#include "linux_abi.h"
#include "request.h"

namespace seccomp {
namespace {

// The descriptors of a child that does not run yet, on both sides.
struct Stdio {
  std::vector<int> child;             // What ChildPlan::descriptors takes.
  std::vector<Descriptor> parent;     // Our end of each socket; -1 where there is none.
  std::vector<Descriptor> temporary;  // Ours only until the child has its copies.
};

bool Open(const std::vector<int>& wanted, Stdio* stdio, Failure* failure) {
  for (size_t i = 0; i < wanted.size(); i++) {
    stdio->parent.emplace_back();
    stdio->child.push_back(wanted[i]);
    if (wanted[i] == Request::kNull) {
      stdio->temporary.emplace_back(open("/dev/null", O_CLOEXEC | (i == 0 ? O_RDONLY : O_RDWR)));
      if (stdio->temporary.back().get() < 0) return *failure = {errno, "open"}, false;
      stdio->child.back() = stdio->temporary.back().get();
    } else if (wanted[i] == Request::kSocket) {
      int pair[2];
      if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return *failure = {errno, "socketpair"}, false;
      stdio->parent.back() = Descriptor(pair[0]);
      stdio->temporary.emplace_back(pair[1]);
      stdio->child.back() = pair[1];
    }
  }
  return true;
}

// A child that changes its ids clears the dumpable flag of the memory it shares with us (commit_creds() in
// kernel/cred.c). One such child at a time, and the flag is put back when it is gone.
class DumpableKept {
 public:
  DumpableKept() : lock_(mutex()), flag_(prctl(PR_GET_DUMPABLE, 0L, 0L, 0L, 0L)) {}
  DumpableKept(const DumpableKept&) = delete;
  DumpableKept& operator=(const DumpableKept&) = delete;
  ~DumpableKept() {
    // prctl(2) takes 0 and 1 only; 2 (fs.suid_dumpable) can't have been lowered by the child to anything looser.
    if (flag_ == 0 || flag_ == 1) prctl(PR_SET_DUMPABLE, static_cast<long>(flag_), 0L, 0L, 0L);
  }

 private:
  static std::mutex& mutex() {
    static std::mutex mutex;
    return mutex;
  }
  std::lock_guard<std::mutex> lock_;
  int flag_;
};

// Runs the plan in a new process. clone(2) with CLONE_VFORK returns when the child has become its program or has died.
// `*pid` is the child's; it has ended already if the plan holds a failure.
Descriptor Clone(ChildPlan* plan, ChildMemory* memory, pid_t* pid) {
  int pidfd = -1;
  const SignalsBlocked blocked;
  const int flags = CLONE_VM | CLONE_VFORK | static_cast<int>(kClonePidfd) | SIGCHLD;
  *pid = clone(RunChild, memory->stack_top(), flags, plan, &pidfd, nullptr, nullptr);
  if (*pid < 0) plan->failure = {errno, "clone"};
  return Descriptor(*pid < 0 ? -1 : pidfd);
}

void Reap(const Descriptor& pidfd) {
  siginfo_t status;
  while (waitid(static_cast<idtype_t>(kWaitPidfd), pidfd.get(), &status, WEXITED) == -1 && errno == EINTR) continue;
}

}  // namespace

Napi::Value Spawn(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsObject() || !info[1].IsFunction()) {
    Napi::TypeError::New(env, "spawn(request, onExit)").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  const std::unique_ptr<Request> request = Request::Read(env, info[0].As<Napi::Object>());
  if (request == nullptr) return env.Undefined();
  ChildMemory* memory = ChildMemory::ForThisThread();
  if (memory == nullptr) return ToJavaScript(env, {errno, "mmap"});

  ChildPlan plan = request->Plan(memory);
  Stdio stdio;
  if (!Open(request->stdio(), &stdio, &plan.failure)) return ToJavaScript(env, plan.failure);
  plan.descriptors = stdio.child.data();
  plan.descriptor_count = static_cast<int>(stdio.child.size());
  plan.exit_call = SYS_exit_group;

  pid_t pid = 0;
  Descriptor pidfd;
  if (request->changes_identity()) {
    const DumpableKept dumpable;
    pidfd = Clone(&plan, memory, &pid);
  } else {
    pidfd = Clone(&plan, memory, &pid);
  }
  if (request->has_gate()) memory->Wipe();
  if (plan.failure.error != 0) {
    if (pidfd.get() >= 0) Reap(pidfd);
    return ToJavaScript(env, plan.failure);
  }

  const Napi::Object watch = ExitWatch::Start(env, &pidfd, info[1].As<Napi::Function>(), &plan.failure);
  if (plan.failure.error != 0) {
    syscall(kPidfdSendSignal, pidfd.get(), SIGKILL, nullptr, 0);
    Reap(pidfd);
    return ToJavaScript(env, plan.failure);
  }
  const Napi::Array sockets = Napi::Array::New(env, stdio.parent.size());
  for (size_t i = 0; i < stdio.parent.size(); i++) sockets.Set(static_cast<uint32_t>(i), stdio.parent[i].Release());
  Napi::Object result = Napi::Object::New(env);
  result.Set("pid", pid);
  result.Set("watch", watch);
  result.Set("sockets", sockets);
  return result;
}

Napi::Value Borrow(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsNumber() || !info[1].IsNumber()) {
    Napi::TypeError::New(env, "borrow(pid, fd)").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  const Descriptor process(static_cast<int>(syscall(kPidfdOpen, info[0].As<Napi::Number>().Int32Value(), 0)));
  if (process.get() < 0) return Napi::Number::New(env, -errno);
  const long fd = syscall(kPidfdGetfd, process.get(), info[1].As<Napi::Number>().Int32Value(), 0);
  return Napi::Number::New(env, fd < 0 ? -errno : static_cast<int>(fd));
}

}  // namespace seccomp
