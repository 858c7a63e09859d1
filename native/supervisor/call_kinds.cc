#include "supervisor/call_kinds.h"

#include <algorithm>
#include <utility>

#include "supervisor/notified_thread.h"

namespace seccomp {
namespace {

// __AUDIT_ARCH_64BIT of linux/audit.h. If a 64-bit program makes a 32-bit call, the upper halves of the arguments come
// from its registers, and the kernel ignores them.
constexpr uint32_t kAudit64Bit = 0x80000000;

uint64_t Argument(const seccomp_data& call, size_t index) {
  return (call.arch & kAudit64Bit) != 0 ? call.args[index] : static_cast<uint32_t>(call.args[index]);
}

void Append(std::string* key, const void* data, size_t size) { key->append(static_cast<const char*>(data), size); }

using Captured = std::array<std::optional<std::string>, kArguments>;

Captured Read(const std::vector<Capture>& captures, const seccomp_data& call, pid_t thread) {
  Captured captured;
  for (const Capture& capture : captures) {
    uint64_t size = capture.max_size;
    if (capture.size_argument) size = std::min<uint64_t>(size, Argument(call, *capture.size_argument));
    std::string bytes = ReadMemory(thread, Argument(call, capture.argument), size);
    if (bytes.empty()) continue;
    if (capture.is_text) bytes.resize(std::min(bytes.size(), bytes.find('\0')));
    captured[capture.argument] = std::move(bytes);
  }
  return captured;
}

}  // namespace

// NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
std::optional<uint32_t> CallKinds::Count(const Supervision& supervision, const seccomp_data& call, uint32_t answer,
                                         pid_t thread) {
  static const CallTraits none;
  const auto found = supervision.traits.find(Supervision::Key(call.arch, static_cast<uint32_t>(call.nr)));
  const bool has_traits = found != supervision.traits.end();
  const CallTraits& traits = has_traits ? found->second : none;
  key_.clear();
  Append(&key_, &call.nr, sizeof call.nr);
  Append(&key_, &call.arch, sizeof call.arch);
  Append(&key_, &answer, sizeof answer);
  for (size_t i = 0; i < kArguments; i++) {
    const uint64_t value = call.args[i] & traits.distinguishing[i];
    if (traits.distinguishing[i] != 0) Append(&key_, &value, sizeof value);
  }
  Captured captured;
  if (!supervision.counts_all && has_traits) {
    captured = Read(traits.captures, call, thread);
    for (const auto& bytes : captured) {
      const size_t size = bytes ? bytes->size() + 1 : 0;
      Append(&key_, &size, sizeof size);
      if (bytes) key_.append(*bytes);
    }
  }
  if (!IsNew()) return std::nullopt;

  // Without the lock: /proc/PID/maps of a program with many mappings takes long to read. No other thread adds kinds.
  CallKind kind;
  kind.call = call;
  for (size_t i = 0; i < kArguments; i++) kind.call.args[i] = Argument(call, i);
  kind.answer = answer;
  kind.process = ProcessOf(thread);
  kind.thread = thread;
  kind.executable = Executable(thread);
  kind.module = ModuleAt(thread, call.instruction_pointer);
  kind.captured = supervision.counts_all ? Read(traits.captures, call, thread) : std::move(captured);
  kind.count = 1;
  return Add(std::move(kind));
}

bool CallKinds::IsNew() {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto known = index_.find(key_);
  if (known != index_.end()) {
    kinds_[known->second].count++;
    return false;
  }
  if (kinds_.size() < kMaxKinds) return true;
  others_++;
  return false;
}

uint32_t CallKinds::Add(CallKind kind) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto index = static_cast<uint32_t>(kinds_.size());
  kinds_.push_back(std::move(kind));
  index_.emplace(key_, index);
  return index;
}

std::optional<CallKind> CallKinds::At(uint32_t index) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (index >= kinds_.size()) return std::nullopt;
  return kinds_[index];
}

std::vector<uint64_t> CallKinds::Counts(uint64_t* others) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<uint64_t> counts;
  counts.reserve(kinds_.size());
  for (const CallKind& kind : kinds_) counts.push_back(kind.count);
  *others = others_;
  return counts;
}

}  // namespace seccomp
