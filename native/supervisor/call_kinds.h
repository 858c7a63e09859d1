// Kinds of calls: what is told once and then only counted.
#ifndef SECCOMP_NATIVE_KINDS_H_
#define SECCOMP_NATIVE_KINDS_H_

#include <linux/seccomp.h>
#include <sys/types.h>

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "supervisor/bpf_interpreter.h"

namespace seccomp {

constexpr size_t kArguments = 6;

// An argument that points to memory worth reading: text up to a NUL, or bytes.
struct Capture {
  uint8_t argument = 0;
  bool is_text = false;
  uint32_t most = 0;                     // Bytes.
  std::optional<uint8_t> size_argument;  // The argument that says how many there are, at most `most`.
};

// What makes calls of one number different, and what to read of them.
struct CallFacts {
  std::array<uint64_t, kArguments> distinguishing = {};  // A mask for each argument; 0: its value makes no difference.
  std::vector<Capture> captures;
};

// How calls are answered and seen: made by JavaScript once a filter, shared by all children under it.
struct Supervision {
  Answers answers;
  // Whether calls that are allowed are counted too; then what they point to makes no difference.
  bool everything = false;
  std::unordered_map<uint64_t, CallFacts> facts;  // By Key().

  static uint64_t Key(uint32_t arch, uint32_t number) { return uint64_t{arch} << 32 | number; }
};

// Calls that are alike, and the first of them.
struct Kind {
  seccomp_data call = {};
  uint32_t answer = 0;  // SECCOMP_RET_*
  pid_t process = 0, thread = 0;
  std::string executable, module;
  std::array<std::optional<std::string>, kArguments> captured;
  uint64_t count = 0;
};

// The kinds that one listener saw. May be used by several threads.
class Kinds {
 public:
  // Programs that go through all paths or arguments there are shall not take all memory.
  static constexpr size_t kMost = 2048;

  // For one thread alone: counts a call of `thread`, which waits. Gives the kind's index if it is the first of its kind
  // and there is room.
  // NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
  std::optional<uint32_t> Count(const Supervision& supervision, const seccomp_data& call, uint32_t answer,
                                pid_t thread);

  std::optional<Kind> At(uint32_t index) const;
  // How many of each, and of those there was no room for.
  std::vector<uint64_t> Counts(uint64_t* others) const;

 private:
  // Whether the call of key_ is to be added; else it has been counted.
  bool CountAsNew();
  uint32_t Add(Kind kind);

  mutable std::mutex mutex_;
  std::unordered_map<std::string, uint32_t> index_;
  std::vector<Kind> kinds_;
  uint64_t others_ = 0;
  std::string key_;  // Of the call that is counted; kept for its room.
};

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_KINDS_H_
