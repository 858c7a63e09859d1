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

// The last process ID that the kernel has given, or 0.
int32_t LastId() { return ParseLastId(ProcessFile(AT_FDCWD, "/proc", "loadavg").text()).value_or(0); }

}  // namespace

void Members::Begin(bool lists) {
  const int32_t last = LastId();
  const bool has_wrapped = last < last_;
  is_listing_ = lists || !is_whole_ || has_wrapped || last - settled_ > kMostIds;
  is_known_ = false;
  is_whole_ = false;
  is_child_listed_ = false;
  found_ = kept_;
  kept_ = 0;
  at_ = 0;
  begin_ = settled_;
  asked_ = settled_;
  settled_ = has_wrapped ? last : last_;
  last_ = last;
}

int32_t Members::Next(NumberedEntries* proc) {
  const int32_t id = is_listing_ ? NextListed(proc) : NextAsked(*proc);
  if (id == 0) {
    is_whole_ = is_known_ && last_ != 0 && kept_ <= ids_.size();
    return 0;
  }
  if (kept_ < ids_.size()) ids_[kept_] = id;
  kept_++;
  return id;
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

int32_t Members::NextAsked(const NumberedEntries& proc) {
  while (at_ < found_) {
    const int32_t id = ids_[at_++];
    const bool is_asked_later = id > begin_ && id <= last_;
    if (!is_asked_later && IsMember(id)) return id;
  }
  while (asked_ < last_) {
    if (IsMember(++asked_)) return asked_;
  }
  is_known_ = proc.error() == 0;
  return 0;
}

// A signal to the thread of a process whose ID is that of the process: kill(2) takes the ID of any thread.
bool Members::IsMember(int32_t id) const { return id != self_ && RawCall(SYS_tgkill, id, id) == 0; }

}  // namespace seccomp
