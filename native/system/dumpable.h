// The dumpable flag of this process, PR_SET_DUMPABLE(2const).
#pragma once

namespace seccomp {

// Keeps the dumpable flag across a change of user or group. A child or a thread that changes its IDs clears the flag of
// the memory that it shares with this process (commit_creds() in kernel/cred.c). The flag is restored when the last
// object of this class is destroyed, unless the process itself has changed its IDs since then: the flag is then as
// cleared.
class DumpableKept {
 public:
  DumpableKept();
  ~DumpableKept();
  DumpableKept(const DumpableKept&) = delete;
  DumpableKept& operator=(const DumpableKept&) = delete;
};

}  // namespace seccomp
