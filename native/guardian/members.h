// Finds the processes of a tree.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "guardian/process_files.h"

namespace seccomp {

// The processes that the caller may signal, save itself.
//
// To list /proc takes the kernel 5 microseconds for each process of the system, and a caller that takes milliseconds
// waits for long where hundreds of others want the processor. Between two lists, the kernel is asked for the IDs that
// were found, and for those that it has given since. That may miss a process that already had an ID but could not be
// signalled yet: the next list finds it.
class Members {
 public:
  // `child` is one of the members. Its ID was given before that of any other.
  // NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
  Members(int32_t self, int32_t child) : self_(self), child_(child), last_(child) {}

  // Begins to look for the members, at a time in milliseconds. They are listed if they can't be asked for.
  void Begin(bool lists, int64_t now);
  // Returns the ID of the next one; 0 at the end, and after an error. `proc` are the entries of /proc.
  int32_t Next(NumberedEntries* proc);

  // After the end: whether /proc could be read, and did not hide `child`.
  bool is_known() const { return is_known_; }

 private:
  // Asks for the members that were found before, and for those with IDs above `given`. Whether all of them fit.
  bool Ask(int32_t given);
  int32_t NextListed(NumberedEntries* proc);
  bool IsMember(int32_t id) const;
  void Keep(int32_t id);

  const int32_t self_, child_;
  bool is_known_ = false;
  bool is_listing_ = true;
  bool is_child_listed_ = false;
  // Those that were found. Only if the last look found all, and all of them fit, they can be asked for.
  std::array<int32_t, 1024> ids_ = {};
  size_t found_ = 0;
  bool is_whole_ = false;
  // How many of those that were asked for Next() has returned.
  size_t at_ = 0;
  // Every look asks for the IDs above this one, so for each new one again until kSettleTime has passed. `last_` is the
  // last one that was given when the last look began.
  int32_t settled_ = 0;
  int64_t settled_at_ = 0;
  int32_t last_;
};

}  // namespace seccomp
