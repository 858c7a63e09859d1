#include "supervisor/call_kinds.h"

#include <algorithm>
#include <utility>

#include "supervisor/notified_thread.h"
#include "system/signals_blocked.h"

namespace seccomp {
namespace {

void Append(std::string* key, const void* data, size_t size) { key->append(static_cast<const char*>(data), size); }

using Captured = std::array<std::optional<std::string>, kArguments>;

Captured Read(const std::vector<Capture>& captures, const seccomp_data& call, pid_t thread) {
  Captured captured;
  for (const Capture& capture : captures) {
    uint64_t size = capture.max_size;
    if (capture.size_argument) size = std::min<uint64_t>(size, ArgumentOf(call, *capture.size_argument));
    std::string bytes = ReadMemory(thread, ArgumentOf(call, capture.argument), size);
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
  if (!IsNew(false)) return std::nullopt;

  // Without the lock: /proc/PID/maps of a program with many mappings takes long to read. No other thread adds kinds.
  CallKind kind;
  kind.call = call;
  for (size_t i = 0; i < kArguments; i++) kind.call.args[i] = ArgumentOf(call, i);
  kind.answer = answer;
  kind.process = ProcessOf(thread);
  kind.thread = thread;
  kind.executable = Executable(thread);
  kind.module = ModuleAt(thread, call.instruction_pointer);
  kind.captured = supervision.counts_all ? Read(traits.captures, call, thread) : std::move(captured);
  kind.count = 1;
  return Add(std::move(kind));
}

// NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
std::optional<uint32_t> CallKinds::CountFiles(const PathTraits& traits, const seccomp_data& call, uint32_t answer,
                                              pid_t thread, const std::function<bool()>& is_waiting) {
  CallKind kind;
  kind.process = ProcessOf(thread);
  const SignalsBlocked blocked;  // setuid(3) on another thread would change the rights of this one.
  NamedFiles named;
  if (rights_.Take(kind.process, thread))
    named = FindNamedFiles(traits, call, kind.process, thread);
  else
    named.unseen = Unseen::kUnreadable;
  if (named.unseen && is_waiting()) CountUnseen(*named.unseen);
  if (named.files.empty()) return std::nullopt;
  kind.files = std::move(named.files);
  kind.call = call;
  kind.flags = named.flags;
  for (size_t i = 0; i < kArguments; i++) kind.call.args[i] = ArgumentOf(call, i);

  key_.assign("files");
  Append(&key_, &call.nr, sizeof call.nr);
  Append(&key_, &call.arch, sizeof call.arch);
  Append(&key_, &kind.flags, sizeof kind.flags);
  for (size_t i = 0; i < kArguments; i++) {
    if ((traits.distinguishing >> i & 1) != 0) Append(&key_, &kind.call.args[i], sizeof kind.call.args[i]);
  }
  const std::string own = "/proc/" + std::to_string(kind.process) + "/";
  // With the lineages: another file may have the name now.
  FindLineages(&kind.files);
  for (const NamedFile& file : kind.files) {
    key_.append(file.text).push_back('\0');
    // Each process has a directory of its own in /proc. By its text, a file there is the same for all.
    if (file.base.compare(0, own.size(), own) != 0) key_.append(file.base);
    key_.push_back('\0');
    for (const FoundFile& found : {file.file, file.target}) {
      if (found.path.compare(0, own.size(), own) != 0) key_.append(found.path).append(1, '\0').append(found.lineage);
      key_.push_back(found.type);
    }
  }
  if (!IsNew(true)) return std::nullopt;
  kind.answer = answer;
  kind.thread = thread;
  kind.executable = Executable(thread);
  kind.count = 1;
  return Add(std::move(kind));
}

bool CallKinds::IsNew(bool has_files) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto known = index_.find(key_);
  if (known != index_.end()) {
    kinds_[known->second].count++;
    return false;
  }
  const bool has_room = has_files
                            ? kinds_with_files_ < times_more_ * kMaxKindsWithFiles && bytes_ < times_more_ * kMaxBytes
                            : kinds_.size() - kinds_with_files_ < kMaxKinds;
  if (!has_room) (has_files ? others_.unseen[static_cast<size_t>(Unseen::kNoRoom)] : others_.calls)++;
  return has_room;
}

void CallKinds::CountUnseen(Unseen why) {
  const std::lock_guard<std::mutex> lock(mutex_);
  others_.unseen[static_cast<size_t>(why)]++;
}

uint32_t CallKinds::Add(CallKind kind) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto index = static_cast<uint32_t>(kinds_.size());
  if (!kind.files.empty()) {
    kinds_with_files_++;
    // The strings are about those of the key.
    bytes_ += sizeof kind + kind.files.size() * sizeof(NamedFile) + 2 * key_.size() + kind.executable.size();
  }
  kinds_.push_back(std::move(kind));
  index_.emplace(key_, index);
  return index;
}

std::optional<CallKind> CallKinds::At(uint32_t index) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (index >= kinds_.size()) return std::nullopt;
  return kinds_[index];
}

std::vector<uint64_t> CallKinds::Counts(OtherCalls* others) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<uint64_t> counts;
  counts.reserve(kinds_.size());
  for (const CallKind& kind : kinds_) counts.push_back(kind.count);
  *others = others_;
  return counts;
}

}  // namespace seccomp
