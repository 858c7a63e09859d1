#include "napi/landlock/rulesets.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

#include "napi/notify/handles.h"
#include "napi/values.h"
#include "system/linux_abi.h"

namespace seccomp {
namespace {

struct PathRulesetRequest {
  uint64_t handled = 0, scoped = 0;
  std::vector<PathRule> rules;
  LinkTrust trust;
};

bool ReadHandled(const Napi::Value& value, PathRulesetRequest* request) {
  const auto bits = ReadInteger(value, 1, UINT32_MAX);
  request->handled = static_cast<uint64_t>(bits.value_or(0));
  return bits.has_value();
}

bool ReadScoped(const Napi::Value& value, PathRulesetRequest* request) {
  const auto bits = ReadInteger(value, 0, UINT32_MAX);
  request->scoped = static_cast<uint64_t>(bits.value_or(0));
  return bits.has_value();
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
  const auto words = ReadWords(value);
  if (!words || words->size != 2 * request->rules.size()) return false;
  for (size_t i = 0; i < request->rules.size(); i++) {
    const uint32_t flags = words->data[2 * i + 1];
    if (flags > (kOptional | kProgram | kFile)) return false;
    request->rules[i].rights = words->data[2 * i];
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
  const auto words = ReadWords(value);
  if (!words || words->size % 2 != 0) return false;
  request->trust.mapped.clear();
  for (size_t i = 0; i < words->size; i += 2) request->trust.mapped.push_back({words->data[i], words->data[i + 1]});
  return true;
}

// In the order in which they are read: the grants refer to paths.
constexpr Member<PathRulesetRequest> kMembers[] = {
    {"handled", Presence::kRequired, "an unsigned 32-bit integer other than 0", ReadHandled},
    {"scoped", Presence::kRequired, "an unsigned 32-bit integer", ReadScoped},
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

Napi::Value OpenPathRuleset(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  PathRulesetRequest request;
  if (!ReadObject(env, info[0], "ruleset", kMembers, &request)) return env.Undefined();
  PathRulesetFailure failure;
  auto ruleset = PathRuleset::Make(request.handled, request.scoped, request.rules, request.trust, &failure);
  if (ruleset == nullptr) return ToJavaScript(env, failure);
  return MakeHandle(env, std::move(ruleset));
}

Napi::Value IsCurrent(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::shared_ptr<const PathRuleset> ruleset;
  if (!RequireUsage(env, ReadValue(info[0], &ruleset), "isCurrent(ruleset)")) return env.Undefined();
  return Napi::Boolean::New(env, ruleset->IsCurrent());
}

Napi::Value RestrictThisProcess(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::shared_ptr<const PathRuleset> ruleset;
  bool no_new_privileges = false;
  if (!RequireUsage(env, ReadValue(info[0], &ruleset) && ReadValue(info[1], &no_new_privileges),
                    "restrictThisProcess(ruleset, noNewPrivileges)")) {
    return env.Undefined();
  }
  // The kernel sets no_new_privs on the other threads too.
  if (no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) != 0) return Napi::Number::New(env, errno);
  const long result = syscall(kLandlockRestrictSelf, ruleset->descriptor(), kLandlockAllThreads);
  return Napi::Number::New(env, result == 0 ? 0 : errno);
}

}  // namespace seccomp
