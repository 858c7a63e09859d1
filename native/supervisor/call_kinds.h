// Counts notified calls by kind, so that JavaScript reads each kind once, instead of each call.
#pragma once

#include <linux/seccomp.h>
#include <sys/types.h>

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "supervisor/bpf_interpreter.h"
#include "supervisor/call_argument.h"
#include "supervisor/file_rights.h"
#include "supervisor/named_files.h"

namespace seccomp {

// An argument that points to memory to be read: a string up to its NUL, or bytes.
struct Capture {
  uint8_t argument = 0;
  bool is_text = false;
  uint32_t max_size = 0;                 // In bytes.
  std::optional<uint8_t> size_argument;  // The argument that has the number of bytes.
};

// For calls of one syscall number: the argument bits by which kinds differ, and the memory that is read.
struct CallTraits {
  std::array<uint64_t, kArguments> distinguishing = {};  // A mask for each argument.
  std::vector<Capture> captures;
};

// How the calls of a filter are answered and counted. JavaScript makes one for each filter; all children under that
// filter share it.
struct Supervision {
  BpfInterpreter answers;
  // Whether allowed calls are counted too. Then kinds do not differ by the memory to which their arguments point.
  bool counts_all = false;
  // Whether `answers` passes every call to JavaScript, so that JavaScript's thread may receive the calls itself.
  bool passes_all = false;
  std::unordered_map<uint64_t, CallTraits> traits;  // By Key().
  // The calls whose files are reported, by Key(). They are counted by the files that they name, also if they are
  // allowed.
  std::unordered_map<uint64_t, PathTraits> paths;

  static uint64_t Key(uint32_t arch, uint32_t number) { return uint64_t{arch} << 32 | number; }
};

// The first call of a kind, and the number of calls.
struct CallKind {
  seccomp_data call = {};
  uint32_t answer = 0;  // SECCOMP_RET_*
  pid_t process = 0, thread = 0;
  std::string executable, module;
  std::array<std::optional<std::string>, kArguments> captured;
  std::vector<NamedFile> files;  // Of calls that are counted by these. The others have none.
  uint64_t flags = 0;            // Of such a call.
  uint64_t count = 0;
};

// How many calls were counted together.
struct OtherCalls {
  uint64_t calls = 0;                      // There was no room for their kinds.
  std::array<uint64_t, kUnseen> unseen{};  // Calls that name files, by why it is not known which.
};

// The kinds of calls of one listener.
class CallKinds {
 public:
  // A program that tries every path or argument must not fill this process's memory: calls of further kinds are counted
  // together.
  static constexpr size_t kMaxKinds = 2048;
  // The same for kinds that differ by their files, most of which are allowed. A recording, which lacks what has no
  // room, may have more of both: a program that is recorded is trusted.
  static constexpr size_t kMaxKindsWithFiles = 8192;
  static constexpr size_t kMaxBytes = size_t{4} << 20;
  static constexpr size_t kTimesMoreInRecordings = 8;

  explicit CallKinds(bool is_recording = false) : times_more_(is_recording ? kTimesMoreInRecordings : 1) {}

  // Counts a call for which `thread` waits. Returns the index of its kind if it is the first one and there is room.
  // Only the listener's thread may call this. NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
  std::optional<uint32_t> Count(const Supervision& supervision, const seccomp_data& call, uint32_t answer,
                                pid_t thread);
  // The same for an allowed call that names files, whose traits these are. Calls that name none are not counted.
  // `is_waiting`: whether the thread still waits; it is that of another process otherwise, or none.
  std::optional<uint32_t> CountFiles(const PathTraits& traits, const seccomp_data& call, uint32_t answer, pid_t thread,
                                     const std::function<bool()>& is_waiting);

  // The following may be called by any thread, and never wait for reads of /proc.
  std::optional<CallKind> At(uint32_t index) const;
  // Returns the number of calls of each kind.
  std::vector<uint64_t> Counts(OtherCalls* others) const;

 private:
  // Returns true if the call of key_ is of a new kind, for which there is room; otherwise counts it.
  bool IsNew(bool has_files);
  void CountUnseen(Unseen why);
  uint32_t Add(CallKind kind);

  const size_t times_more_;  // Kinds with files.
  mutable std::mutex mutex_;
  std::unordered_map<std::string, uint32_t> index_;
  std::deque<CallKind> kinds_;  // Grows without a copy of all of them.
  size_t kinds_with_files_ = 0;
  size_t bytes_ = 0;  // Of these kinds, about.
  OtherCalls others_;
  FileRights rights_;  // Of the thread whose files are looked for. Only for the listener's thread.
  std::string key_;    // Of the call that is counted. A member, to reuse its memory. Only for the listener's thread.
};

}  // namespace seccomp
