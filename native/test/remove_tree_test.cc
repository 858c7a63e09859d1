// Private directories, and their removal while programs change them.
#include "system/remove_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "check.h"
#include "system/linux_abi.h"
#include "system/private_directory.h"

namespace seccomp::test {

// Called before each call that finds a file by its name, with the directory and the name.
static std::function<void(int, const std::string&)>& BeforeEachCall() {
  static std::function<void(int, const std::string&)> function;
  return function;
}

// Calls BeforeEachCall(), but not for the calls that it makes itself.
static void Announce(int directory, const char* name) {
  static bool is_running = false;
  if (is_running || !BeforeEachCall()) return;
  is_running = true;
  BeforeEachCall()(directory, name);
  is_running = false;
}

// Whether getrandom(2) fails with EPERM.
static bool& IsRandomDenied() {
  static bool is_denied = false;
  return is_denied;
}

}  // namespace seccomp::test

// In the place of those of the C library.
// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)
extern "C" int unlinkat(int directory, const char* name, int flags) noexcept {
  seccomp::test::Announce(directory, name);
  return static_cast<int>(syscall(SYS_unlinkat, directory, name, flags));
}
extern "C" int renameat(int from, const char* name, int to, const char* new_name) noexcept {
  seccomp::test::Announce(from, name);
  return static_cast<int>(syscall(SYS_renameat2, from, name, to, new_name, 0));
}
extern "C" int openat(int directory, const char* name, int flags, ...) {  // NOLINT(cert-dcl50-cpp)
  seccomp::test::Announce(directory, name);
  return static_cast<int>(syscall(SYS_openat, directory, name, flags, 0600));
}
extern "C" ssize_t getrandom(void* bytes, size_t size, unsigned flags) {
  if (!seccomp::test::IsRandomDenied()) return syscall(SYS_getrandom, bytes, size, flags);
  errno = EPERM;
  return -1;
}
// NOLINTEND(readability-inconsistent-declaration-parameter-name)

namespace seccomp::test {
namespace {

namespace fs = std::filesystem;

constexpr uid_t kNobody = 65534;

// A directory in which everyone may make files, in memory if possible: there, a file is removed in microseconds, while
// a disk may take milliseconds. RunAndCleanUp removes it.
fs::path& SharedDirectory() {
  static fs::path path;
  return path;
}

// Runs a test in a process of its own, which may change its user or its mounts, or end in the midst of the test, and
// removes what it leaves.
int RunAndCleanUp(const std::string& test) {
  const char* const memory = "/dev/shm";
  const fs::path parent = access(memory, W_OK) == 0 ? fs::path(memory) : fs::temp_directory_path();
  std::string path = parent / "remove_tree_test.XXXXXX";
  if (mkdtemp(path.data()) == nullptr || chmod(path.c_str(), 0777) != 0) return 1;
  SharedDirectory() = path;
  const pid_t pid = fork();
  if (pid == 0) return RunTest(test);
  int status = 0;
  waitpid(pid, &status, 0);
  fs::remove_all(path);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

// A directory with a tree to remove, `tree`, and files that must stay, `outside`.
struct Scratch {
  Scratch() {
    std::string name = SharedDirectory() / "scratch.XXXXXX";
    path = mkdtemp(name.data());
    CHECK_EQUAL(chmod(path.c_str(), 0755), 0);
    tree = path / "tree";
    outside = path / "outside";
    fs::create_directory(tree);
    for (int i = 0; i < kOutsideFiles; i++) Write(outside / "deep" / std::to_string(i));
    parent = Descriptor(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    CHECK_EQUAL(OutsideFiles(), kOutsideFiles);
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }

  static void Write(const fs::path& file) {
    fs::create_directories(file.parent_path());
    std::ofstream(file) << "text";
  }
  int OutsideFiles() const {
    int count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(outside)) count += entry.is_regular_file() ? 1 : 0;
    return count;
  }
  FileIdentity Identity() const {
    struct stat file = {};
    CHECK_EQUAL(lstat(tree.c_str(), &file), 0);
    return IdentityOf(file);
  }
  int Remove(const std::optional<FileUser>& user = std::nullopt) const {
    return RemoveTree(parent, "tree", Identity(), user);
  }
  // Makes this process, and so the owner of what follows, an ordinary user.
  void BecomeOrdinary() const {
    if (geteuid() != 0) return;
    for (const fs::path& each : {path, tree, outside}) CHECK_EQUAL(chown(each.c_str(), kNobody, kNobody), 0);
    CHECK_EQUAL(setresgid(kNobody, kNobody, kNobody), 0);
    CHECK_EQUAL(setresuid(kNobody, kNobody, kNobody), 0);
  }

  static constexpr int kOutsideFiles = 3;
  fs::path path, tree, outside;
  Descriptor parent;
};

// Makes `depth` directories, each in the one before. Returns the innermost.
Descriptor Nest(const fs::path& path, const std::string& name, int depth) {
  Descriptor directory(open(path.c_str(), O_RDONLY | O_DIRECTORY));
  for (int i = 0; i < depth; i++) {
    CHECK_EQUAL(mkdirat(directory.get(), name.c_str(), 0700), 0);
    directory = Descriptor(openat(directory.get(), name.c_str(), O_RDONLY | O_DIRECTORY));
  }
  return directory;
}

TEST(RemovesEveryKindOfFile) {
  const Scratch scratch;
  const fs::path& tree = scratch.tree;
  Scratch::Write(tree / "a" / "b" / "c");
  Scratch::Write(tree / "a" / std::string(255, 'x') / std::string(255, 'y'));
  Scratch::Write(tree / "a" / "\n");
  Scratch::Write(tree / ".seccomp-0" / "a name of ours" / "file");
  Scratch::Write(tree / ".seccomp-1");
  fs::create_directory(tree / "a" / "empty");
  fs::create_directory_symlink(scratch.outside, tree / "link");
  fs::create_directory_symlink(scratch.outside, tree / "a" / "link");
  fs::create_symlink("nowhere", tree / "a" / "dangling");
  CHECK_EQUAL(mkfifo((tree / "fifo").c_str(), 0), 0);
  CHECK_EQUAL(scratch.Remove(), 0);
  CHECK_EQUAL(fs::exists(tree), false);
}

TEST(RemovesAFileOfTheOtherKindThanItWas) {
  for (const bool was_directory : {false, true}) {
    const Scratch scratch;
    const auto make = [&](bool is_directory) {
      const fs::path entry = scratch.tree / "entry";
      if (is_directory) return fs::create_directory(entry);
      return std::ofstream(entry).is_open();
    };
    CHECK_EQUAL(make(was_directory), true);
    bool has_changed = false;
    BeforeEachCall() = [&](int, const std::string& name) {
      if (name != "entry" || std::exchange(has_changed, true)) return;
      CHECK_EQUAL(fs::remove(scratch.tree / "entry"), true);
      CHECK_EQUAL(make(!was_directory), true);
    };
    const int error = scratch.Remove();
    BeforeEachCall() = nullptr;
    CHECK_EQUAL(error, 0);
    CHECK_EQUAL(fs::exists(scratch.tree), false);
  }
}

TEST(ReadsADirectoryToWhichFilesAreAddedAgainFiveTimes) {
  const Scratch scratch;
  int removals = -1;  // The directory is opened once before.
  BeforeEachCall() = [&](int, const std::string& name) {
    if (name == "tree") Scratch::Write(scratch.tree / std::to_string(removals++));
  };
  const int error = scratch.Remove();
  BeforeEachCall() = nullptr;
  CHECK_EQUAL(error, ENOTEMPTY);
  CHECK_EQUAL(removals, 5);
}

TEST(LeavesTheModeOfADirectoryThatItMayRead) {
  const Scratch scratch;
  CHECK_EQUAL(chmod(scratch.tree.c_str(), 0755), 0);
  close(0);        // The directory gets the number.
  errno = EACCES;  // Of an earlier call.
  Descriptor directory;
  struct stat file = {};
  CHECK_EQUAL(OpenDirectory(scratch.parent.get(), "tree", &directory, &file), 0);
  CHECK_EQUAL(directory.get(), 0);
  CHECK_EQUAL(fstat(0, &file), 0);
  CHECK_EQUAL(file.st_mode, static_cast<mode_t>(S_IFDIR | 0755));
}

TEST(RemovesNothingTwice) {
  const Scratch scratch;
  const FileIdentity identity = scratch.Identity();
  CHECK_EQUAL(RemoveTree(scratch.parent, "tree", identity), 0);
  CHECK_EQUAL(RemoveTree(scratch.parent, "tree", identity), 0);
}

TEST(LeavesAnotherFileWithTheName) {
  const Scratch scratch;
  const FileIdentity identity = scratch.Identity();
  fs::rename(scratch.tree, scratch.path / "moved");
  fs::create_directory_symlink(scratch.outside, scratch.tree);
  CHECK_EQUAL(RemoveTree(scratch.parent, "tree", identity), ENOTDIR);
  fs::remove(scratch.tree);
  fs::rename(scratch.outside, scratch.tree);
  CHECK_EQUAL(RemoveTree(scratch.parent, "tree", identity), ESTALE);
  fs::rename(scratch.tree, scratch.outside);
}

TEST(RemovesTenThousandNestedDirectoriesWithFewDescriptors) {
  const Scratch scratch;
  Nest(scratch.tree, std::string(255, 'n'), 10'000);
  const auto next = static_cast<rlim_t>(Descriptor(dup(STDERR_FILENO)).get());
  const rlimit files = {next + 3, next + 3};
  CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &files), 0);
  CHECK_EQUAL(scratch.Remove(), 0);
}

TEST(RemovesManyFilesAndDirectories) {
  const Scratch scratch;
  for (int i = 0; i < 200; i++) {
    const fs::path directory = scratch.tree / std::to_string(i % 3) / std::to_string(i);
    for (int j = 0; j < 100; j++) Scratch::Write(directory / std::to_string(j));
  }
  CHECK_EQUAL(scratch.Remove(), 0);
}

TEST(RemovesDirectoriesWithoutPermissions) {
  const Scratch scratch;
  scratch.BecomeOrdinary();
  fs::path deep = scratch.tree;
  for (int i = 0; i < 100; i++) deep /= "d";
  for (const char* name : {"file", "other"}) Scratch::Write(deep / name);
  for (fs::path each = deep; each != scratch.path; each = each.parent_path()) fs::permissions(each, fs::perms::none);
  CHECK_EQUAL(scratch.Remove(), 0);
}

TEST(RemovesDirectoriesThatCanOnlyBeRead) {
  const Scratch scratch;
  scratch.BecomeOrdinary();
  Scratch::Write(scratch.tree / "a" / "b" / "file");
  for (const char* each : {"a/b", "a", ""}) CHECK_EQUAL(chmod((scratch.tree / each).c_str(), 0500), 0);
  CHECK_EQUAL(scratch.Remove(), 0);
}

void SetImmutable(const fs::path& file, bool is_immutable) {
  const Descriptor opened(open(file.c_str(), O_RDONLY));
  int flags = 0;
  if (ioctl(opened.get(), FS_IOC_GETFLAGS, &flags) != 0) Skip("this file system has no flags");
  flags = is_immutable ? flags | FS_IMMUTABLE_FL : flags & ~FS_IMMUTABLE_FL;
  if (ioctl(opened.get(), FS_IOC_SETFLAGS, &flags) != 0) Skip("this user may not make files immutable");
}

TEST(RemovesAllButWhatCannotBeRemoved) {
  const Scratch scratch;
  const fs::path kept = scratch.tree / "a" / "b" / "kept";
  for (const char* name : {"0", "kept", "z"}) Scratch::Write(scratch.tree / "a" / "b" / name);
  Scratch::Write(scratch.tree / "a" / "c" / "d");
  SetImmutable(kept, true);
  CHECK_EQUAL(scratch.Remove(), EPERM);
  std::vector<fs::path> left;
  for (const auto& entry : fs::recursive_directory_iterator(scratch.tree)) {
    if (entry.is_regular_file()) left.push_back(entry.path());
  }
  CHECK_EQUAL(left.size(), 1U);
  SetImmutable(left[0], false);
  CHECK_EQUAL(scratch.Remove(), 0);
}

TEST(LeavesMounts) {
  const Scratch scratch;
  const fs::path mount_point = scratch.tree / "a" / "b" / "mount";
  fs::create_directories(mount_point);
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    Skip("this user may not mount");
  }
  // A bind mount has the same st_dev.
  CHECK_EQUAL(mount(scratch.outside.c_str(), mount_point.c_str(), nullptr, MS_BIND, nullptr), 0);
  fs::create_directory(scratch.tree / "tmpfs");
  CHECK_EQUAL(mount("none", (scratch.tree / "tmpfs").c_str(), "tmpfs", 0, nullptr), 0);
  Scratch::Write(scratch.tree / "tmpfs" / "deep" / "file");
  Scratch::Write(scratch.tree / "a" / "file");
  CHECK_EQUAL(scratch.Remove(), EBUSY);
  CHECK_EQUAL(fs::exists(scratch.tree / "tmpfs" / "deep" / "file"), true);
  CHECK_EQUAL(fs::exists(scratch.tree / "a" / "file"), false);
  CHECK_EQUAL(umount2((scratch.tree / "tmpfs").c_str(), MNT_DETACH), 0);
  CHECK_EQUAL(scratch.Remove(), EBUSY);
}

// Enters a Landlock domain in which no directory can be moved into another.
void ForbidMoving() {
  LandlockRuleset attributes = {uint64_t{1} << 11, 0, 0};  // LANDLOCK_ACCESS_FS_MAKE_BLOCK
  const auto ruleset = static_cast<int>(syscall(kLandlockCreateRuleset, &attributes, sizeof(uint64_t), 0));
  if (ruleset < 0) Skip("this kernel has no Landlock");
  prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
  CHECK_EQUAL(syscall(kLandlockRestrictSelf, ruleset, 0), 0);
}

// The most directories, each in the one before, that are removed where they are: all but the last are opened.
constexpr int kDeepestInPlace = 65;

TEST(RemovesNestedDirectoriesThatCannotBeMoved) {
  const Scratch scratch;
  for (const char* name : {"a", "b", "c"}) Nest(scratch.tree, name, kDeepestInPlace);
  ForbidMoving();
  CHECK_EQUAL(scratch.Remove(), 0);
}

TEST(LeavesWhatIsTooDeepToBeRemovedWithoutBeingMoved) {
  const Scratch scratch;
  Nest(scratch.tree, "a", kDeepestInPlace + 1);
  Scratch::Write(scratch.tree / "a" / "a" / "file");
  ForbidMoving();
  CHECK_EQUAL(scratch.Remove(), EXDEV);
  CHECK_EQUAL(fs::exists(scratch.tree / "a" / "a" / "file"), false);
}

// A process that runs `step` again and again until the object is destroyed.
class Looping {
 public:
  template <typename Step>
  explicit Looping(Step step) : pid_(fork()) {
    if (pid_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) step();
  }
  Looping(const Looping&) = delete;
  Looping& operator=(const Looping&) = delete;
  ~Looping() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

 private:
  pid_t pid_;
};

TEST(IsNeverLedOutsideByLinks) {
  // At each step of a removal, another program replaces the file of this step by a link.
  for (int step = 0; step >= 0; step++) {
    const Scratch scratch;
    for (const char* each : {"a/b/c", "a/d", "e"}) Scratch::Write(scratch.tree / each / "file");
    int left = step;
    BeforeEachCall() = [&](int directory, const std::string& name) {
      if (name == "tree" || left-- != 0) return;
      if (renameat(directory, name.c_str(), directory, "aside") != 0) return;
      CHECK_EQUAL(symlinkat(scratch.outside.c_str(), directory, name.c_str()), 0);
    };
    const int error = scratch.Remove();
    BeforeEachCall() = nullptr;
    CHECK_EQUAL(error, 0);
    CHECK_EQUAL(scratch.OutsideFiles(), Scratch::kOutsideFiles);
    if (left >= 0) return;  // The removal has fewer steps.
  }
}

TEST(EndsAlthoughAProcessAddsFiles) {
  const Scratch scratch;
  const Descriptor inner = Nest(scratch.tree, "a", 2);
  const auto add = [&] {
    static int number = 0;
    const std::string name = std::to_string(number++);
    const Descriptor file(openat(inner.get(), name.c_str(), O_CREAT | O_WRONLY, 0));
    mkdirat(inner.get(), (name + "d").c_str(), 0);
  };
  const Looping one(add);
  const Looping other(add);
  const int error = scratch.Remove();
  CHECK_EQUAL(error == 0 || error == ENOTEMPTY, true);
}

TEST(UsesNoRightsButThoseOfTheUser) {
  if (geteuid() != 0) Skip("this user cannot act as another");
  const Scratch scratch;
  // As a program moves a directory of its own into the tree, in which root has made files.
  Scratch::Write(scratch.tree / "own" / "of-root" / "file");
  Scratch::Write(scratch.tree / "own" / "file");
  for (const char* each : {"", "own", "own/file"}) {
    CHECK_EQUAL(lchown((scratch.tree / each).c_str(), kNobody, kNobody), 0);
  }
  CHECK_EQUAL(chmod(scratch.path.c_str(), 0700), 0);
  const FileUser user = {kNobody, kNobody};
  CHECK_EQUAL(scratch.Remove(user), EACCES);
  CHECK_EQUAL(fs::exists(scratch.tree / "own" / "of-root" / "file"), true);
  CHECK_EQUAL(fs::exists(scratch.tree / "own" / "file"), false);
  CHECK_EQUAL(prctl(PR_GET_DUMPABLE), 1);
  fs::remove_all(scratch.tree / "own" / "of-root");
  CHECK_EQUAL(scratch.Remove(user), 0);  // Although the user may not change the parent directory.
}

TEST(UsesTheRightsOfTheUsersGroup) {
  if (geteuid() != 0) Skip("this user cannot act as another");
  const Scratch scratch;
  Scratch::Write(scratch.tree / "file");
  CHECK_EQUAL(chown(scratch.tree.c_str(), 1, kNobody), 0);
  CHECK_EQUAL(chmod(scratch.tree.c_str(), 0770), 0);
  CHECK_EQUAL(scratch.Remove(FileUser{kNobody, 2}), EACCES);
  CHECK_EQUAL(scratch.Remove(FileUser{kNobody, kNobody}), 0);
}

TEST(RemovesWhatAnotherProcessRemovesToo) {
  const Scratch scratch;
  Scratch::Write(scratch.tree / "file");
  BeforeEachCall() = [&](int, const std::string& name) {
    if (name == "tree") rmdir(scratch.tree.c_str());  // Succeeds once it is empty.
  };
  const int error = scratch.Remove();
  BeforeEachCall() = nullptr;
  CHECK_EQUAL(error, 0);
}

// Removes the tree in a process where `call` and `other` fail with `error`. Returns RemoveTree's result.
int RemoveWithout(const Scratch& scratch, uint32_t call, uint32_t other, uint32_t error) {
  const pid_t pid = fork();
  if (pid == 0) {
    sock_filter instructions[] = {
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
        {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, call},
        {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, other},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | error},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
    };
    const sock_fprog filter = {5, instructions};
    prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
    if (prctl(PR_SET_SECCOMP, static_cast<long>(SECCOMP_MODE_FILTER), &filter, 0L, 0L) != 0) _exit(255);
    _exit(scratch.Remove());
  }
  int status = 0;
  CHECK_EQUAL(waitpid(pid, &status, 0), pid);
  return WEXITSTATUS(status);
}

TEST(ReportsThatADirectoryCannotBeRead) {
  const Scratch scratch;
  Scratch::Write(scratch.tree / "file");
  CHECK_EQUAL(RemoveWithout(scratch, SYS_getdents64, SYS_getdents64, EIO), EIO);
}

TEST(ReportsThatADirectoryCannotBeMadeAccessible) {
#ifdef SYS_chmod
  constexpr uint32_t kChmod = SYS_chmod;
#else
  constexpr uint32_t kChmod = SYS_fchmodat;
#endif
  const Scratch scratch;
  scratch.BecomeOrdinary();
  fs::permissions(scratch.tree, fs::perms::none);
  CHECK_EQUAL(RemoveWithout(scratch, kChmod, kFchmodat2, ENOENT), EACCES);  // As without /proc.
}

// What a private directory in `parent` is.
struct Made {
  explicit Made(const fs::path& parent, const std::optional<FileUser>& user = std::nullopt) {
    failure = PrivateDirectory::Make(parent, user, &directory);
    if (failure.error != 0) return;
    path = parent / directory->name();
    CHECK_EQUAL(stat(path.c_str(), &file), 0);
  }
  std::shared_ptr<PrivateDirectory> directory;
  Failure failure = {};
  fs::path path;
  struct stat file = {};

  // Removes the directory, and waits for the end however long that takes.
  int Remove() const {
    std::promise<int> result;
    directory->Remove([&result](int error) { result.set_value(error); });
    return result.get_future().get();
  }
};

TEST(APrivateDirectoryIsOnlyForItsUser) {
  const Scratch scratch;
  for (const mode_t mask : {0, 0777}) {
    umask(mask);
    const Made made(scratch.path);
    CHECK_EQUAL(made.file.st_mode, static_cast<mode_t>(S_IFDIR | 0700));
    CHECK_EQUAL(made.file.st_uid, geteuid());
    CHECK_EQUAL(made.directory->name().size(), 32U);
    CHECK_EQUAL(made.Remove(), 0);
    CHECK_EQUAL(fs::exists(made.path), false);
    CHECK_EQUAL(made.Remove(), 0);
    CHECK_EQUAL(made.directory->RemoveSoon(), 0);
  }
}

TEST(RemovesAPrivateDirectoryWhateverTheDescriptorOfItsParent) {
  const Scratch scratch;
  close(0);  // The parent gets the number.
  const Made made(scratch.path);
  CHECK_EQUAL(made.Remove(), 0);
  CHECK_EQUAL(fs::exists(made.path), false);
}

TEST(APrivateDirectoryMayBelongToAnotherUser) {
  if (geteuid() != 0) Skip("this user cannot give files away");
  const Scratch scratch;
  const Made made(scratch.path, FileUser{kNobody, kNobody});
  CHECK_EQUAL(made.file.st_uid, kNobody);
  CHECK_EQUAL(made.file.st_gid, kNobody);
  CHECK_EQUAL(made.Remove(), 0);
  CHECK_EQUAL(fs::exists(made.path), false);
}

TEST(PrivateDirectoriesHaveDifferentNames) {
  const Scratch scratch;
  const Made one(scratch.path);
  const Made other(scratch.path);
  CHECK_EQUAL(other.failure.error, 0);
  CHECK_EQUAL(one.path == other.path, false);
}

TEST(ReportsWhyThereIsNoPrivateDirectory) {
  const Scratch scratch;
  Scratch::Write(scratch.tree / "file");
  const auto error_in = [](const fs::path& parent) {
    const Failure failure = Made(parent).failure;
    return std::string(failure.call) + " " + strerror(failure.error);
  };
  CHECK_EQUAL(error_in(scratch.tree / "missing"), "open No such file or directory");
  CHECK_EQUAL(error_in(scratch.tree / "file"), "open Not a directory");
  if (geteuid() == 0) {
    CHECK_EQUAL(setresuid(kNobody, kNobody, kNobody), 0);
    CHECK_EQUAL(error_in(scratch.tree), "mkdir Permission denied");
  }
  // This user cannot give files away, and leaves nothing behind.
  std::string own = SharedDirectory() / "scratch.XXXXXX";
  CHECK_EQUAL(mkdtemp(own.data()) != nullptr, true);
  CHECK_EQUAL(Made(own, FileUser{0, 0}).failure.error, EPERM);
  CHECK_EQUAL(fs::is_empty(own), true);
}

TEST(MakesNoPrivateDirectoryWithoutARandomName) {
  const Scratch scratch;
  IsRandomDenied() = true;
  const Failure failure = Made(scratch.tree).failure;
  IsRandomDenied() = false;
  CHECK_EQUAL(std::string(failure.call), "getrandom");
  CHECK_EQUAL(failure.error, EPERM);
  CHECK_EQUAL(fs::is_empty(scratch.tree), true);
}

// How many descriptors refer to a directory. Others come and go: a sanitizer opens some where a thread starts.
int DescriptorsOf(const fs::path& directory) {
  struct stat wanted = {};
  CHECK_EQUAL(stat(directory.c_str(), &wanted), 0);
  int count = 0;
  for (int fd = 0; fd < 1024; fd++) {
    struct stat found = {};
    count += static_cast<int>(fstat(fd, &found) == 0 && IdentityOf(found) == IdentityOf(wanted));
  }
  return count;
}

TEST(ARemovalClosesTheDescriptors) {
  const Scratch scratch;
  const int before = DescriptorsOf(scratch.path);
  const Made made(scratch.path);
  CHECK_EQUAL(DescriptorsOf(scratch.path), before + 1);
  CHECK_EQUAL(made.Remove(), 0);
  CHECK_EQUAL(DescriptorsOf(scratch.path), before);
}

}  // namespace
}  // namespace seccomp::test

int main(int argc, char** argv) { return argc == 2 ? seccomp::test::RunAndCleanUp(argv[1]) : 2; }
