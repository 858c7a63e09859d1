// Rulesets of paths, and whether they are still right.
#include "landlock/path_ruleset.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "check.h"
#include "landlock/ruleset.h"

namespace {

namespace fs = std::filesystem;
using seccomp::Descriptor;
using seccomp::EnterDomain;
using seccomp::FileVersion;
using seccomp::FileVersionAt;
using seccomp::LinkTrust;
using seccomp::OpenRuleset;
using seccomp::PathRule;
using seccomp::PathRuleset;
using seccomp::PathRulesetFailure;
using seccomp::test::Skip;

// Of linux/landlock.h.
constexpr uint64_t kWriteFile = 1U << 1;
constexpr uint64_t kReadFile = 1U << 2;
constexpr uint64_t kReadDir = 1U << 3;
constexpr uint64_t kHandled = kWriteFile | kReadFile | kReadDir;

class Tree {
 public:
  Tree() {
    char name[] = "/tmp/seccomp-ruleset-XXXXXX";
    path_ = fs::canonical(mkdtemp(name));
    fs::create_directories(path_ / "a");
    for (const char* file : {"a/file", "other"}) Write(file);
  }
  ~Tree() { fs::remove_all(path_); }
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  void Write(const std::string& name) const { std::ofstream(path_ / name) << name; }
  std::string operator/(const std::string& name) const { return path_ / name; }

 private:
  fs::path path_;
};

std::shared_ptr<const PathRuleset> Make(const std::vector<PathRule>& rules, PathRulesetFailure* failure) {
  return PathRuleset::Make(kHandled, 0, rules, LinkTrust{geteuid(), {}}, failure);
}

std::shared_ptr<const PathRuleset> Make(const std::vector<PathRule>& rules) {
  PathRulesetFailure failure;
  auto made = Make(rules, &failure);
  if (failure.error == ENOSYS || failure.error == EOPNOTSUPP) Skip("this kernel has no Landlock");
  CHECK_EQUAL(made != nullptr, true);
  CHECK_EQUAL(failure.error, 0);
  return made;
}

// The errno of opening a file in the domain of a ruleset; 0 if it is opened.
int OpenIn(const PathRuleset& ruleset, const std::string& path, int flags) {
  const pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
    if (EnterDomain(ruleset.descriptor()) != 0) _exit(255);
    _exit(open(path.c_str(), flags) < 0 ? errno : 0);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return WEXITSTATUS(status);
}

// Opens / and this process's program for reading in a domain. Returns 0, or the errno of the first that fails.
int ReadsEverythingIn(int ruleset) {
  const pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
    if (EnterDomain(ruleset) != 0) _exit(255);
    _exit(open("/", O_RDONLY) < 0 || open("/proc/self/exe", O_RDONLY) < 0 ? errno : 0);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return WEXITSTATUS(status);
}

TEST(GrantsEverywhere) {
  for (const bool is_first : {false, true}) {
    if (is_first) close(0);  // The ruleset gets the number.
    const Descriptor ruleset = OpenRuleset({kReadFile | kReadDir, kReadFile | kReadDir, 0});
    if (ruleset.get() < 0) Skip("this kernel has no Landlock");
    if (is_first) CHECK_EQUAL(ruleset.get(), 0);
    CHECK_EQUAL(fcntl(ruleset.get(), F_GETFD), FD_CLOEXEC);
    CHECK_EQUAL(ReadsEverythingIn(ruleset.get()), 0);
  }
  CHECK_EQUAL(ReadsEverythingIn(OpenRuleset({kReadFile | kReadDir, kReadFile, 0}).get()), EACCES);
  CHECK_EQUAL(ReadsEverythingIn(OpenRuleset({kReadFile | kReadDir, 0, 0}).get()), EACCES);
}

TEST(MakesNoRulesetThatGrantsWhatItDoesNotHandle) {
  const Descriptor handled = OpenRuleset({kReadFile, kReadFile, 0});
  if (handled.get() < 0) Skip("this kernel has no Landlock");
  const int next = dup(handled.get());
  close(next);
  CHECK_EQUAL(OpenRuleset({kReadFile, kReadDir, 0}).get(), -1);
  CHECK_EQUAL(errno, EINVAL);
  CHECK_EQUAL(dup(handled.get()), next);  // It left no descriptor open.
}

// How often a process can enter a domain, each time within the one before. The last one denies what the others do.
int LayersOf(bool logged) {
  const Descriptor ruleset = OpenRuleset({kReadFile, 0, 0});
  if (ruleset.get() < 0) Skip("this kernel has no Landlock");
  const pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
    int layers = 0;
    while (layers < 100 && EnterDomain(ruleset.get(), logged) == 0) {
      layers++;
      if (open("/proc/self/exe", O_RDONLY) >= 0) _exit(101);
    }
    _exit(EnterDomain(ruleset.get(), logged) == E2BIG ? layers : 102);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return WEXITSTATUS(status);
}

TEST(EntersOneDomainEachTimeBeItLoggedOrNot) {
  const int layers = LayersOf(false);
  CHECK_EQUAL(layers > 0 && layers <= 16, true);
  CHECK_EQUAL(LayersOf(true), layers);
}

TEST(TheDomainOfATreeScopesSignalsAndLetsFilesMove) {
  CHECK_EQUAL(seccomp::TreeDomain(false).handled, 0U);
  CHECK_EQUAL(seccomp::TreeDomain(false).granted, 0U);
  CHECK_EQUAL(seccomp::TreeDomain(false).scoped, seccomp::kScopeSignals);
  CHECK_EQUAL(seccomp::TreeDomain(true).handled, 1U << 13);
  CHECK_EQUAL(seccomp::TreeDomain(true).granted, 1U << 13);
  CHECK_EQUAL(seccomp::TreeDomain(true).scoped, seccomp::kScopeSignals);
}

TEST(GrantsOnFilesAndBeneathDirectories) {
  const Tree tree;
  const auto ruleset = Make({{tree / "a", kReadFile | kReadDir}, {tree / "other", kHandled}});
  CHECK_EQUAL(OpenIn(*ruleset, tree / "a/file", O_RDONLY), 0);
  CHECK_EQUAL(OpenIn(*ruleset, tree / "a", O_RDONLY), 0);
  CHECK_EQUAL(OpenIn(*ruleset, tree / "a/file", O_WRONLY), EACCES);
  CHECK_EQUAL(OpenIn(*ruleset, tree / "other", O_RDWR), 0);
  CHECK_EQUAL(OpenIn(*ruleset, tree / "", O_RDONLY), EACCES);
}

TEST(NamesTheRuleThatCannotBeMade) {
  const Tree tree;
  PathRulesetFailure failure;
  CHECK_EQUAL(Make({{"/", kReadFile}, {tree / "none", kReadFile}}, &failure) == nullptr, true);
  if (std::string(failure.call) == "landlock_create_ruleset") Skip("this kernel has no Landlock");
  CHECK_EQUAL(failure.error, ENOENT);
  CHECK_EQUAL(std::string(failure.call), "open");
  CHECK_EQUAL(failure.rule, 1U);
  fs::create_symlink("file", tree / "a/link");
  CHECK_EQUAL(Make({{tree / "a/link", kReadFile}}, &failure) == nullptr, true);
  CHECK_EQUAL(failure.error, ELOOP);
  CHECK_EQUAL(failure.link, tree / "a/link");
  CHECK_EQUAL(PathRuleset::Make(uint64_t{1} << 31, 0, {}, {}, &failure) == nullptr, true);
  CHECK_EQUAL(std::string(failure.call), "landlock_create_ruleset");
  CHECK_EQUAL(failure.error, EINVAL);
}

TEST(SkipsOptionalPathsAndFollowsLinksToPrograms) {
  const Tree tree;
  CHECK_EQUAL(chmod((tree / "a/file").c_str(), 0755), 0);
  fs::create_symlink("file", tree / "a/link");
  const auto ruleset = Make({{tree / "none", kReadFile, true, false},
                             {tree / "a/file/none", kReadFile, true, false},
                             {tree / "a/link", kReadFile, false, true}});
  CHECK_EQUAL(OpenIn(*ruleset, tree / "a/file", O_RDONLY), 0);
  CHECK_EQUAL(OpenIn(*ruleset, tree / "other", O_RDONLY), EACCES);
  PathRulesetFailure failure;
  CHECK_EQUAL(Make({{tree / "a/link", kReadFile, true, false}}, &failure) == nullptr, true);
  CHECK_EQUAL(failure.error, ELOOP);
}

TEST(SkipsProgramsThatAreNoExecutableFiles) {
  const Tree tree;
  fs::create_symlink("a", tree / "link");
  for (const char* name : {"link", "a", "a/file"}) {
    const auto ruleset = Make({{tree / name, kReadFile, false, true}});
    CHECK_EQUAL(OpenIn(*ruleset, tree / "a/file", O_RDONLY), EACCES);
    CHECK_EQUAL(ruleset->IsCurrent(), false);
  }
}

TEST(SkipsWhatIsNoRegularFileIfAFileIsMeant) {
  const Tree tree;
  fs::create_symlink("file", tree / "a/link");
  std::vector<PathRule> rules;
  for (const char* name : {"a", "a/link", "other"}) {
    PathRule rule = {tree / name, kReadFile};
    rule.is_optional = rule.is_file = true;
    rules.push_back(rule);
  }
  const auto ruleset = Make(rules);
  CHECK_EQUAL(OpenIn(*ruleset, tree / "a/file", O_RDONLY), EACCES);
  CHECK_EQUAL(OpenIn(*ruleset, tree / "other", O_RDONLY), 0);
}

// Whether a process in a domain that handles one right has it on a file if a rule grants it, and only then. Also if the
// kernel does not know the right.
bool IsGrantedOnFile(uint64_t right, const std::string& path, int (*use)(const char*)) {
  PathRulesetFailure failure;
  for (const uint64_t granted : {uint64_t{0}, right}) {
    const auto ruleset = PathRuleset::Make(right, 0, {{path, granted}}, LinkTrust{geteuid(), {}}, &failure);
    if (ruleset == nullptr && failure.error == EINVAL) return true;
    if (ruleset == nullptr) Skip("this kernel has no Landlock");
    const pid_t pid = fork();
    if (pid == 0) {
      prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
      if (EnterDomain(ruleset->descriptor()) != 0) _exit(255);
      _exit(use(path.c_str()) == 0 || errno != EACCES ? 0 : EACCES);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    if (WEXITSTATUS(status) != (granted == 0 ? EACCES : 0)) return false;
  }
  return true;
}

TEST(GrantsOnAFileEachRightThatItCanHave) {
  const Tree tree;
  const std::string file = tree / "other";
  CHECK_EQUAL(chmod(file.c_str(), 0755), 0);  // But it has no format that the kernel knows.
  CHECK_EQUAL(IsGrantedOnFile(1U << 0, file, [](const char* path) { return execl(path, path, nullptr); }), true);
  CHECK_EQUAL(IsGrantedOnFile(kWriteFile, file, [](const char* path) { return open(path, O_WRONLY) < 0 ? -1 : 0; }),
              true);
  CHECK_EQUAL(IsGrantedOnFile(kReadFile, file, [](const char* path) { return open(path, O_RDONLY) < 0 ? -1 : 0; }),
              true);
  CHECK_EQUAL(IsGrantedOnFile(1U << 14, file, [](const char* path) { return truncate(path, 0); }), true);
  const auto ask = [](const char* path) {
    int size = 0;
    return ioctl(open(path, O_RDONLY), FIONREAD, &size);
  };
  CHECK_EQUAL(IsGrantedOnFile(1U << 15, "/dev/null", ask), true);
}

TEST(LeavesOutRightsThatAFileCannotHave) {
  const Tree tree;
  const auto ruleset = Make({{tree / "other", kReadDir}, {tree / "a/file", kReadFile | kReadDir}});
  CHECK_EQUAL(OpenIn(*ruleset, tree / "other", O_RDONLY), EACCES);
  CHECK_EQUAL(OpenIn(*ruleset, tree / "a/file", O_RDONLY), 0);
}

TEST(IsCurrentUntilAPathLeadsToAnotherFile) {
  const Tree tree;
  const std::vector<PathRule> rules = {{tree / "a", kReadDir}, {tree / "a/file", kReadFile}};
  auto ruleset = Make(rules);
  CHECK_EQUAL(ruleset->IsCurrent(), true);
  tree.Write("a/file");  // The same file with other content.
  CHECK_EQUAL(ruleset->IsCurrent(), true);
  fs::remove(tree / "a/file");
  CHECK_EQUAL(ruleset->IsCurrent(), false);
  tree.Write("a/file");
  CHECK_EQUAL(ruleset->IsCurrent(), false);
  ruleset = Make(rules);
  fs::rename(tree / "other", tree / "a/file");
  CHECK_EQUAL(ruleset->IsCurrent(), false);
  ruleset = Make(rules);
  fs::rename(tree / "a", tree / "b");
  CHECK_EQUAL(ruleset->IsCurrent(), false);
  fs::create_symlink("b", tree / "a");  // The same file, and so the same grant.
  CHECK_EQUAL(ruleset->IsCurrent(), true);
}

// Changes the content of a file, and gives it back its modification time. Its size stays the same.
void Replace(const std::string& path) {
  struct stat before = {};
  struct stat now = {};
  CHECK_EQUAL(stat(path.c_str(), &before), 0);
  do {  // Until the clock of the file system has moved on.
    std::ofstream(path) << std::string(static_cast<size_t>(before.st_size), 'x');
    CHECK_EQUAL(stat(path.c_str(), &now), 0);
  } while (now.st_ctim.tv_sec == before.st_ctim.tv_sec && now.st_ctim.tv_nsec == before.st_ctim.tv_nsec);
  const timespec times[] = {before.st_atim, before.st_mtim};
  CHECK_EQUAL(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
}

TEST(IsCurrentUntilAProgramChanges) {
  const Tree tree;
  CHECK_EQUAL(chmod((tree / "a/file").c_str(), 0755), 0);
  const PathRule file = {tree / "a/file", kReadFile};
  PathRule program = file;
  program.is_program = true;
  for (const std::vector<PathRule>& rules : {std::vector{program}, std::vector{file, program}}) {
    const auto ruleset = Make(rules);
    CHECK_EQUAL(ruleset->IsCurrent(), true);
    Replace(tree / "a/file");
    CHECK_EQUAL(ruleset->IsCurrent(), false);
  }
  const auto ruleset = Make({file});
  Replace(tree / "a/file");
  CHECK_EQUAL(ruleset->IsCurrent(), true);
}

TEST(IsNotCurrentIfAnOptionalPathCannotBeLookedUp) {
  const Tree tree;
  const auto ruleset = Make({{tree / "later", kReadFile, true, false}});
  fs::create_symlink("later", tree / "later");
  CHECK_EQUAL(ruleset->IsCurrent(), false);
}

using CapabilitySets = __user_cap_data_struct[_LINUX_CAPABILITY_U32S_3];

void GetCapabilities(CapabilitySets& sets) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  CHECK_EQUAL(syscall(SYS_capget, &header, sets), 0);
}

bool SetCapabilities(const CapabilitySets& sets) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  return syscall(SYS_capset, &header, sets) == 0;
}

// A capability of each half of the sets.
uint32_t CapabilityOf(int half) { return half == 0 ? 1U << CAP_MKNOD : 1U << (CAP_SYSLOG - 32); }

// Drops a capability.
bool Drop(int half, bool permitted) {
  CapabilitySets sets = {};
  GetCapabilities(sets);
  uint32_t& set = permitted ? sets[half].permitted : sets[half].effective;
  if ((set & CapabilityOf(half)) == 0) return false;
  set &= ~CapabilityOf(half);
  return SetCapabilities(sets);
}

// Whether rulesets of a user and of root are current after a change of the credentials, in a process of its own.
std::string AreCurrentAfter(const std::function<bool()>& change) {
  PathRulesetFailure failure;
  const auto of_user = PathRuleset::Make(kHandled, 0, {}, LinkTrust{1, {}}, &failure);
  const auto of_root = PathRuleset::Make(kHandled, 0, {}, LinkTrust{0, {}}, &failure);
  if (of_user == nullptr || of_root == nullptr) Skip("this kernel has no Landlock");
  const pid_t pid = fork();
  if (pid == 0) _exit(change() ? (of_user->IsCurrent() ? 1 : 0) | (of_root->IsCurrent() ? 2 : 0) : 4);
  int status = 0;
  waitpid(pid, &status, 0);
  const char* const results[] = {"neither", "user", "root", "both", "not changed"};
  return WIFEXITED(status) && WEXITSTATUS(status) <= 4 ? results[WEXITSTATUS(status)] : "ended";
}

TEST(IsCurrentWhileTheUserHasTheSameCredentials) {
  // Then IDs change without capabilities.
  if (geteuid() != 0 || prctl(PR_SET_SECUREBITS, static_cast<long>(SECBIT_NO_SETUID_FIXUP), 0L, 0L, 0L) != 0) {
    Skip("needs root, and CAP_SETPCAP");
  }
  constexpr uid_t kSame = static_cast<uid_t>(-1);
  CHECK_EQUAL(AreCurrentAfter([] { return true; }), "both");
  CHECK_EQUAL(AreCurrentAfter([] { return setresuid(1, kSame, kSame) == 0; }), "root");
  CHECK_EQUAL(AreCurrentAfter([] { return setresuid(kSame, 1, kSame) == 0; }), "root");
  CHECK_EQUAL(AreCurrentAfter([] { return setresuid(kSame, kSame, 1) == 0; }), "root");
  const auto keeps_capabilities = [] {
    return prctl(PR_SET_SECUREBITS, static_cast<long>(SECBIT_NO_SETUID_FIXUP | SECBIT_KEEP_CAPS), 0L, 0L, 0L) == 0;
  };
  CHECK_EQUAL(AreCurrentAfter(keeps_capabilities), "root");
  for (const int half : {0, 1}) {
    if (!Drop(half, false)) Skip("needs CAP_MKNOD and CAP_SYSLOG");
    CHECK_EQUAL(AreCurrentAfter([half] { return Drop(half, true); }), "root");
    CHECK_EQUAL(AreCurrentAfter([half] {
                  CapabilitySets sets = {};
                  GetCapabilities(sets);
                  sets[half].effective |= CapabilityOf(half);
                  return SetCapabilities(sets);
                }),
                "root");
  }
}

TEST(IsCurrentUntilAnOptionalPathAppears) {
  const Tree tree;
  const auto ruleset = Make({{tree / "later", kReadFile, true, false}});
  CHECK_EQUAL(ruleset->IsCurrent(), true);
  tree.Write("later");
  CHECK_EQUAL(ruleset->IsCurrent(), false);
}

TEST(IsNotCurrentAfterADirectoryIsMadeAgain) {
  const Tree tree;
  const auto ruleset = Make({{tree / "a", kReadFile}});
  CHECK_EQUAL(ruleset->IsCurrent(), true);
  fs::remove_all(tree / "a");
  for (int i = 0; i < 100; i++) {
    fs::create_directory(tree / "a");
    CHECK_EQUAL(ruleset->IsCurrent(), false);
    fs::remove(tree / "a");
  }
}

TEST(IsNotCurrentAfterAnotherFileSystemIsMounted) {
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    Skip("this user may not mount");
  }
  FileVersion before;
  FileVersion after;
  {
    const Tree tree;
    const std::string path = tree / "a";
    const auto mount_at = [&](FileVersion* version) {
      CHECK_EQUAL(mount("none", path.c_str(), "tmpfs", 0, nullptr), 0);
      CHECK_EQUAL(FileVersionAt(AT_FDCWD, path.c_str(), 0, version), 0);
    };
    mount_at(&before);
    const auto ruleset = Make({{path, kReadDir}});
    CHECK_EQUAL(ruleset->IsCurrent(), true);
    CHECK_EQUAL(OpenIn(*ruleset, path, O_RDONLY), 0);
    // The ruleset does not keep the file system mounted. The next one gets its numbers.
    CHECK_EQUAL(umount(path.c_str()), 0);
    CHECK_EQUAL(ruleset->IsCurrent(), false);
    mount_at(&after);
    if (before.mount != after.mount) CHECK_EQUAL(ruleset->IsCurrent(), false);
    CHECK_EQUAL(OpenIn(*ruleset, path, O_RDONLY), EACCES);
    CHECK_EQUAL(umount(path.c_str()), 0);
  }
  if (after.status.st_dev != before.status.st_dev) Skip("another process has taken the number of the file system");
  CHECK_EQUAL(after.status.st_ino, before.status.st_ino);
  if (before.mount == after.mount) Skip("this kernel has no unique numbers of mounts");
}

}  // namespace

int main(int argc, char** argv) { return argc == 2 ? seccomp::test::RunTest(argv[1]) : 2; }
