// The rights of other threads to files. Run as `file_rights_test NAME`.
#include "supervisor/file_rights.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <initializer_list>
#include <string>
#include <thread>
#include <utility>

#include "check.h"
#include "other_process.h"
#include "system/descriptor.h"
#include "system/dumpable.h"

namespace seccomp::test {
namespace {

bool BecomeNobody() {
  return setgroups(0, nullptr) == 0 && setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0;
}

bool DropCapabilities() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  return syscall(SYS_capset, &header, sets) == 0;
}

// A directory that only root may search, and only by a capability if it is another user's; a file in it.
class Secret {
 public:
  explicit Secret(uid_t owner) {
    char name[] = "/tmp/seccomp-file-rights-XXXXXX";
    CHECK_EQUAL(mkdtemp(name) != nullptr, true);
    path_ = name;
    const Descriptor file(open((path_ + "/file").c_str(), O_CREAT | O_WRONLY, 0600));
    CHECK_EQUAL(chown(name, owner, owner), 0);
    CHECK_EQUAL(chmod(name, 0700), 0);
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() {
    unlink((path_ + "/file").c_str());
    rmdir(path_.c_str());
  }

  // What opening the file gives in a thread that has taken the rights of a process: 0 or an errno.
  int Open(pid_t process) const {
    int error = -1;
    std::thread([&] {
      FileRights rights;
      CHECK_EQUAL(rights.Take(process, process), true);
      CHECK_EQUAL(rights.Take(process, process), true);
      error = Try();
    }).join();
    return error;
  }
  void LetGroupSearch() const { CHECK_EQUAL(chmod(path_.c_str(), 0750), 0); }
  int Try() const {
    const Descriptor file(open((path_ + "/file").c_str(), O_PATH | O_CLOEXEC));
    return file.get() < 0 ? errno : 0;
  }

 private:
  std::string path_;
};

// The IDs, groups and capabilities of the calling thread, proc_pid_status(5).
std::string OwnStatus() {
  std::ifstream status("/proc/thread-self/status");
  std::string fields;
  for (std::string line; std::getline(status, line);) {
    for (const char* name : {"Uid:", "Gid:", "Groups:", "CapEff:"}) {
      if (line.rfind(name, 0) == 0) fields += line + "\n";
    }
  }
  return fields;
}

void NeedRoot() {
  if (geteuid() != 0) Skip("needs root");
}

TEST(AreThoseOfTheUser) {
  NeedRoot();
  const Secret of_root(0);
  const Other nobody(BecomeNobody);
  CHECK_EQUAL(of_root.Open(nobody.pid()), EACCES);
  CHECK_EQUAL(Secret(65534).Open(nobody.pid()), 0);
  CHECK_EQUAL(of_root.Try(), 0);  // The other threads keep theirs.
  CHECK_EQUAL(prctl(PR_GET_DUMPABLE), 1);
}

// By setuid(3) and its kin on another thread.
TEST(AreTakenAgainIfTheIdsOfThisThreadChange) {
  NeedRoot();
  const Secret of_root(0);
  const Other nobody(BecomeNobody);
  static constexpr gid_t kGroup = 0;
  for (const auto& change : std::initializer_list<std::function<long()>>{
           [] { return syscall(SYS_setresuid, 0, 0, 0); },
           [] { return syscall(SYS_setresgid, 0, 0, 0); },
           [] { return syscall(SYS_setgroups, 1, &kGroup); },
       }) {
    std::thread([&] {
      FileRights rights;
      CHECK_EQUAL(rights.Take(nobody.pid(), nobody.pid()), true);
      const std::string before = OwnStatus();
      CHECK_EQUAL(change(), 0);
      CHECK_EQUAL(OwnStatus() != before, true);
      CHECK_EQUAL(rights.Take(nobody.pid(), nobody.pid()), true);
      CHECK_EQUAL(OwnStatus(), before);
      CHECK_EQUAL(of_root.Try(), EACCES);
    }).join();
  }
}

TEST(AreNotThoseOfCapabilitiesThatItLacks) {
  NeedRoot();
  const Secret of_other(65534);
  const Other plain([] { return true; });
  CHECK_EQUAL(of_other.Open(plain.pid()), 0);
  const Other without(DropCapabilities);
  CHECK_EQUAL(of_other.Open(without.pid()), EACCES);
}

// The effective capabilities of this thread.
uint64_t Capabilities() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  CHECK_EQUAL(syscall(SYS_capget, &header, sets), 0);
  return uint64_t{sets[1].effective} << 32 | sets[0].effective;
}

TEST(LeaveAllOtherCapabilities) {
  NeedRootWith(CAP_DAC_READ_SEARCH);
  const uint64_t before = Capabilities();
  const Other without(DropCapabilities);
  std::thread([&] {
    FileRights rights;
    CHECK_EQUAL(rights.Take(without.pid(), without.pid()), true);
    CHECK_EQUAL(before & ~Capabilities(), uint64_t{1} << CAP_DAC_OVERRIDE | uint64_t{1} << CAP_DAC_READ_SEARCH);
    CHECK_EQUAL(Capabilities() & ~before, 0U);
  }).join();
}

TEST(ChangeWithTheProcess) {
  NeedRoot();
  const Secret of_root(0);
  const Other nobody(BecomeNobody);
  const Other root([] { return true; });
  std::thread([&] {
    FileRights rights;
    for (int i = 0; i < 2; i++) {
      CHECK_EQUAL(rights.Take(nobody.pid(), nobody.pid()), true);
      CHECK_EQUAL(of_root.Try(), EACCES);
      CHECK_EQUAL(rights.Take(root.pid(), root.pid()), true);
      CHECK_EQUAL(of_root.Try(), 0);
    }
  }).join();
}

// Take effective IDs of root's again.
void OnUser(int) {
  if (seteuid(0) != 0) _exit(1);
}
void OnGroup(int) {
  if (setegid(0) != 0) _exit(1);
}

// Opens a file in a directory of root's with the rights of a process, before and after `handler` changes its IDs.
// Returns 0 or an errno for each.
std::pair<int, int> OpenBeforeAndAfter(const Secret& secret, void (*handler)(int), uid_t user_after) {
  const Other other([handler] {
    struct sigaction action = {};
    action.sa_handler = handler;
    // Keeps the real IDs 0.
    return sigaction(SIGUSR1, &action, nullptr) == 0 && setgroups(0, nullptr) == 0 &&
           (handler == OnUser || setegid(65534) == 0) && seteuid(65534) == 0;
  });
  std::pair<int, int> errors;
  std::thread([&] {
    FileRights rights;
    CHECK_EQUAL(rights.Take(other.pid(), other.pid()), true);
    errors.first = secret.Try();
    kill(other.pid(), SIGUSR1);
    struct stat status = {};
    do {
      CHECK_EQUAL(stat(("/proc/" + std::to_string(other.pid())).c_str(), &status), 0);
    } while (status.st_uid != user_after || status.st_gid != 0);
    CHECK_EQUAL(rights.Take(other.pid(), other.pid()), true);
    errors.second = secret.Try();
  }).join();
  return errors;
}

TEST(ChangeWithTheUserOfAProcess) {
  NeedRoot();
  CHECK_EQUAL(OpenBeforeAndAfter(Secret(0), OnUser, 0) == std::pair(EACCES, 0), true);
}

TEST(ChangeWithTheGroupOfAProcess) {
  NeedRoot();
  const Secret secret(0);
  secret.LetGroupSearch();
  CHECK_EQUAL(OpenBeforeAndAfter(secret, OnGroup, 65534) == std::pair(EACCES, 0), true);
}

TEST(KeepTheDumpableFlagBeItSetOrNot) {
  for (const long flag : {0L, 1L, 0L}) {
    CHECK_EQUAL(prctl(PR_SET_DUMPABLE, flag, 0L, 0L, 0L), 0);
    {
      const DumpableKept kept;
      {
        const DumpableKept within;
        CHECK_EQUAL(prctl(PR_SET_DUMPABLE, 1 - flag, 0L, 0L, 0L), 0);
      }
      CHECK_EQUAL(prctl(PR_GET_DUMPABLE), 1 - flag);
    }
    CHECK_EQUAL(prctl(PR_GET_DUMPABLE), flag);
  }
  CHECK_EQUAL(prctl(PR_SET_DUMPABLE, 1L, 0L, 0L, 0L), 0);  // LeakSanitizer traces this process when it ends.
}

TEST(AreUnknownOfAProcessThatHasEnded) {
  NeedRoot();
  FileRights rights;
  CHECK_EQUAL(rights.Take(999'999'999, 999'999'999), false);
}

TEST(StayOfAProcessWithoutPrivileges) {
  if (geteuid() == 0) CHECK_EQUAL(BecomeNobody(), true);
  FileRights rights;
  CHECK_EQUAL(rights.Take(getpid(), getpid()), true);
}

}  // namespace
}  // namespace seccomp::test

int main(int argc, char** argv) { return argc == 2 ? seccomp::test::RunTest(argv[1]) : 2; }
