// What JavaScript asks to be started, read and checked once, in a form the child can use.
#include "napi/read_request.h"

#include <errno.h>
#include <linux/bpf_common.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <limits>
#include <optional>

#include "system/linux_abi.h"
#include "napi/values.h"
#include "napi/notify/supervise.h"

namespace seccomp {
namespace {

// RunChild calls a handful of small functions; the kernel needs none of this stack.
constexpr size_t kGuard = 64 * 1024;  // One page of the largest page size.
constexpr size_t kStack = 64 * 1024;
constexpr size_t kFilter = BPF_MAXINSNS * sizeof(sock_filter);
constexpr size_t kMapping = kGuard + kStack + kMostFilters * kFilter;

void Throw(Napi::Env env, const char* what) { Napi::TypeError::New(env, what).ThrowAsJavaScriptException(); }

bool ReadString(Napi::Env env, const Napi::Value& value, const char* what, std::string* out) {
  if (!value.IsString()) return Throw(env, what), false;
  *out = value.As<Napi::String>().Utf8Value();
  if (out->find('\0') != std::string::npos) return Throw(env, what), false;
  return true;
}

bool ReadStrings(Napi::Env env, const Napi::Value& value, const char* what, std::vector<std::string>* out) {
  if (!value.IsArray()) return Throw(env, what), false;
  const Napi::Array array = value.As<Napi::Array>();
  out->resize(array.Length());
  for (uint32_t i = 0; i < array.Length(); i++) {
    if (!ReadString(env, array.Get(i), what, &(*out)[i])) return false;
  }
  return true;
}

bool ReadEnvironment(Napi::Env env, const Napi::Value& value, std::string* out) {
  constexpr const char* what = "env: a text of NAME=value, each with a NUL at its end";
  if (!value.IsString()) return Throw(env, what), false;
  *out = value.As<Napi::String>().Utf8Value();
  if (!out->empty() && out->back() != '\0') return Throw(env, what), false;
  return true;
}

// A whole number from `low` to `high`.
std::optional<int64_t> ReadInteger(Napi::Env env, const Napi::Value& value, int64_t low, int64_t high,
                                   const char* what) {
  if (value.IsNumber()) {
    const double number = value.As<Napi::Number>().DoubleValue();
    const bool in_range = number >= static_cast<double>(low) && number <= static_cast<double>(high);
    const auto integer = in_range ? static_cast<int64_t>(number) : low - 1;
    if (integer >= low && static_cast<double>(integer) == number) return integer;
  }
  Throw(env, what);
  return std::nullopt;
}

bool ReadId(Napi::Env env, const Napi::Value& value, const char* what, bool* set, uint32_t* id) {
  if (value.IsUndefined()) return true;
  const auto number = ReadInteger(env, value, std::numeric_limits<int32_t>::min(), UINT32_MAX, what);
  if (!number) return false;
  *set = true;
  *id = static_cast<uint32_t>(*number);
  return true;
}

bool ReadFlag(Napi::Env env, const Napi::Value& value, const char* what, bool* out) {
  if (!value.IsBoolean()) return Throw(env, what), false;
  *out = value.As<Napi::Boolean>().Value();
  return true;
}

std::vector<char*> Pointers(std::vector<std::string>* strings) {
  std::vector<char*> pointers;
  for (std::string& string : *strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

// The strings of a text in which each has a NUL at its end.
std::vector<char*> Pointers(std::string* text) {
  std::vector<char*> pointers;
  for (size_t start = 0; start < text->size(); start = text->find('\0', start) + 1) {
    pointers.push_back(text->data() + start);
  }
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) close(fd_);
    fd_ = other.Release();
  }
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

int Descriptor::Release() {
  const int fd = fd_;
  fd_ = -1;
  return fd;
}

bool ReadDomain(Napi::Env env, const Napi::Value& value, Domain* domain) {
  constexpr const char* what = "domain: [handled, granted, scoped]";
  if (!value.IsArray() || value.As<Napi::Array>().Length() != 3) return Throw(env, what), false;
  uint32_t* const bits[] = {&domain->handled, &domain->granted, &domain->scoped};
  for (uint32_t i = 0; i < 3; i++) {
    const auto number = ReadInteger(env, value.As<Napi::Array>().Get(i), 0, UINT32_MAX, what);
    if (!number) return false;
    *bits[i] = static_cast<uint32_t>(*number);
  }
  return true;
}

ChildMemory* ChildMemory::ForThisThread() {
  thread_local std::unique_ptr<ChildMemory> memory;
  if (memory == nullptr) memory = Create(MADV_DONTFORK);
  return memory.get();
}

std::unique_ptr<ChildMemory> ChildMemory::ForCopies() { return Create(MADV_NORMAL); }

std::unique_ptr<ChildMemory> ChildMemory::Create(int advice) {
  void* base = mmap(nullptr, kMapping, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (base == MAP_FAILED) return nullptr;
  std::unique_ptr<ChildMemory> memory(new ChildMemory(static_cast<char*>(base)));
  if (mprotect(base, kGuard, PROT_NONE) == 0 && madvise(base, kMapping, MADV_DONTDUMP) == 0 &&
      madvise(base, kMapping, advice) == 0) {
    return memory;
  }
  const int error = errno;
  memory.reset();
  errno = error;
  return nullptr;
}

ChildMemory::~ChildMemory() { munmap(base_, kMapping); }

void* ChildMemory::stack_top() const { return base_ + kGuard + kStack; }

sock_filter* ChildMemory::instructions() const { return reinterpret_cast<sock_filter*>(base_ + kGuard + kStack); }

void ChildMemory::Wipe(size_t count) { explicit_bzero(base_ + kGuard, kStack + count * sizeof(sock_filter)); }

std::unique_ptr<Request> Request::Read(Napi::Env env, const Napi::Object& options) {
  std::unique_ptr<Request> request(new Request());
  Request& r = *request;
  if (!HasOnly(env, options, "request",
               {"candidates", "args", "env", "cwd", "detached", "uid", "gid", "noNewPrivileges", "stdio", "limits",
                "isolation", "domain", "keptCapabilities", "filters", "unconfined", "filterFlags", "supervision",
                "inbox", "agent"})) {
    return nullptr;
  }
  if (!ReadStrings(env, Own(options, "candidates"), "candidates: an array of paths", &r.candidates_) ||
      !ReadStrings(env, Own(options, "args"), "args: an array of strings without NUL", &r.arguments_) ||
      !ReadEnvironment(env, Own(options, "env"), &r.environment_) ||
      !ReadFlag(env, Own(options, "detached"), "detached: a boolean", &r.new_session_) ||
      !ReadFlag(env, Own(options, "noNewPrivileges"), "noNewPrivileges: a boolean", &r.no_new_privileges_) ||
      !ReadId(env, Own(options, "uid"), "uid: a 32-bit number", &r.set_uid_, &r.uid_) ||
      !ReadId(env, Own(options, "gid"), "gid: a 32-bit number", &r.set_gid_, &r.gid_)) {
    return nullptr;
  }
  if (r.candidates_.empty()) return Throw(env, "candidates: at least one path"), nullptr;
  if (r.arguments_.empty()) return Throw(env, "args: at least argv[0]"), nullptr;
  const Napi::Value cwd = Own(options, "cwd");
  if (!cwd.IsUndefined() && !ReadString(env, cwd, "cwd: a path without NUL", &r.cwd_)) return nullptr;

  const Napi::Value stdio = Own(options, "stdio");
  if (!stdio.IsArray() || stdio.As<Napi::Array>().Length() > 1024) {
    return Throw(env, "stdio: an array of at most 1024 descriptors"), nullptr;
  }
  for (uint32_t i = 0; i < stdio.As<Napi::Array>().Length(); i++) {
    const auto fd = ReadInteger(env, stdio.As<Napi::Array>().Get(i), kSocket, std::numeric_limits<int>::max(),
                                "stdio: a descriptor");
    if (!fd) return nullptr;
    r.stdio_.push_back(static_cast<int>(*fd));
  }
  const Napi::Value kept = Own(options, "keptCapabilities");
  if (!kept.IsUndefined()) {
    if (!kept.IsBigInt()) return Throw(env, "keptCapabilities: a bigint of 64 bits"), nullptr;
    bool lossless = false;
    r.drop_capabilities_ = true;
    r.kept_capabilities_ = kept.As<Napi::BigInt>().Uint64Value(&lossless);
    if (!lossless) return Throw(env, "keptCapabilities: a bigint of 64 bits"), nullptr;
  }
  if (!r.ReadIsolation(env, options) || !r.ReadLimits(env, Own(options, "limits")) || !r.ReadFilters(env, options)) {
    return nullptr;
  }
  const Napi::Value supervision = Own(options, "supervision");
  if (!supervision.IsUndefined() &&
      (!ReadSupervision(env, supervision, &r.supervision_) || !ReadInbox(env, Own(options, "inbox"), &r.inbox_))) {
    return nullptr;
  }
  const Napi::Value agent = Own(options, "agent");
  return agent.IsUndefined() || r.ReadAgent(env, agent) ? std::move(request) : nullptr;
}

std::unique_ptr<Request> Request::ReadFiltersOnly(Napi::Env env, const Napi::Object& options) {
  std::unique_ptr<Request> request(new Request());
  if (!HasOnly(env, options, "filters", {"noNewPrivileges", "filters", "unconfined", "filterFlags"})) return nullptr;
  const Napi::Value no_new_privileges = Own(options, "noNewPrivileges");
  if (!ReadFlag(env, no_new_privileges, "noNewPrivileges: a boolean", &request->no_new_privileges_) ||
      !request->ReadFilters(env, options)) {
    return nullptr;
  }
  if (request->wants_listener()) return Throw(env, "filterFlags: a listener is for a child's filter"), nullptr;
  return request;
}

bool Request::wants_listener() const { return (filter_flags_ & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0; }

bool Request::ReadIsolation(Napi::Env env, const Napi::Object& options) {
  const Napi::Value isolation = Own(options, "isolation");
  const Napi::Value domain = Own(options, "domain");
  if (!isolation.IsUndefined()) {
    if (!ReadFlag(env, isolation, "isolation: a boolean, whether it is required", &must_isolate_)) return false;
    is_isolated_ = true;
  }
  if (domain.IsUndefined()) return !must_isolate_ || (Throw(env, "isolation: required, without a domain"), false);
  if (!is_isolated_) return Throw(env, "domain: without isolation"), false;
  domain_.emplace();
  return ReadDomain(env, domain, &*domain_);
}

bool Request::ReadLimits(Napi::Env env, const Napi::Value& limits) {
  constexpr const char* what = "limits: an array of [resource, soft, hard], flat, the last two as bigints";
  if (limits.IsUndefined()) return true;
  if (!limits.IsArray() || limits.As<Napi::Array>().Length() % 3 != 0) return Throw(env, what), false;
  const Napi::Array values = limits.As<Napi::Array>();
  for (uint32_t i = 0; i < values.Length(); i += 3) {
    const auto resource = ReadInteger(env, values.Get(i), 0, 255, what);
    if (!resource) return false;
    const Napi::Value soft = values.Get(i + 1);
    const Napi::Value hard = values.Get(i + 2);
    bool soft_fits = false;
    bool hard_fits = false;
    if (!soft.IsBigInt() || !hard.IsBigInt()) return Throw(env, what), false;
    limits_.push_back({static_cast<int>(*resource), soft.As<Napi::BigInt>().Uint64Value(&soft_fits),
                       hard.As<Napi::BigInt>().Uint64Value(&hard_fits)});
    if (!soft_fits || !hard_fits) return Throw(env, what), false;
  }
  return true;
}

bool Request::ReadAgent(Napi::Env env, const Napi::Value& agent) {
  if (!wants_listener() || supervision_ != nullptr || !agent.IsObject()) {
    return Throw(env, "agent: { path, state }, for a listener that is not answered here"), false;
  }
  const Napi::Object options = agent.As<Napi::Object>();
  if (!HasOnly(env, options, "agent", {"path", "state"}) ||
      !ReadString(env, Own(options, "path"), "path: a path without NUL", &agent_) ||
      !ReadStrings(env, Own(options, "state"), "state: an array of texts", &state_)) {
    return false;
  }
  if (agent_.empty()) return Throw(env, "path: of the agent's socket"), false;
  if (state_.empty() || state_.size() > kMostPieces) return Throw(env, "state: one to three texts"), false;
  return true;
}

bool Request::ReadFilters(Napi::Env env, const Napi::Object& options) {
  bool unconfined = false;
  if (!ReadFlag(env, Own(options, "unconfined"), "unconfined: a boolean", &unconfined)) return false;
  const Napi::Value filters = Own(options, "filters");
  if (!filters.IsArray() || filters.As<Napi::Array>().Length() > kMostFilters) {
    return Throw(env, "filters: an array of at most 8 filters"), false;
  }
  const Napi::Array array = filters.As<Napi::Array>();
  filters_.resize(array.Length());
  if (unconfined != filters_.empty()) return Throw(env, "filters: at least one, or none and unconfined: true"), false;
  for (uint32_t i = 0; i < array.Length(); i++) {
    const Napi::Value filter = array.Get(i);
    if (!filter.IsObject()) return Throw(env, "filters: { bytes, gate }"), false;
    if (!ReadFilter(env, filter.As<Napi::Object>(), &filters_[i])) return false;
  }
  const auto flags = ReadInteger(env, Own(options, "filterFlags"), 0, UINT32_MAX, "filterFlags: a 32-bit number");
  if (!flags) return false;
  filter_flags_ = static_cast<uint32_t>(*flags);
  if (wants_listener() && filters_.size() != 1) return Throw(env, "filterFlags: a listener is of one filter"), false;
  return true;
}

bool Request::ReadFilter(Napi::Env env, const Napi::Object& options, Filter* filter) {
  if (!HasOnly(env, options, "filter", {"bytes", "gate"})) return false;
  const Napi::Value data = Own(options, "bytes");
  if (!data.IsTypedArray() || data.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    return Throw(env, "bytes: a Uint8Array"), false;
  }
  const auto bytes = data.As<Napi::Uint8Array>();
  const size_t size = bytes.ByteLength();
  if (size == 0 || size % sizeof(sock_filter) != 0 || size > kFilter) {
    return Throw(env, "bytes: 1 to 4096 instructions of 8 bytes"), false;
  }
  std::vector<sock_filter>& instructions = filter->instructions;
  instructions.resize(size / sizeof(sock_filter));
  memcpy(instructions.data(), bytes.Data(), size);

  const Napi::Value gate = Own(options, "gate");
  if (!gate.IsArray()) return Throw(env, "gate: an array of [instruction, half] pairs, flat"), false;
  const Napi::Array patches = gate.As<Napi::Array>();
  if (patches.Length() % 2 != 0) return Throw(env, "gate: whole pairs"), false;
  for (uint32_t i = 0; i < patches.Length(); i += 2) {
    const auto instruction =
        ReadInteger(env, patches.Get(i), 0, static_cast<int64_t>(instructions.size()) - 1, "gate: an instruction");
    if (!instruction) return false;
    const auto half = ReadInteger(env, patches.Get(i + 1), 0, 2 * kGateWords - 1, "gate: a half, 0 to 5");
    if (!half) return false;
    if (instructions[*instruction].code != (BPF_JMP | BPF_JEQ | BPF_K)) {
      return Throw(env, "gate: the instruction must be jeq"), false;
    }
    filter->gate.push_back({static_cast<uint16_t>(*instruction), static_cast<uint16_t>(*half)});
  }
  return true;
}

ChildPlan Request::Plan(ChildMemory* memory) {
  candidate_pointers_.clear();
  for (const std::string& candidate : candidates_) candidate_pointers_.push_back(candidate.c_str());
  argument_pointers_ = Pointers(&arguments_);
  environment_pointers_ = Pointers(&environment_);
  // sh FILE ARGUMENTS…: RunChild writes FILE into [1].
  static char shell[] = "/bin/sh";
  shell_pointers_ = {shell, nullptr};
  shell_pointers_.insert(shell_pointers_.end(), argument_pointers_.begin() + 1, argument_pointers_.end());

  ChildPlan plan = {};
  plan.handover = -1;
  plan.ruleset = -1;
  plan.isolate = is_isolated_;
  plan.must_isolate = must_isolate_;
  plan.candidates = candidate_pointers_.data();
  plan.candidate_count = candidate_pointers_.size();
  plan.argv = argument_pointers_.data();
  plan.shell_argv = shell_pointers_.data();
  plan.envp = environment_pointers_.data();
  plan.cwd = cwd_.empty() ? nullptr : cwd_.c_str();
  plan.new_session = new_session_;
  plan.set_uid = set_uid_;
  plan.set_gid = set_gid_;
  plan.uid = uid_;
  plan.gid = gid_;
  plan.no_new_privileges = no_new_privileges_;
  plan.limits = limits_.data();
  plan.limit_count = limits_.size();
  plan.drop_capabilities = drop_capabilities_;
  plan.kept_capabilities = kept_capabilities_;
  child_filters_.clear();
  sock_filter* room = memory->instructions();
  for (const Filter& filter : filters_) {
    const size_t length = filter.instructions.size();
    memcpy(room, filter.instructions.data(), length * sizeof(sock_filter));
    child_filters_.push_back({room, static_cast<uint16_t>(length), filter.gate.data(), filter.gate.size()});
    room += length;
  }
  plan.filters = child_filters_.data();
  plan.filter_count = child_filters_.size();
  plan.filter_flags = filter_flags_;
  static char byte = 0;  // This process needs to hear no more than the listener.
  state_pieces_.clear();
  for (std::string& piece : state_) state_pieces_.push_back({piece.data(), piece.size()});
  if (state_.empty()) state_pieces_.push_back({&byte, sizeof byte});
  plan.message = state_pieces_.data();
  plan.message_pieces = state_pieces_.size();
  return plan;
}

void Request::Wipe(ChildMemory* memory) const {
  size_t instructions = 0;
  bool has_gate = false;
  for (const Filter& filter : filters_) {
    instructions += filter.instructions.size();
    has_gate |= !filter.gate.empty();
  }
  if (has_gate) memory->Wipe(instructions);
}

SignalsBlocked::SignalsBlocked() {
  static const unsigned long all[2] = {~0UL, ~0UL};
  if (syscall(SYS_rt_sigprocmask, SIG_SETMASK, all, saved_, kSigsetSize) != 0) error_ = errno;
}

SignalsBlocked::~SignalsBlocked() {
  if (error_ == 0) syscall(SYS_rt_sigprocmask, SIG_SETMASK, saved_, nullptr, kSigsetSize);
}

Napi::Value ToJavaScript(Napi::Env env, const Failure& failure) {
  if (failure.error == 0) return env.Undefined();
  Napi::Object result = Napi::Object::New(env);
  SetOwn(result, "error", failure.error);
  SetOwn(result, "call", failure.call);
  return result;
}

}  // namespace seccomp
