// A process beside a test's own.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <utility>

#include "check.h"
#include "system/descriptor.h"

namespace seccomp::test {

// A child that changes itself by `change`, and then waits.
class Other {
 public:
  explicit Other(const std::function<bool()>& change) {
    int ends[2] = {-1, -1};
    CHECK_EQUAL(pipe2(ends, O_CLOEXEC), 0);
    const Descriptor reads(ends[0]);
    Descriptor writes(ends[1]);
    pid_ = fork();
    CHECK_EQUAL(pid_ >= 0, true);  // kill(2) would send a signal for -1 to all processes.
    if (pid_ == 0) {
      const bool is_changed = change();
      prctl(PR_SET_PDEATHSIG, static_cast<long>(SIGKILL), 0L, 0L, 0L);  // A change of the user resets it.
      static_cast<void>(write(writes.get(), is_changed ? "1" : "0", 1));
      for (;;) pause();
    }
    writes = Descriptor();
    char is_changed = '?';
    CHECK_EQUAL(read(reads.get(), &is_changed, 1), 1);
    CHECK_EQUAL(is_changed, '1');
  }
  Other(const Other&) = delete;
  Other& operator=(const Other&) = delete;
  ~Other() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
};

}  // namespace seccomp::test
