// What runs between clone and execve.
#ifndef SECCOMP_NATIVE_CHILD_H_
#define SECCOMP_NATIVE_CHILD_H_

#include <linux/filter.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>

namespace seccomp {

// The value that opens the exec gate: one word for each of the syscall arguments 3, 4 and 5.
constexpr size_t kGateWords = 3;

// An instruction of the filter whose constant is half a word of the gate value.
struct GatePatch {
  uint16_t instruction;
  // Which half: 0 is the low half of argument 3, 1 its high half, … 5 the high half of argument 5.
  uint16_t half;
};

// A filter to put on. The gate value is written into it first.
struct ChildFilter {
  sock_filter* instructions;
  uint16_t length;
  const GatePatch* gate;
  size_t gate_length;
};

// Of what is sent with a listener.
constexpr size_t kMostPieces = 3;

// RLIMIT_* and its two values; ~0: none.
struct ResourceLimit {
  int resource;
  uint64_t soft;
  uint64_t hard;
};

// What went wrong, and in which call. `error` 0: nothing did.
struct Failure {
  int error;
  const char* call;
};

// Everything that the child needs, made ready by the parent. The child only reads it, save the filters' instructions
// and `failure`. Memory is shared with the parent, so nothing has to be sent anywhere.
struct ChildPlan {
  // Paths for execve to try in turn, and the arguments of the shell that runs a file the kernel has no format for.
  const char* const* candidates;
  size_t candidate_count;
  char* const* argv;
  char** shell_argv;
  char* const* envp;
  // The child's descriptor i is the parent's descriptors[i]; -1: none. All others are closed by execve.
  int* descriptors;
  int descriptor_count;
  const char* cwd;  // nullptr: the parent's.
  bool new_session;
  bool set_uid;
  bool set_gid;
  uid_t uid;
  gid_t gid;
  const ResourceLimit* limits;
  size_t limit_count;
  // With `isolate`: the ruleset of the Landlock domain that the child enters, or -1. If it can't, it ends with
  // `must_isolate`; else `isolation_error` says why it goes on without.
  int ruleset;
  int isolation_error;
  bool isolate;
  bool must_isolate;
  bool drop_capabilities;
  uint64_t kept_capabilities;  // A bit for each that may stay; all others leave the five sets.
  bool no_new_privileges;
  const ChildFilter* filters;  // In the order in which they are put on; each but the last has a gate for seccomp(2).
  size_t filter_count;
  uint32_t filter_flags;  // SECCOMP_FILTER_FLAG_*
  // With SECCOMP_FILTER_FLAG_NEW_LISTENER: the socket that its listener is sent to, and the bytes that go with it,
  // kMostPieces at most, with the child's number in decimal between one piece and the next.
  int handover;
  const iovec* message;
  size_t message_pieces;
  // What PutOnFilters tells besides `failure`: how many are on, and with TSYNC the thread that could not be given one.
  size_t filters_on;
  pid_t other_thread;
  // The syscall that ends this child and nothing else: exit_group for a process, exit for a thread.
  long exit_call;
  Failure failure;
};

// Puts the plan's no_new_privs and filters on the thread that calls; with SECCOMP_FILTER_FLAG_TSYNC on all threads of
// this process. False: the reason is in `plan->failure`. Leaves the gate value in the filters' instructions, which are
// the caller's to wipe, and nowhere else. As async-signal-safe as RunChild.
bool PutOnFilters(ChildPlan* plan);

// Puts the plan's no_new_privs and filters on this process, calls `work`, and ends the process by its exit_call, for
// which the filters have a gate; without `work` if a step failed, with the reason in `plan->failure`. As
// async-signal-safe as RunChild.
[[noreturn]] void RunUnderFilters(ChildPlan* plan, void (*work)(void*), void* context);

// Carries out the plan; returns only by ending the child, with the reason in `plan->failure`. The gate value is passed
// to the last call too, so it stays on the child's stack and in the filters: the parent wipes both, however the child
// ended. Async-signal-safe: it allocates nothing, takes no lock, and calls only what is a plain syscall.
int RunChild(void* plan);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_CHILD_H_
