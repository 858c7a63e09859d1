#include "landlock/path_ruleset.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "system/file_status.h"
#include "system/linux_abi.h"

namespace seccomp {
namespace {

// LANDLOCK_ACCESS_FS_EXECUTE, WRITE_FILE, READ_FILE, TRUNCATE, IOCTL_DEV and RESOLVE_UNIX: the kernel refuses a rule
// that grants others on a file.
constexpr uint64_t kRightsOfFiles = 1U << 0 | 1U << 1 | 1U << 2 | 1U << 14 | 1U << 15 | 1U << 16;

constexpr mode_t kExecutable = S_IXUSR | S_IXGRP | S_IXOTH;

bool IsSameTime(const timespec& one, const timespec& other) {
  return one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec;
}

bool IsMissing(int error) { return error == ENOENT || error == ENOTDIR; }

StrictlyOpened Open(const PathRule& rule, const LinkTrust& trust) {
  if (!rule.is_program) return OpenStrictly(rule.path, trust);
  Descriptor file(open(rule.path.c_str(), O_PATH | O_CLOEXEC));
  const int error = file.get() < 0 ? errno : 0;
  return {std::move(file), error, ""};
}

}  // namespace

std::shared_ptr<const PathRuleset> PathRuleset::Make(uint64_t handled, uint64_t scoped,
                                                     const std::vector<PathRule>& rules, const LinkTrust& trust,
                                                     PathRulesetFailure* failure) {
  const LandlockRuleset attributes = {handled, 0, scoped};
  Descriptor ruleset(static_cast<int>(syscall(kLandlockCreateRuleset, &attributes, sizeof attributes, 0)));
  if (ruleset.get() < 0) {
    *failure = {errno, "landlock_create_ruleset", 0, ""};
    return nullptr;
  }
  const std::shared_ptr<PathRuleset> made(new PathRuleset(std::move(ruleset)));
  made->user_ = trust.user;
  ReadCredentials(&made->credentials_);
  made->expected_.reserve(rules.size());
  for (size_t i = 0; i < rules.size(); i++) {
    if (made->Add(rules[i], handled, trust, failure)) continue;
    failure->rule = i;
    return nullptr;
  }
  return made;
}

bool PathRuleset::Add(const PathRule& rule, uint64_t handled, const LinkTrust& trust, PathRulesetFailure* failure) {
  StrictlyOpened opened = Open(rule, trust);
  if (rule.is_optional && (IsMissing(opened.error) || (rule.is_file && opened.error == ELOOP))) {
    Expect({rule.path, rule.is_program, false, {}});
    return true;
  }
  FileVersion version;
  if (opened.file.get() < 0 || FileVersionOf(opened.file.get(), &version) != 0) {
    *failure = {opened.error != 0 ? opened.error : errno, "open", 0, std::move(opened.link)};
    return false;
  }
  const bool is_regular = S_ISREG(version.status.st_mode);
  const bool is_executable = is_regular && (version.status.st_mode & kExecutable) != 0;
  if ((rule.is_file && !is_regular) || (rule.is_program && !is_executable)) {
    Expect({rule.path, rule.is_program, false, {}});
    return true;
  }
  const uint64_t possible = S_ISDIR(version.status.st_mode) ? handled : handled & kRightsOfFiles;
  const LandlockPathBeneath added = {rule.rights & possible, opened.file.get()};
  // The kernel refuses a rule without rights.
  if (added.allowed_access != 0 &&
      syscall(kLandlockAddRule, ruleset_.get(), kLandlockRulePathBeneath, &added, 0) != 0) {
    *failure = {errno, "landlock_add_rule", 0, ""};
    return false;
  }
  Expect({rule.path, rule.is_program, true, version});
  return true;
}

void PathRuleset::Expect(Expected expected) {
  // Directories of programs are granted twice in a row, to be read and to be executed.
  const bool is_known = !expected_.empty() && expected_.back().path == expected.path &&
                        expected_.back().has_same_content == expected.has_same_content &&
                        expected_.back().exists == expected.exists &&
                        (!expected.exists || expected_.back().Matches(expected.version));
  if (!is_known) expected_.push_back(std::move(expected));
}

bool PathRuleset::Expected::Matches(const FileVersion& other) const {
  const struct stat& ours = version.status;
  const struct stat& theirs = other.status;
  if (!exists || theirs.st_dev != ours.st_dev || theirs.st_ino != ours.st_ino || other.mount != version.mount ||
      !IsSameTime(other.created, version.created)) {
    return false;
  }
  return !has_same_content || (theirs.st_mode == ours.st_mode && theirs.st_size == ours.st_size &&
                               IsSameTime(theirs.st_mtim, ours.st_mtim) && IsSameTime(theirs.st_ctim, ours.st_ctim));
}

bool PathRuleset::IsCurrent() const {
  if (user_ != 0) {
    Credentials credentials;
    ReadCredentials(&credentials);
    if (credentials != credentials_) return false;
  }
  return std::all_of(expected_.begin(), expected_.end(), [](const Expected& expected) {
    FileVersion version;
    if (FileVersionAt(AT_FDCWD, expected.path.c_str(), 0, &version) != 0) return !expected.exists && IsMissing(errno);
    return expected.Matches(version);
  });
}

}  // namespace seccomp
