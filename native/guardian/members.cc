#include "guardian/members.h"

#include <fcntl.h>
#include <sys/syscall.h>

#include <string_view>

#include "launcher/no_stack_protector.h"
#include "system/numbers.h"
#include "system/raw_call.h"

namespace seccomp {
namespace {

// The IDs that are asked for at most: 0.1 to 0.2 microseconds each.
constexpr int32_t kMostIds = 8192;

// In milliseconds: far longer than a fork takes.
constexpr int64_t kSettleTime = 10;

// The last process ID that the kernel has given in this PID namespace, or 0 if it does not tell. LXCFS replaces the one
// in /proc/loadavg by that of another namespace.
int32_t LastId() {
  const ProcessFile file(AT_FDCWD, "/proc", "sys/kernel/ns_last_pid");
  std::string_view text = file.text();
  return TakeNumber<int32_t>(&text).value_or(0);
}

}  // namespace

void Members::Begin(bool lists, int64_t now) {
  const int32_t last = LastId();
  const int32_t given = settled_;
  if (last < last_) {
    settled_ = 0;  // IDs begin again: all of them may be new.
  } else if (now - settled_at_ >= kSettleTime) {
    settled_ = last_;
    settled_at_ = now;
  }
  const bool can_ask = is_whole_ && last >= last_ && last - given <= kMostIds;
  last_ = last;
  is_known_ = false;
  is_child_listed_ = false;
  at_ = 0;
  is_listing_ = lists || !can_ask || !Ask(given);
  is_whole_ = false;
  if (is_listing_) found_ = 0;
}

int32_t Members::Next(NumberedEntries* proc) {
  int32_t id = 0;
  if (is_listing_) {
    id = NextListed(proc);
    Keep(id);
  } else if (at_ < found_) {
    id = ids_[at_++];
  } else {
    is_known_ = true;
  }
  if (id == 0) is_whole_ = is_known_ && last_ != 0 && found_ <= ids_.size();
  return id;
}

// The newest first, and all of them before a file is read: a process that forks another and ends, over and over, must
// not be able to always have an ID that is asked for later.
bool Members::Ask(int32_t given) {
  const auto before = ids_;
  const size_t count = found_;
  found_ = 0;
  for (int32_t id = last_; id > given; id--) {
    if (IsMember(id)) Keep(id);
  }
  for (size_t i = 0; i < count; i++) {
    const bool is_asked = before[i] > given && before[i] <= last_;
    if (!is_asked && IsMember(before[i])) Keep(before[i]);
  }
  return found_ <= ids_.size();
}

void Members::Keep(int32_t id) {
  if (id == 0) return;
  if (found_ < ids_.size()) ids_[found_] = id;
  found_++;
}

// Each process has one entry, in the order of their IDs, so that new ones can't make this go on for ever.
int32_t Members::NextListed(NumberedEntries* proc) {
  while (const char* name = proc->Next()) {
    std::string_view digits = name;
    const int32_t id = TakeNumber<int32_t>(&digits).value_or(self_);
    if (!IsMember(id)) continue;
    if (id == child_) is_child_listed_ = true;
    return id;
  }
  // A /proc of another PID namespace, or one that hides processes.
  is_known_ = proc->error() == 0 && (is_child_listed_ || RawCall(SYS_kill, child_) != 0);
  return 0;
}

// A signal to the thread of a process whose ID is that of the process: kill(2) takes the ID of any thread.
bool Members::IsMember(int32_t id) const { return id != self_ && RawCall(SYS_tgkill, id, id) == 0; }

}  // namespace seccomp
