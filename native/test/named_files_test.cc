// The files that calls name, as this process would find them itself. Run as `named_files_test NAME`.
#include "supervisor/named_files.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <vector>

#include "check.h"
#include "other_process.h"
#include "supervisor/call_argument.h"

namespace seccomp::test {
namespace {

// The working directory, in which are `file`, `directory/file`, `link` to `file`, and `broken`, a link to nothing.
class Place {
 public:
  Place() {
    char name[] = "/tmp/seccomp-named-files-XXXXXX";
    CHECK_EQUAL(mkdtemp(name) != nullptr, true);
    path_ = std::filesystem::canonical(name).string();
    std::filesystem::current_path(path_);
    std::ofstream("file").put('x');
    std::filesystem::create_directory("directory");
    std::ofstream("directory/file").put('x');
    std::filesystem::create_symlink("file", "link");
    std::filesystem::create_symlink("nothing", "broken");
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { std::filesystem::remove_all(path_); }
  std::string operator/(const char* name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

seccomp_data Call(std::initializer_list<const void*> args) {
  seccomp_data call = {};
  call.arch = kAudit64Bit;
  size_t i = 0;
  for (const void* arg : args) call.args[i++] = reinterpret_cast<uint64_t>(arg);
  return call;
}

// The file of a call whose first argument is a path and whose second one may be a directory.
// NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
std::vector<NamedFile> FindAll(const char* text, int directory, uint32_t creating) {
  PathTraits traits;
  traits.paths.push_back({0, 1, std::nullopt, creating});
  seccomp_data call = Call({text});
  call.args[1] = static_cast<uint32_t>(directory);  // As compilers pass an int.
  auto named = FindNamedFiles(traits, call, getpid(), getpid());
  FindLineages(&named.files);
  return std::move(named.files);
}

// Also if the file is missing.
NamedFile Find(const char* text, int directory = AT_FDCWD) {
  const auto files = FindAll(text, directory, kAlwaysCreates);
  return files.empty() ? NamedFile() : files.at(0);
}

std::string IdentityOf(const std::string& path) {
  struct stat status = {};
  CHECK_EQUAL(lstat(path.c_str(), &status), 0);
  return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) + " ";
}

TEST(FindsFilesByAbsolutePath) {
  const Place place;
  const NamedFile found = Find((place / "./directory/../file").c_str());
  CHECK_EQUAL(found.text, place / "./directory/../file");
  CHECK_EQUAL(found.base, "");
  CHECK_EQUAL(found.file.path, place / "file");
  CHECK_EQUAL(found.file.type, '-');
  CHECK_EQUAL(found.file.lineage,
              IdentityOf(place / "file") + IdentityOf(place.path()) + IdentityOf("/tmp") + IdentityOf("/"));
  CHECK_EQUAL(found.target.path, "");
  CHECK_EQUAL(Find("/").file.path, "/");
  CHECK_EQUAL(Find("/").file.lineage, IdentityOf("/"));
}

TEST(FindsFilesRelativeToDirectories) {
  const Place place;
  const NamedFile here = Find("file");
  CHECK_EQUAL(here.base, place.path());
  CHECK_EQUAL(here.file.path, place / "file");
  const int directory = open("directory", O_PATH);
  const NamedFile there = Find("file", directory);
  CHECK_EQUAL(there.base, place / "directory");
  CHECK_EQUAL(there.file.path, place / "directory/file");
  CHECK_EQUAL(Find("", directory).file.type, kUnresolved);  // AT_EMPTY_PATH
  CHECK_EQUAL(Find("file", 999).file.type, kUnresolved);
}

TEST(FindsLinksAndWhatTheyLeadTo) {
  const Place place;
  const NamedFile link = Find("link");
  CHECK_EQUAL(link.file.path, place / "link");
  CHECK_EQUAL(link.file.type, 'l');
  CHECK_EQUAL(link.target.path, place / "file");
  CHECK_EQUAL(link.target.type, '-');
  CHECK_EQUAL(Find("broken").file.type, 'l');
  CHECK_EQUAL(FindAll("broken", AT_FDCWD, 0).at(0).target.type, kUnresolved);
  std::filesystem::create_symlink(place / "broken", "indirect");
  for (const char* name : {"broken", "indirect"}) {  // A call makes its target.
    CHECK_EQUAL(Find(name).target.path, place / "nothing");
    CHECK_EQUAL(Find(name).target.type, kMissing);
  }
}

TEST(FindsWhereFilesAreMissing) {
  const Place place;
  const NamedFile missing = Find("directory/new");
  CHECK_EQUAL(missing.file.path, place / "directory/new");
  CHECK_EQUAL(missing.file.type, kMissing);
  CHECK_EQUAL(missing.file.lineage,
              IdentityOf(place / "directory") + IdentityOf(place.path()) + IdentityOf("/tmp") + IdentityOf("/"));
  CHECK_EQUAL(Find("new/").file.path, place / "new");
  CHECK_EQUAL(Find("/new").file.path, "/new");
  CHECK_EQUAL(Find("no/new").file.type, kUnresolved);
  CHECK_EQUAL(Find("file/new").file.type, kUnresolved);
}

TEST(FindsTheThreadsOwnDirectoryInProc) {
  const std::string own = "/proc/" + std::to_string(getpid());
  CHECK_EQUAL(Find("/proc/self/status").file.path, own + "/status");
  CHECK_EQUAL(Find("/proc/thread-self/status").file.path, own + "/status");
  CHECK_EQUAL(Find("/proc/selfish").file.type, kMissing);
}

// How many files are found of a process that names its root directory, or its working directory in it.
size_t CountOf(pid_t process, const char* path) {
  PathTraits traits;
  traits.paths.push_back({0, std::nullopt, std::nullopt, 0});
  return FindNamedFiles(traits, Call({path}), process, process).files.size();
}

TEST(FindsNothingInAnotherRootDirectory) {
  if (geteuid() != 0) Skip("needs root");
  const Other same([] { return true; });
  const Other in_another_root([] { return chroot("/proc") == 0 && chdir("/") == 0; });
  for (const char* path : {"/", "."}) {
    CHECK_EQUAL(CountOf(same.pid(), path), 1U);
    CHECK_EQUAL(CountOf(in_another_root.pid(), path), 0U);
  }
}

TEST(FindsTheDirectoryInProcOfAProcessToWhichALinkLeads) {
  const Place place;
  std::filesystem::create_symlink("/proc/self", "me");
  const Other other([] { return true; });
  const std::string its = "/proc/" + std::to_string(other.pid());
  PathTraits traits;
  traits.paths.push_back({0, std::nullopt, std::nullopt, 0});
  const auto find = [&](const char* path) {
    return FindNamedFiles(traits, Call({path}), other.pid(), other.pid()).files.at(0);
  };
  CHECK_EQUAL(find("me").file.path, place / "me");
  CHECK_EQUAL(find("me").target.path, its);
  CHECK_EQUAL(find("me/status").file.path, its + "/status");
  CHECK_EQUAL(find("/proc/self").file.path, its);
  CHECK_EQUAL(find("/proc").file.path, "/proc");
}

TEST(FindsNothingWhereThereIsNoPath) {
  PathTraits traits;
  traits.paths.push_back({0, std::nullopt, std::nullopt, 0});
  CHECK_EQUAL(FindNamedFiles(traits, Call({nullptr}), getpid(), getpid()).files.size(), 0U);
  const std::string endless(2 * size_t{PATH_MAX}, 'x');
  CHECK_EQUAL(FindNamedFiles(traits, Call({endless.c_str()}), getpid(), getpid()).files.size(), 0U);
}

TEST(FindsPathsOfSockets) {
  const Place place;
  PathTraits traits;
  traits.paths.push_back({1, std::nullopt, 2, kAlwaysCreates});
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  strcpy(address.sun_path, "socket");
  seccomp_data call = Call({nullptr, &address});
  call.args[2] = sizeof address;
  CHECK_EQUAL(FindNamedFiles(traits, call, getpid(), getpid()).files.at(0).file.path, place / "socket");
  call.args[2] = offsetof(sockaddr_un, sun_path) + 4;  // Without a NUL.
  CHECK_EQUAL(FindNamedFiles(traits, call, getpid(), getpid()).files.at(0).file.path, place / "sock");
  call.args[2] = sizeof address.sun_family;
  CHECK_EQUAL(FindNamedFiles(traits, call, getpid(), getpid()).files.size(), 0U);
  call.args[2] = sizeof address;
  address.sun_path[0] = '\0';  // An abstract address.
  CHECK_EQUAL(FindNamedFiles(traits, call, getpid(), getpid()).files.size(), 0U);
  address.sun_family = AF_INET;
  CHECK_EQUAL(FindNamedFiles(traits, call, getpid(), getpid()).files.size(), 0U);
}

TEST(ReadsFlags) {
  const Place place;
  PathTraits traits;
  traits.paths.push_back({0, std::nullopt, std::nullopt, 0});
  uint64_t how[] = {O_RDWR | O_CLOEXEC, 0, 0};
  seccomp_data call = Call({"file", how});
  call.args[2] = sizeof how;
  const auto find = [&] { return FindNamedFiles(traits, call, getpid(), getpid()); };
  CHECK_EQUAL(find().flags, 0U);
  traits.open_how = 1;
  CHECK_EQUAL(find().flags, how[0]);
  call.args[2] = 8;  // EINVAL
  CHECK_EQUAL(find().files.size(), 0U);
  CHECK_EQUAL(find().unseen.has_value(), false);
  call.args[2] = sizeof how;
  how[2] = 8;  // RESOLVE_BENEATH
  CHECK_EQUAL(find().files.size(), 0U);
  CHECK_EQUAL(find().unseen == Unseen::kNotFound, true);
  traits.ignored = O_CLOEXEC;
  CHECK_EQUAL(find().unseen.has_value(), false);
  call.args[1] = 0;
  CHECK_EQUAL(find().unseen == Unseen::kUnreadable, true);
  traits.flags = 2;
  traits.ignored = 0;
  CHECK_EQUAL(find().flags, sizeof how);
}

// Why it is not known which file a call names whose second argument may be a directory; nothing for a call that fails
// anyway. NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
std::optional<Unseen> WhyUnseen(const char* text, int directory = AT_FDCWD, uint32_t creating = kAlwaysCreates) {
  PathTraits traits;
  traits.paths.push_back({0, 1, std::nullopt, creating});
  seccomp_data call = Call({text});
  call.args[1] = static_cast<uint32_t>(directory);
  return FindNamedFiles(traits, call, getpid(), getpid()).unseen;
}

TEST(SaysWhyFilesAreUnseen) {
  const Place place;
  const std::string endless(2 * size_t{PATH_MAX}, 'x');
  for (const char* failing : {"file", "link", "broken", "new", "nowhere/file", "file/file", endless.c_str(), ""})
    CHECK_EQUAL(WhyUnseen(failing, AT_FDCWD, 0).has_value(), failing[0] == '\0');
  CHECK_EQUAL(WhyUnseen("", open("file", O_PATH)) == Unseen::kNotFound, true);  // AT_EMPTY_PATH
  CHECK_EQUAL(WhyUnseen("file", 999).has_value(), false);                       // EBADF
  CHECK_EQUAL(WhyUnseen(nullptr).has_value(), false);                           // EFAULT
  CHECK_EQUAL(WhyUnseen(reinterpret_cast<const char*>(1)) == Unseen::kUnreadable,
              true);  // It may be memory of userfaultfd(2).
  CHECK_EQUAL(WhyUnseen("/proc/self/cwd/file") == Unseen::kNotFound, true);
  std::filesystem::create_symlink("loop", "loop");
  CHECK_EQUAL(WhyUnseen("loop") == Unseen::kNotFound, true);
}

TEST(FollowsLinksOfTheThreadsOwnDirectoryInProc) {
  const Place place;
  const int file = open("file", O_RDONLY);
  const std::string own = "/proc/self/fd/" + std::to_string(file);
  const std::string by_device = "/dev/fd/" + std::to_string(file);
  std::filesystem::create_symlink(own, "stdin");
  std::filesystem::create_symlink("stdin", "indirect");
  for (const char* name : {own.c_str(), by_device.c_str(), "stdin", "indirect"}) {
    CHECK_EQUAL(Find(name).file.type, 'l');
    CHECK_EQUAL(Find(name).target.path, place / "file");
  }
  CHECK_EQUAL(Find("/proc/self/cwd").target.path, place.path());
  int ends[2];
  CHECK_EQUAL(pipe(ends), 0);
  const std::string end = "/dev/fd/" + std::to_string(ends[0]);
  CHECK_EQUAL(Find(end.c_str()).target.type, kUnresolved);
  CHECK_EQUAL(WhyUnseen(end.c_str(), AT_FDCWD, 0).has_value(), false);
  // Descriptors that this process does not have, by other words for /proc/self.
  const Other holder([file] { return dup2(file, 500) == 500; });
  std::filesystem::create_symlink("/dev/fd/500", "far");
  const auto find = [&holder](const char* name) {
    PathTraits traits;
    traits.paths.push_back({0, std::nullopt, std::nullopt, 0});
    const auto found = FindNamedFiles(traits, Call({name}), holder.pid(), holder.pid());
    return found.files.empty() ? NamedFile() : found.files.at(0);
  };
  for (const char* name : {"/proc/self/fd/500", "/dev/fd/500", "//proc/./self/fd/500", "far"})
    CHECK_EQUAL(find(name).target.path, place / "file");
  const Other other([] { return true; });
  const std::string others = "/proc/" + std::to_string(other.pid()) + "/cwd";
  CHECK_EQUAL(WhyUnseen(others.c_str(), AT_FDCWD, 0) == Unseen::kNotFound, true);
}

TEST(TellsFilesThatAreExecutableOrRemoved) {
  const Place place;
  chmod("file", 0755);
  CHECK_EQUAL(Find("file").file.type, kExecutable);
  const int directory = open("directory", O_PATH);
  std::filesystem::remove_all("directory");
  CHECK_EQUAL(Find(".", directory).file.type, kUnresolved);
  CHECK_EQUAL(Find("new", directory).file.type, kUnresolved);
}

TEST(LooksAtTheNearestDirectoriesOfDeepFiles) {
  const Place place;
  std::string path = place.path();
  for (int i = 0; i < 100; i++) {
    path += "/d";
    CHECK_EQUAL(mkdir(path.c_str(), 0755), 0);
  }
  const NamedFile found = Find(path.c_str());
  CHECK_EQUAL(std::count(found.file.lineage.begin(), found.file.lineage.end(), ' '), 65);
  CHECK_EQUAL(found.file.lineage.substr(0, IdentityOf(path).size()), IdentityOf(path));
}

TEST(LeavesOutCallsOfNoInterest) {
  const Place place;
  PathTraits traits;
  traits.paths.push_back({0, std::nullopt, std::nullopt, O_CREAT});
  traits.flags = 1;
  traits.ignored = O_PATH;
  const auto count = [&](const char* name, uint64_t flags) {
    seccomp_data call = Call({name});
    call.args[1] = flags;
    return FindNamedFiles(traits, call, getpid(), getpid()).files.size();
  };
  CHECK_EQUAL(count("file", O_RDWR), 1U);
  CHECK_EQUAL(count("file", O_PATH | O_CREAT), 0U);
  CHECK_EQUAL(count("new", O_RDWR), 0U);
  CHECK_EQUAL(count("new", O_RDWR | O_CREAT), 1U);
}

}  // namespace
}  // namespace seccomp::test

int main(int argc, char** argv) { return argc == 2 ? seccomp::test::RunTest(argv[1]) : 2; }
