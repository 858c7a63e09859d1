#include "system/dumpable.h"

#include <sys/prctl.h>

#include <mutex>

namespace seccomp {
namespace {

// The number of DumpableKept objects of all threads, and the flag as it was before the first of them was created.
std::mutex mutex;
int count = 0;
int flag = 0;

}  // namespace

DumpableKept::DumpableKept() {
  const std::lock_guard<std::mutex> lock(mutex);
  if (count++ == 0) flag = prctl(PR_GET_DUMPABLE, 0L, 0L, 0L, 0L);
}

DumpableKept::~DumpableKept() {
  const std::lock_guard<std::mutex> lock(mutex);
  if (--count > 0) return;
  // PR_SET_DUMPABLE accepts only 0 and 1, so a flag of 2 (dumps readable by root only) is not restored. A change of IDs
  // sets the flag to fs.suid_dumpable, from which a flag of 2 came too.
  if (flag == 0 || flag == 1) prctl(PR_SET_DUMPABLE, static_cast<long>(flag), 0L, 0L, 0L);
}

}  // namespace seccomp
