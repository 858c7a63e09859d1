// What JavaScript asks to be started, read and checked once, in a form the child can use.
#ifndef SECCOMP_NATIVE_REQUEST_H_
#define SECCOMP_NATIVE_REQUEST_H_

#include <napi.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "child/child_main.h"
#include "child/ruleset.h"

namespace seccomp {

// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.Release()) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  int get() const { return fd_; }
  int Release();

 private:
  int fd_;
};

// The child's stack, the filter it may patch, and its plan: memory that no core dump and no fork of this process
// copies, made once a thread.
class ChildMemory {
 public:
  static ChildMemory* ForThisThread();  // nullptr: no memory, see errno.
  // Memory that a fork of this process has a copy of, for one that starts children of its own.
  static std::unique_ptr<ChildMemory> ForCopies();
  ~ChildMemory();
  ChildMemory(const ChildMemory&) = delete;
  ChildMemory& operator=(const ChildMemory&) = delete;

  void* stack_top() const;
  // Room for the instructions of all filters, kMostFilters * BPF_MAXINSNS at most.
  sock_filter* instructions() const;
  // Leaves nothing of a gate value behind: not in `count` instructions, and not on the stack.
  void Wipe(size_t count);

 private:
  explicit ChildMemory(char* base) : base_(base) {}
  static std::unique_ptr<ChildMemory> Create(int advice);
  char* base_;
};

// Reads [handled, granted, scoped]; throws a TypeError and gives false for anything else.
bool ReadDomain(Napi::Env env, const Napi::Value& value, Domain* domain);

// More than that would not fit the kernel's own limit: 32768 instructions, all filters of a process together.
constexpr size_t kMostFilters = 8;

class Inbox;
struct Supervision;

// The strings, arrays and numbers that a ChildPlan points to.
class Request {
 public:
  // Reads the object that lib/native.ts calls a NativeRequest. Throws a JavaScript TypeError and returns
  // nullptr if it is not one: a key that is not known is refused too, as it may be what another version calls a filter.
  static std::unique_ptr<Request> Read(Napi::Env env, const Napi::Object& options);
  // The same of an object that has filters and no program: a NativeFilters.
  static std::unique_ptr<Request> ReadFiltersOnly(Napi::Env env, const Napi::Object& options);

  // The plan without descriptors. Valid while the request and `memory` live.
  ChildPlan Plan(ChildMemory* memory);

  // What JavaScript wants for each of the child's descriptors: a descriptor of this process, or one of these.
  enum : int { kNone = -1, kNull = -2, kSocket = -3 };
  const std::vector<int>& stdio() const { return stdio_; }
  bool changes_identity() const { return set_uid_ || set_gid_; }
  // Whether the filter makes a listener, which somebody then has to answer for.
  bool wants_listener() const;
  // How its calls are answered; nullptr: by nobody in this process.
  const std::shared_ptr<const Supervision>& supervision() const { return supervision_; }
  // Where the listener's mail goes; there is one if there is supervision.
  const std::shared_ptr<Inbox>& inbox() const { return inbox_; }
  // The socket of another process that the listener is sent to; empty: it is sent to this one.
  const std::string& agent() const { return agent_; }
  // The domain that the child is to enter before all else.
  const std::optional<Domain>& domain() const { return domain_; }
  // Wipes the gate value, if there was one.
  void Wipe(ChildMemory* memory) const;

 private:
  Request() = default;
  struct Filter {
    std::vector<sock_filter> instructions;
    std::vector<GatePatch> gate;
  };
  bool ReadIsolation(Napi::Env env, const Napi::Object& options);
  bool ReadLimits(Napi::Env env, const Napi::Value& limits);
  bool ReadAgent(Napi::Env env, const Napi::Value& agent);
  bool ReadFilters(Napi::Env env, const Napi::Object& options);
  static bool ReadFilter(Napi::Env env, const Napi::Object& options, Filter* filter);

  std::vector<std::string> candidates_, arguments_;
  std::string environment_;  // Each string with a NUL at its end.
  std::vector<const char*> candidate_pointers_;
  std::vector<char*> argument_pointers_, shell_pointers_, environment_pointers_;
  std::vector<int> stdio_;
  std::string cwd_;
  bool new_session_ = false, no_new_privileges_ = true, set_uid_ = false, set_gid_ = false;
  uint32_t uid_ = 0, gid_ = 0;
  std::vector<ResourceLimit> limits_;
  std::optional<Domain> domain_;
  bool is_isolated_ = false, must_isolate_ = false;
  bool drop_capabilities_ = false;
  uint64_t kept_capabilities_ = 0;
  std::vector<Filter> filters_;
  std::vector<ChildFilter> child_filters_;
  uint32_t filter_flags_ = 0;
  std::shared_ptr<const Supervision> supervision_;
  std::shared_ptr<Inbox> inbox_;
  std::string agent_;
  std::vector<std::string> state_;
  std::vector<iovec> state_pieces_;
};

// Blocks every signal of this thread, the ones that libc keeps for itself too, for as long as it lives.
class SignalsBlocked {
 public:
  SignalsBlocked();
  ~SignalsBlocked();
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

  int error() const { return error_; }  // 0: they are blocked.

 private:
  unsigned long saved_[2] = {};
  int error_ = 0;
};

// A worker can be terminated inside any call of Node-API. From then on all that would read or make JavaScript's values
// fails, and what node-addon-api gives is empty: Is…() of it is false, and any other use would end the process. So each
// value is asked what it is where it is read, read once, and what was made is looked at before it is used.

// { error, call } for lib/native.ts, or undefined if nothing failed.
Napi::Value ToJavaScript(Napi::Env env, const Failure& failure);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_REQUEST_H_
