#include "system/dumpable.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <mutex>

#include "system/signals_blocked.h"

namespace seccomp {
namespace {

using Ids = std::array<uid_t, 6>;

Ids OwnIds() {
  Ids ids = {};
  getresuid(ids.data(), &ids[1], &ids[2]);
  getresgid(&ids[3], &ids[4], &ids[5]);
  return ids;
}

// The number of DumpableKept objects of all threads, and the flag and the IDs as they were before the first was
// created.
std::mutex mutex;
int count = 0;
int flag = 0;
Ids ids;

}  // namespace

DumpableKept::DumpableKept() {
  const std::lock_guard<std::mutex> lock(mutex);
  if (count++ > 0) return;
  flag = prctl(PR_GET_DUMPABLE, 0L, 0L, 0L, 0L);
  ids = OwnIds();
}

DumpableKept::~DumpableKept() {
  const std::lock_guard<std::mutex> lock(mutex);
  if (--count > 0) return;
  // If setuid(3) on another thread changes the IDs of this one later, that clears the flag again.
  const SignalsBlocked blocked;
  if (OwnIds() != ids) return;
  // PR_SET_DUMPABLE accepts only 0 and 1, so a flag of 2 (dumps readable by root only) is not restored. A change of IDs
  // sets the flag to fs.suid_dumpable, from which a flag of 2 came too.
  if (flag == 0 || flag == 1) prctl(PR_SET_DUMPABLE, static_cast<long>(flag), 0L, 0L, 0L);
}

}  // namespace seccomp
