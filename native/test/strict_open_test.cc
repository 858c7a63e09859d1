// Opening paths without following links that the child could have made.
#include "landlock/strict_open.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "check.h"

namespace {

namespace fs = std::filesystem;
using seccomp::LinkTrust;
using seccomp::MappedUsers;
using seccomp::OpenStrictly;
using seccomp::StrictlyOpened;
using seccomp::test::Skip;

// A directory of this process's user, with mode 755, that is removed at the end: a/file, and a/deep/file.
class Tree {
 public:
  Tree() {
    char name[] = "/tmp/seccomp-strict-XXXXXX";
    path_ = fs::canonical(mkdtemp(name));
    CHECK_EQUAL(chmod(path_.c_str(), 0755), 0);
    fs::create_directories(path_ / "a/deep");
    std::ofstream(path_ / "a/file") << "file";
    std::ofstream(path_ / "a/deep/file") << "deep";
  }
  ~Tree() { fs::remove_all(path_); }
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  std::string operator/(const std::string& name) const { return path_ / name; }
  void Link(const std::string& name, const std::string& target) const { fs::create_symlink(target, path_ / name); }
  // Trusts the links in this tree.
  LinkTrust Trusting() const { return geteuid() == 0 ? LinkTrust{0, {path_ / ""}} : LinkTrust{geteuid() + 1, {}}; }
  // Does not: the user could replace them.
  static LinkTrust Distrusting() { return {geteuid(), {}}; }

 private:
  fs::path path_;
};

// The inode of an opened file; 0 if it was not opened.
ino_t Inode(const StrictlyOpened& opened) {
  struct stat status = {};
  return opened.file.get() >= 0 && fstat(opened.file.get(), &status) == 0 ? status.st_ino : 0;
}

ino_t Inode(const std::string& path) {
  struct stat status = {};
  return stat(path.c_str(), &status) == 0 ? status.st_ino : 1;
}

void CheckRefused(const StrictlyOpened& opened, int error, const std::string& link) {
  CHECK_EQUAL(opened.file.get(), -1);
  CHECK_EQUAL(opened.error, error);
  CHECK_EQUAL(opened.link, link);
}

TEST(OpensPathsWithoutLinks) {
  const Tree tree;
  for (const std::string name : {"a", "a/file", "a/deep/file"}) {
    CHECK_EQUAL(Inode(OpenStrictly(tree / name, Tree::Distrusting())), Inode(tree / name));
  }
  CHECK_EQUAL(Inode(OpenStrictly("/", Tree::Distrusting())), Inode("/"));
  CheckRefused(OpenStrictly(tree / "none", tree.Trusting()), ENOENT, "");
  CheckRefused(OpenStrictly(tree / "a/file/none", tree.Trusting()), ENOTDIR, "");
}

TEST(RefusesLinksThatTheUserCouldReplace) {
  const Tree tree;
  tree.Link("link", "a");
  tree.Link("a/last", tree / "a/file");
  CheckRefused(OpenStrictly(tree / "link", Tree::Distrusting()), ELOOP, tree / "link");
  CheckRefused(OpenStrictly(tree / "link/deep/file", Tree::Distrusting()), ELOOP, tree / "link");
  CheckRefused(OpenStrictly(tree / "a/last", Tree::Distrusting()), ELOOP, tree / "a/last");
}

TEST(FollowsLinksThatTheUserCouldNotReplace) {
  const Tree tree;
  tree.Link("link", "a");
  tree.Link("a/last", tree / "a/file");
  tree.Link("a/deep/up", "../../link//./last");
  tree.Link("a/root", "/");
  CHECK_EQUAL(Inode(OpenStrictly(tree / "link/deep/file", tree.Trusting())), Inode(tree / "a/deep/file"));
  CHECK_EQUAL(Inode(OpenStrictly(tree / "a/deep/up", tree.Trusting())), Inode(tree / "a/file"));
  CHECK_EQUAL(Inode(OpenStrictly(tree / "a/root", tree.Trusting())), Inode("/"));
  tree.Link("a/none", "gone");
  CheckRefused(OpenStrictly(tree / "a/none", tree.Trusting()), ENOENT, "");
  tree.Link("a/through", "file/x");
  CheckRefused(OpenStrictly(tree / "a/through", tree.Trusting()), ENOTDIR, "");
}

// As what is opened without a link.
TEST(OpensTheRootBehindALinkForItsPathOnly) {
  const Tree tree;
  tree.Link("root", "/");
  close(0);  // The root gets the number.
  const StrictlyOpened root = OpenStrictly(tree / "root", tree.Trusting());
  CHECK_EQUAL(root.error, 0);
  CHECK_EQUAL(root.file.get(), 0);
  CHECK_EQUAL(fcntl(0, F_GETFL) & O_PATH, O_PATH);
  CHECK_EQUAL(fcntl(0, F_GETFD), FD_CLOEXEC);
}

TEST(RefusesLinksInDirectoriesThatOthersMayWrite) {
  for (const auto mode : {0775, 0757, 01777}) {
    const Tree tree;
    tree.Link("a/last", "file");
    fs::permissions(tree / "a", fs::perms(mode));
    CheckRefused(OpenStrictly(tree / "a/last", tree.Trusting()), ELOOP, tree / "a/last");
  }
}

TEST(LeadsToTheParentOfADirectoryOnly) {
  const Tree tree;
  tree.Link("a/last", "file");
  tree.Link("root", "/../../");
  CHECK_EQUAL(Inode(OpenStrictly("/../.." + (tree / "a/last"), tree.Trusting())), Inode(tree / "a/file"));
  CHECK_EQUAL(Inode(OpenStrictly(tree / "root", tree.Trusting())), Inode("/"));
  CHECK_EQUAL(OpenStrictly(tree / "a/last/../file", tree.Trusting()).error, ENOTDIR);
}

TEST(RefusesALinkBehindATrustedOne) {
  const Tree tree;
  tree.Link("a/deep/inner", "file");
  CHECK_EQUAL(chmod((tree / "a/deep").c_str(), 0777), 0);
  tree.Link("link", "a/deep/inner");
  CheckRefused(OpenStrictly(tree / "link", tree.Trusting()), ELOOP, tree / "a/deep/inner");
}

TEST(FollowsAsManyLinksAsTheKernel) {
  const Tree tree;
  tree.Link("link1", "a/file");
  for (int i = 2; i <= 41; i++) tree.Link("link" + std::to_string(i), "link" + std::to_string(i - 1));
  CHECK_EQUAL(Inode(OpenStrictly(tree / "link40", tree.Trusting())), Inode(tree / "a/file"));
  CheckRefused(OpenStrictly(tree / "link41", tree.Trusting()), ELOOP, "");
  CHECK_EQUAL(Inode(tree / "link41"), 1U);
}

TEST(EndsInALoop) {
  const Tree tree;
  tree.Link("one", "two");
  tree.Link("two", "one");
  CheckRefused(OpenStrictly(tree / "one", tree.Trusting()), ELOOP, "");
}

TEST(TrustsForRootTheLinksOfRootInTheFoldersOnly) {
  if (geteuid() != 0) Skip("needs root");
  const Tree tree;
  tree.Link("a/last", "file");
  for (const std::string& folder : {tree / "a", tree / "a/", tree / ""}) {
    CHECK_EQUAL(Inode(OpenStrictly(tree / "a/last", {0, {folder}})), Inode(tree / "a/file"));
  }
  const std::string parent = fs::path(tree / "a").parent_path();  // Without a slash at its end.
  for (const std::string& folder : {parent, tree / "a/las", tree / "a/last/", std::string()}) {
    CheckRefused(OpenStrictly(tree / "a/last", {0, {folder}}), ELOOP, tree / "a/last");
  }
  CheckRefused(OpenStrictly(tree / "a/last", {0, {tree / "b", "/usr"}}), ELOOP, tree / "a/last");
  fs::create_directory(tree / "ab");
  tree.Link("ab/last", "../a/file");
  CheckRefused(OpenStrictly(tree / "ab/last", {0, {tree / "a/"}}), ELOOP, tree / "ab/last");
  CHECK_EQUAL(chown((tree / "a").c_str(), 65534, 65534), 0);
  CheckRefused(OpenStrictly(tree / "a/last", {65534, {}}), ELOOP, tree / "a/last");
  CHECK_EQUAL(Inode(OpenStrictly(tree / "a/last", {65533, {}})), Inode(tree / "a/file"));
  CheckRefused(OpenStrictly(tree / "a/last", {0, {tree / "a"}}), ELOOP, tree / "a/last");
}

TEST(TrustsForRootTheLinksOfUsersThatAreNotMapped) {
  const Tree tree;
  tree.Link("a/last", "file");
  const uid_t owner = geteuid();
  const auto open = [&](const std::vector<MappedUsers>& mapped) {
    return OpenStrictly(tree / "a/last", {0, {}, mapped});
  };
  // As the kernel shows owners to a namespace that has other users.
  CHECK_EQUAL(Inode(open({})), Inode(tree / "a/file"));
  CHECK_EQUAL(Inode(open({{owner + 1, 10}})), Inode(tree / "a/file"));
  if (owner > 0) CHECK_EQUAL(Inode(open({{owner - 1, 1}})), Inode(tree / "a/file"));
  for (const std::vector<MappedUsers>& mapped :
       {std::vector<MappedUsers>{{owner, 1}}, {{owner + 1, 10}, {owner, 1}}, {{0, owner + 1}}, {{0, UINT32_MAX}}}) {
    CheckRefused(open(mapped), ELOOP, tree / "a/last");
  }
  CHECK_EQUAL(chmod((tree / "a").c_str(), 0775), 0);
  CheckRefused(open({}), ELOOP, tree / "a/last");
}

TEST(TrustsForAnotherUserNoLinkOfItsOwnThatIsNotMapped) {
  const Tree tree;
  tree.Link("a/last", "file");
  if (geteuid() == 0) CHECK_EQUAL(chown((tree / "a").c_str(), 1, 1), 0);
  const uid_t owner = geteuid() == 0 ? 1 : geteuid();
  CheckRefused(OpenStrictly(tree / "a/last", {owner, {}, {}}), ELOOP, tree / "a/last");
}

TEST(RefusesTheLinksThatDifferForEachProcess) {
  if (access("/proc/self", F_OK) != 0) Skip("/proc is not mounted");
  const LinkTrust trust = {geteuid(), {"/proc"}};
  CheckRefused(OpenStrictly("/proc/self", trust), ELOOP, "/proc/self");
  CheckRefused(OpenStrictly("/proc/thread-self/maps", trust), ELOOP, "/proc/thread-self");
  const Tree tree;
  tree.Link("self", "/proc/self/root/etc");
  CheckRefused(OpenStrictly(tree / "self", {tree.Trusting().user, {"/proc", tree / ""}}), ELOOP, "/proc/self");
}

}  // namespace

int main(int argc, char** argv) { return argc == 2 ? seccomp::test::RunTest(argv[1]) : 2; }
