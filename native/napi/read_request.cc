#include "napi/read_request.h"

#include <linux/bpf_common.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "napi/notify/handles.h"
#include "napi/values.h"

namespace seccomp {
namespace {

constexpr uint32_t kMaxDescriptors = 1024;

// --- Filters ---------------------------------------------------------------------------------------------------------

template <typename Filter>
bool ReadInstructions(const Napi::Value& value, Filter* filter) {
  return ReadValue(value, &filter->instructions) && filter->instructions.size() <= BPF_MAXINSNS;
}

// Whether `index` is that of an instruction that compares.
bool IsComparison(const std::vector<sock_filter>& instructions, uint32_t index) {
  return index < instructions.size() && instructions[index].code == (BPF_JMP | BPF_JEQ | BPF_K);
}

// Flat pairs of an instruction and a half.
bool ReadGate(const Napi::Value& value, FilterRequest* filter) {
  std::vector<uint32_t> numbers;
  if (!ReadValue(value, &numbers) || numbers.size() % 2 != 0) return false;
  for (size_t i = 0; i < numbers.size(); i += 2) {
    if (!IsComparison(filter->instructions, numbers[i]) || numbers[i + 1] >= 2 * kGateWords) return false;
    filter->gate.push_back({static_cast<uint16_t>(numbers[i]), static_cast<uint16_t>(numbers[i + 1])});
  }
  return true;
}

// In the order in which they are read: the gate refers to instructions.
constexpr Member<FilterRequest> kFilterMembers[] = {
    {"bytes", Presence::kRequired, "a Uint8Array of 1 to 4096 instructions of 8 bytes", ReadInstructions},
    {"gate", Presence::kRequired, "a flat array of pairs: the index of a jeq instruction, and a half from 0 to 5",
     ReadGate},
};

bool ReadSites(const Napi::Value& value, GuardianFilter* filter) {
  std::vector<uint32_t> numbers;
  if (!ReadValue(value, &numbers)) return false;
  for (const uint32_t site : numbers) {
    if (!IsComparison(filter->instructions, site)) return false;
    filter->sites.push_back(static_cast<uint16_t>(site));
  }
  return true;
}

// In the order in which they are read, as above.
constexpr Member<GuardianFilter> kGuardianFilterMembers[] = {
    {"bytes", Presence::kRequired, "a Uint8Array of 1 to 4096 instructions of 8 bytes", ReadInstructions},
    {"sites", Presence::kRequired, "a flat array of the indices of jeq instructions", ReadSites},
};

bool ReadGuardianFilter(const Napi::Value& value, SpawnRequest* request) {
  return ReadObject(value, "guardianFilter", kGuardianFilterMembers, &request->guardian_filter.emplace());
}

bool ReadFilters(const Napi::Value& value, SpawnRequest* request) {
  if (!value.IsArray() || value.As<Napi::Array>().Length() > kMaxFilters) return false;
  const Napi::Array filters = value.As<Napi::Array>();
  request->filters.resize(filters.Length());
  for (uint32_t i = 0; i < request->filters.size(); i++) {
    if (!ReadObject(filters.Get(i), "filter", kFilterMembers, &request->filters[i])) return false;
  }
  return true;
}

constexpr Member<SpawnRequest> kNoNewPrivileges = {"noNewPrivileges", Presence::kRequired, "a boolean",
                                                   Into<&SpawnRequest::no_new_privileges>};
constexpr Member<SpawnRequest> kUnconfined = {"unconfined", Presence::kRequired, "a boolean",
                                              Into<&SpawnRequest::is_unconfined>};
constexpr Member<SpawnRequest> kFilters = {"filters", Presence::kRequired, "an array of at most 8 filters",
                                           ReadFilters};
constexpr Member<SpawnRequest> kFilterFlags = {"filterFlags", Presence::kRequired, "an unsigned 32-bit integer",
                                               Into<&SpawnRequest::filter_flags>};

constexpr Member<SpawnRequest> kFilterRequestMembers[] = {kNoNewPrivileges, kUnconfined, kFilters, kFilterFlags};

bool CheckFilters(Napi::Env env, const SpawnRequest& request) {
  return Require(env, request.is_unconfined == request.filters.empty(),
                 "filters must be empty if unconfined is true, and must not be empty otherwise") &&
         Require(env, !request.WantsListener() || request.filters.size() == 1,
                 "filterFlags request a listener, which requires exactly one filter");
}

// --- Programs --------------------------------------------------------------------------------------------------------

bool ReadEnvironment(const Napi::Value& value, SpawnRequest* request) {
  if (!value.IsString()) return false;
  request->environment = value.As<Napi::String>().Utf8Value();
  return request->environment.empty() || request->environment.back() == '\0';
}

bool ReadStdio(const Napi::Value& value, SpawnRequest* request) {
  std::vector<int>& stdio = request->stdio;
  // The length is checked before the elements are read, and after: reading them may run JavaScript that adds some.
  return value.IsArray() && value.As<Napi::Array>().Length() <= kMaxDescriptors && ReadValue(value, &stdio) &&
         stdio.size() <= kMaxDescriptors &&
         std::all_of(stdio.begin(), stdio.end(), [](int descriptor) { return descriptor >= kNewChannel; }) &&
         std::count(stdio.begin(), stdio.end(), kNewChannel) <= 1;
}

// Reads a user or group ID. As in Node, a negative ID is the unsigned 32-bit number with the same bits.
template <std::optional<uint32_t> ChildOptions::* member>
bool ReadId(const Napi::Value& value, SpawnRequest* request) {
  const auto id = ReadInteger(value, std::numeric_limits<int32_t>::min(), UINT32_MAX);
  if (id) request->*member = static_cast<uint32_t>(*id);
  return id.has_value();
}

// Flat triples of RLIMIT_*, its soft and its hard value. What half a triple lacks is undefined, which is no bigint.
bool ReadLimits(const Napi::Value& value, SpawnRequest* request) {
  if (!value.IsArray()) return false;
  const Napi::Array values = value.As<Napi::Array>();
  for (uint32_t i = 0; i < values.Length(); i += 3) {
    Integer<0, 255> resource;
    ResourceLimit& limit = request->limits.emplace_back();
    if (!ReadValue(values.Get(i), &resource) || !ReadValue(values.Get(i + 1), &limit.soft) ||
        !ReadValue(values.Get(i + 2), &limit.hard)) {
      return false;
    }
    limit.resource = static_cast<int>(resource.value);
  }
  return true;
}

bool ReadCgroup(const Napi::Value& value, SpawnRequest* request) {
  return ReadValue(value, &request->cgroup) && request->cgroup >= 0;
}

bool ReadTreeLimits(const Napi::Value& value, SpawnRequest* request) {
  std::array<uint64_t, 4> limits = {};
  if (!ReadValue(value, &limits)) return false;
  request->tree_limits = {limits[0] / static_cast<uint64_t>(sysconf(_SC_PAGESIZE)), limits[1], limits[2], limits[3]};
  return true;
}

bool ReadRuleset(const Napi::Value& value, SpawnRequest* request) {
  if (!ReadValue(value, &request->path_ruleset)) return false;
  request->ruleset = request->path_ruleset->descriptor();
  return true;
}

bool ReadMessage(const Napi::Value& value, AgentRequest* agent) {
  return IntoNonempty<&AgentRequest::message>(value, agent) && agent->message.size() <= kMaxMessageParts;
}

constexpr Member<AgentRequest> kAgentMembers[] = {
    {"path", Presence::kRequired, "a string without NUL that is not empty", IntoNonempty<&AgentRequest::path>},
    {"state", Presence::kRequired, "an array of one to three strings without NUL", ReadMessage},
};

bool ReadAgent(const Napi::Value& value, SpawnRequest* request) {
  return ReadObject(value, "agent", kAgentMembers, &request->agent.emplace());
}

constexpr Member<SpawnRequest> kRequestMembers[] = {
    {"candidates", Presence::kRequired, "an array of at least one string without NUL",
     IntoNonempty<&SpawnRequest::candidates>},
    {"args", Presence::kRequired, "an array of at least one string without NUL",
     IntoNonempty<&SpawnRequest::arguments>},
    {"env", Presence::kRequired, "a string of NAME=value entries, each followed by NUL", ReadEnvironment},
    {"cwd", Presence::kOptional, "a string without NUL", Into<&SpawnRequest::cwd>},
    {"detached", Presence::kRequired, "a boolean", Into<&SpawnRequest::new_session>},
    {"uid", Presence::kOptional, "a 32-bit integer", ReadId<&ChildOptions::uid>},
    {"gid", Presence::kOptional, "a 32-bit integer", ReadId<&ChildOptions::gid>},
    {"stdio", Presence::kRequired, "an array of at most 1024 descriptors, NONE, NULL, SOCKET or one CHANNEL",
     ReadStdio},
    {"limits", Presence::kOptional, "a flat array of triples: a resource, and its soft and hard limit as bigints",
     ReadLimits},
    {"cgroup", Presence::kOptional, "a descriptor", ReadCgroup},
    {"isolation", Presence::kOptional, "a boolean: true if isolation is required", Into<&SpawnRequest::isolation>},
    {"domain", Presence::kOptional, "an array of three unsigned integers: [handled, granted, scoped]",
     Into<&SpawnRequest::domain>},
    {"ruleset", Presence::kOptional, "a handle that openPathRuleset() returned", ReadRuleset},
    {"domainRequired", Presence::kOptional, "a boolean", Into<&SpawnRequest::domain_required>},
    {"guarded", Presence::kOptional, "a boolean", Into<&SpawnRequest::guarded>},
    {"guardianFilter", Presence::kOptional, "an object", ReadGuardianFilter},
    {"sampled", Presence::kOptional, "an array of four bigints: [memory, processes, cpu, outlives]", ReadTreeLimits},
    {"inProcessGroup", Presence::kOptional, "a boolean", Into<&SpawnRequest::in_process_group>},
    {"keptCapabilities", Presence::kOptional, "an unsigned 64-bit bigint", Into<&SpawnRequest::kept_capabilities>},
    kNoNewPrivileges,
    kUnconfined,
    kFilters,
    kFilterFlags,
    {"supervision", Presence::kOptional, "a handle that supervision() returned", Into<&SpawnRequest::supervision>},
    {"mailbox", Presence::kOptional, "a handle that openMailbox() returned", Into<&SpawnRequest::reader>},
    {"agent", Presence::kOptional, "an object", ReadAgent},
};

bool CheckRequest(Napi::Env env, const SpawnRequest& request) {
  const bool is_agent_possible = request.WantsListener() && request.supervision == nullptr;
  return CheckFilters(env, request) &&
         Require(env, request.domain || request.ruleset >= 0 || !request.domain_required,
                 "domainRequired is true, but neither domain nor ruleset is set") &&
         Require(env, !request.domain || request.ruleset < 0, "domain and ruleset are both set") &&
         Require(env, !request.domain || request.isolation, "domain is set, but isolation is not") &&
         Require(env, request.domain_required || !request.isolation.value_or(false),
                 "isolation is required, but domainRequired is not true") &&
         Require(env, request.domain_required || request.in_process_group || !request.guarded,
                 "guarded is true, but neither domainRequired nor inProcessGroup is") &&
         Require(env,
                 !request.in_process_group || (request.guarded && !request.new_session && !request.filters.empty()),
                 "inProcessGroup is true, but guarded is not, or detached is, or filters are empty") &&
         Require(env, request.guarded || !request.guardian_filter, "guardianFilter is set, but guarded is not true") &&
         Require(env, request.guarded || !request.tree_limits, "sampled is set, but guarded is not true") &&
         Require(env, !request.in_process_group || !request.tree_limits, "sampled and inProcessGroup are both set") &&
         Require(env, request.supervision == nullptr || request.reader != nullptr,
                 "supervision is set, but mailbox is not") &&
         Require(env, !request.agent || is_agent_possible,
                 "agent is set, but filterFlags request no listener, or supervision is set too");
}

}  // namespace

bool ReadValue(const Napi::Value& value, SpawnRequest* request) {
  return ReadObject(value, "request", kRequestMembers, request) && CheckRequest(value.Env(), *request);
}

bool ReadValue(const Napi::Value& value, Request* request) {
  SpawnRequest filters;
  if (!ReadObject(value, "filters", kFilterRequestMembers, &filters) || !CheckFilters(value.Env(), filters) ||
      !Require(value.Env(), !filters.WantsListener(),
               "filterFlags request a listener, which only the filter of a child may have")) {
    return false;
  }
  *request = std::move(filters);
  return true;
}

bool ReadValue(const Napi::Value& value, Domain* domain) {
  std::array<uint32_t, 3> bits = {};
  if (!ReadValue(value, &bits)) return false;
  *domain = {bits[0], bits[1], bits[2]};
  return true;
}

}  // namespace seccomp
