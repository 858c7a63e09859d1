// Tests of Identity. The other threads are those of children of this process. Run as `identity_test NAME`.
#include "supervisor/identity.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "check.h"
#include "other_process.h"
#include "supervisor/notified_thread.h"

namespace seccomp::test {
namespace {

// Whether the identity of a child that has changed itself is known.
bool IsKnown(const std::function<bool()>& change) {
  const Other other(change);
  return Identity::Of(other.pid()).has_value();
}

// The root directory of another user's process can be seen with it.
void NeedRoot() { NeedRootWith(CAP_SYS_PTRACE); }

bool BecomeWithoutCapabilities() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  return syscall(SYS_capset, &header, sets) == 0;
}

TEST(IsUnknownIfFilesystemIdsDifferFromEffectiveIds) {
  NeedRoot();
  CHECK_EQUAL(IsKnown([] { return true; }), true);
  CHECK_EQUAL(IsKnown([] { return setfsuid(65534) == 0; }), false);
  CHECK_EQUAL(IsKnown([] { return setfsgid(65534) == 0; }), false);
}

// seteuid(2) changes the filesystem ID too, and neither the real nor the saved one.
TEST(IsThatOfTheEffectiveIds) {
  NeedRoot();
  CHECK_EQUAL(IsKnown([] { return setresgid(1, 2, 3) == 0 && setresuid(4, 5, 6) == 0; }), true);
}

TEST(IsUnknownInAnotherUserNamespace) {
  if (!IsKnown([] { return true; })) Skip("this process's own identity is unknown");
  const pid_t pid = fork();
  if (pid == 0) _exit(unshare(CLONE_NEWUSER) == 0 ? 0 : 1);
  int status = 0;
  waitpid(pid, &status, 0);
  if (status != 0) Skip("no user namespaces");
  CHECK_EQUAL(IsKnown([] { return unshare(CLONE_NEWUSER) == 0; }), false);
}

TEST(IsUnknownOfAThreadThatDoesNotExist) { CHECK_EQUAL(Identity::Of(1 << 30).has_value(), false); }

// What a thread looks like that has assumed an identity.
struct Seen {
  bool is_assumed = false;
  std::string uids, gids, groups, effective, permitted, directory, root;
};

std::string InodeOf(const char* path) {
  struct stat file = {};
  return stat(path, &file) == 0 ? std::to_string(file.st_ino) : "unknown";
}

// Assumes the identity on a new thread.
Seen SeenAs(pid_t pid) {
  Seen seen;
  std::thread thread([&] {
    auto identity = Identity::Of(pid);
    seen.is_assumed = identity && identity->Assume();
    const std::string status = StatusText(static_cast<pid_t>(syscall(SYS_gettid)));
    seen.uids = StatusField(status, "Uid");
    seen.gids = StatusField(status, "Gid");
    seen.groups = StatusField(status, "Groups");
    seen.effective = StatusField(status, "CapEff");
    seen.permitted = StatusField(status, "CapPrm");
    seen.directory = InodeOf(".");
    seen.root = InodeOf("/");
  });
  thread.join();
  return seen;
}

TEST(IsAssumedOnOneThreadOnly) {
  NeedRoot();
  const std::string before = StatusText(getpid());
  const Other other([] {
    const std::vector<gid_t> groups = {7, 8};
    return setgroups(groups.size(), groups.data()) == 0 && setgid(65533) == 0 && setuid(65534) == 0 &&
           chdir("/proc") == 0;
  });
  const Seen seen = SeenAs(other.pid());
  CHECK_EQUAL(seen.is_assumed, true);
  // The real and saved IDs stay, so that the other user may not signal this thread.
  CHECK_EQUAL(seen.uids, "\t0\t65534\t0\t65534");
  CHECK_EQUAL(seen.gids, "\t0\t65533\t0\t65533");
  CHECK_EQUAL(seen.groups, "\t7 8 ");
  CHECK_EQUAL(seen.effective, "\t0000000000000000");
  CHECK_EQUAL(seen.permitted, StatusField(before, "CapPrm"));
  CHECK_EQUAL(seen.directory, InodeOf("/proc"));
  CHECK_EQUAL(InodeOf(".") == seen.directory, false);
  const std::string after = StatusText(getpid());
  for (const char* field : {"Uid", "Gid", "Groups", "CapEff"})
    CHECK_EQUAL(StatusField(after, field), StatusField(before, field));
}

TEST(HasTheCapabilitiesOfTheOtherThreadOnly) {
  NeedRootWith(CAP_SYSLOG);
  const Other other([] {
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
    sets[0].effective = sets[0].permitted = 1U << CAP_KILL;
    sets[1].effective = sets[1].permitted = 1U << (CAP_SYSLOG - 32);
    return syscall(SYS_capset, &header, sets) == 0;
  });
  CHECK_EQUAL(SeenAs(other.pid()).effective, "\t0000000400000020");
}

TEST(HasTheRootOfTheOtherThread) {
  NeedRoot();
  const Other other([] { return chroot("/proc") == 0 && chdir("/") == 0; });
  const Seen seen = SeenAs(other.pid());
  CHECK_EQUAL(seen.is_assumed, true);
  CHECK_EQUAL(seen.root == InodeOf("/"), false);
  CHECK_EQUAL(seen.directory, seen.root);
}

// The IDs of a thread that has these real, effective and saved IDs and has assumed an identity until now.
std::string IdsAfter(uid_t real, uid_t saved) {
  const Other other([] { return setgid(65533) == 0 && setuid(65534) == 0; });
  std::string ids;
  std::thread thread([&] {
    // Of this thread only.
    CHECK_EQUAL(syscall(SYS_setresgid, real, 0, saved), 0);
    CHECK_EQUAL(syscall(SYS_setresuid, real, 0, saved), 0);
    {
      auto identity = Identity::Of(other.pid());
      CHECK_EQUAL(identity.has_value() && identity->Assume(), true);
    }
    const std::string status = StatusText(static_cast<pid_t>(syscall(SYS_gettid)));
    ids = StatusField(status, "Uid") + StatusField(status, "Gid");
  });
  thread.join();
  return ids;
}

// The destructor runs before the thread ends. Until then, the real or the saved ID allows to become this process's user
// again.
TEST(EndsWithTheUserAndTheGroupOfThisProcess) {
  NeedRoot();
  CHECK_EQUAL(IdsAfter(0, 0), "\t0\t0\t0\t0\t0\t0\t0\t0");
  CHECK_EQUAL(IdsAfter(5, 0), "\t5\t0\t0\t0\t5\t0\t0\t0");
  CHECK_EQUAL(IdsAfter(0, 6), "\t0\t0\t6\t0\t0\t0\t6\t0");
}

// setuid(3) aborts the process if a thread lacks a right that the others have.
TEST(EndsWithTheGroupsAndTheCapabilitiesOfThisProcess) {
  NeedRoot();
  const Other plain([] { return setgroups(0, nullptr) == 0 && BecomeWithoutCapabilities(); });
  const auto own = [] {
    const std::string status = StatusText(static_cast<pid_t>(syscall(SYS_gettid)));
    return StatusField(status, "Groups") + " " + StatusField(status, "CapEff");
  };
  std::string before;
  std::string during;
  std::string after;
  std::thread([&] {
    const gid_t groups[] = {7, 8};
    CHECK_EQUAL(syscall(SYS_setgroups, 2, groups), 0);
    before = own();
    {
      std::optional<Identity> identity = Identity::Of(plain.pid());
      CHECK_EQUAL(identity->Assume(), true);
      during = own();
    }
    after = own();
  }).join();
  CHECK_EQUAL(during != before, true);
  CHECK_EQUAL(after, before);
}

// Without the right to change its root, a thread may still assume that of a process with the same one.
TEST(NeedsNoRightToChangeItsRootToTheSame) {
  NeedRoot();
  const auto lose = [] {
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
    if (syscall(SYS_capget, &header, sets) != 0) return false;
    sets[0].effective &= ~(1U << CAP_SYS_CHROOT);
    sets[0].permitted &= ~(1U << CAP_SYS_CHROOT);
    return syscall(SYS_capset, &header, sets) == 0;
  };
  const Other same([] { return true; });
  const Other in_another_root([] { return chroot("/proc") == 0 && chdir("/") == 0; });
  CHECK_EQUAL(lose(), true);
  CHECK_EQUAL(SeenAs(same.pid()).is_assumed, true);
  CHECK_EQUAL(SeenAs(in_another_root.pid()).is_assumed, false);
}

}  // namespace
}  // namespace seccomp::test

int main(int argc, char** argv) { return argc == 2 ? seccomp::test::RunTest(argv[1]) : 2; }
