#include <errno.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

#include "landlock/path_ruleset.h"
#include "napi/functions.h"
#include "system/linux_abi.h"

namespace seccomp {
namespace {

struct PathRulesetRequest {
  uint32_t handled = 0, scoped = 0;
  std::vector<PathRule> rules;
  LinkTrust trust;
};

bool ReadHandled(const Napi::Value& value, PathRulesetRequest* request) {
  return ReadValue(value, &request->handled) && request->handled != 0;
}

bool ReadPaths(const Napi::Value& value, PathRulesetRequest* request) {
  std::vector<std::string> paths;
  if (!ReadValue(value, &paths)) return false;
  for (std::string& path : paths) {
    if (path.empty() || path[0] != '/') return false;
    request->rules.push_back({std::move(path)});
  }
  return true;
}

// Flat pairs of rights and RULE_* of lib/native.ts, one for each path.
bool ReadGrants(const Napi::Value& value, PathRulesetRequest* request) {
  constexpr uint32_t kOptional = 1;
  constexpr uint32_t kProgram = 2;
  constexpr uint32_t kFile = 4;
  ArrayView<uint32_t> words;
  if (!ReadValue(value, &words) || words.size != 2 * request->rules.size()) return false;
  for (size_t i = 0; i < request->rules.size(); i++) {
    const uint32_t flags = words.data[2 * i + 1];
    if (flags > (kOptional | kProgram | kFile)) return false;
    request->rules[i].rights = words.data[2 * i];
    request->rules[i].is_optional = (flags & kOptional) != 0;
    request->rules[i].is_program = (flags & kProgram) != 0;
    request->rules[i].is_file = (flags & kFile) != 0;
  }
  return true;
}

bool ReadUser(const Napi::Value& value, PathRulesetRequest* request) { return ReadValue(value, &request->trust.user); }

bool ReadFolders(const Napi::Value& value, PathRulesetRequest* request) {
  return ReadValue(value, &request->trust.folders);
}

// Flat pairs of a user ID and a number of IDs.
bool ReadMappedUsers(const Napi::Value& value, PathRulesetRequest* request) {
  ArrayView<uint32_t> words;
  if (!ReadValue(value, &words) || words.size % 2 != 0) return false;
  request->trust.mapped.clear();
  for (size_t i = 0; i < words.size; i += 2) request->trust.mapped.push_back({words.data[i], words.data[i + 1]});
  return true;
}

// In the order in which they are read: the grants refer to paths.
constexpr Member<PathRulesetRequest> kMembers[] = {
    {"handled", Presence::kRequired, "an unsigned 32-bit integer other than 0", ReadHandled},
    {"scoped", Presence::kRequired, "an unsigned 32-bit integer", Into<&PathRulesetRequest::scoped>},
    {"paths", Presence::kRequired, "an array of absolute paths without NUL", ReadPaths},
    {"grants", Presence::kRequired, "a Uint32Array of pairs: rights, and flags from 0 to 7", ReadGrants},
    {"user", Presence::kRequired, "an unsigned 32-bit integer", ReadUser},
    {"folders", Presence::kRequired, "an array of strings without NUL", ReadFolders},
    {"mappedUsers", Presence::kRequired, "a Uint32Array of pairs: a user ID, and a number of IDs", ReadMappedUsers},
};

Napi::Value ToJavaScript(Napi::Env env, const PathRulesetFailure& failure) {
  Napi::Value value = seccomp::ToJavaScript(env, Failure{failure.error, failure.call});
  if (!value.IsObject()) return value;
  const Napi::Object object = value.As<Napi::Object>();
  SetOwn(object, "rule", static_cast<double>(failure.rule));
  if (!failure.link.empty()) SetOwn(object, "link", failure.link);
  return object;
}

}  // namespace

Napi::Value OpenPathRuleset(Napi::Env env, const Napi::Value& described) {
  PathRulesetRequest request;
  if (!ReadObject(described, "ruleset", kMembers, &request)) return env.Undefined();
  PathRulesetFailure failure;
  auto ruleset = PathRuleset::Make(request.handled, request.scoped, request.rules, request.trust, &failure);
  if (ruleset == nullptr) return ToJavaScript(env, failure);
  return MakeHandle(env, std::move(ruleset));
}

bool IsCurrent(Napi::Env /*env*/, const std::shared_ptr<const PathRuleset>& ruleset) { return ruleset->IsCurrent(); }

int RestrictThisProcess(Napi::Env /*env*/, const std::shared_ptr<const PathRuleset>& ruleset, bool no_new_privileges) {
  // The kernel sets no_new_privs on the other threads too.
  if (no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) != 0) return errno;
  return syscall(kLandlockRestrictSelf, ruleset->descriptor(), kLandlockAllThreads) == 0 ? 0 : errno;
}

}  // namespace seccomp
