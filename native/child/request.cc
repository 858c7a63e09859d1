#include "child/request.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

namespace seccomp {
namespace {

std::vector<char*> Pointers(std::vector<std::string>* strings) {
  std::vector<char*> pointers;
  for (std::string& string : *strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Pointers to the strings of a text in which each ends with a NUL.
std::vector<char*> Pointers(std::string* text) {
  std::vector<char*> pointers;
  for (size_t start = 0; start < text->size(); start = text->find('\0', start) + 1) {
    pointers.push_back(text->data() + start);
  }
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

bool Request::WantsListener() const { return (filter_flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0; }

PreparedPlan::PreparedPlan(Request* request, ChildMemory* memory)
    : request_(*request), memory_(*memory), plan_(*request) {
  PlanProgram();
  PlanFilters();
}

void PreparedPlan::PlanProgram() {
  for (const std::string& candidate : request_.candidates) plan_.candidates.push_back(candidate.c_str());
  plan_.argv = Pointers(&request_.arguments);
  plan_.envp = Pointers(&request_.environment);
  // sh FILE ARGUMENTS…: RunChild sets FILE.
  static char shell[] = "/bin/sh";
  plan_.shell_argv = {shell, nullptr};
  plan_.shell_argv.insert(plan_.shell_argv.end(), plan_.argv.begin() + 1, plan_.argv.end());
  plan_.cwd = request_.cwd.empty() ? nullptr : request_.cwd.c_str();
}

void PreparedPlan::PlanFilters() {
  sock_filter* room = memory_.instructions();
  for (const FilterRequest& filter : request_.filters) {
    const size_t length = filter.instructions.size();
    memcpy(room, filter.instructions.data(), length * sizeof(sock_filter));
    plan_.filters.push_back({room, static_cast<uint16_t>(length), filter.gate.data(), filter.gate.size()});
    room += length;
  }

  static char byte = 0;  // A descriptor cannot be sent without at least one byte.
  if (request_.agent) {
    for (std::string& part : request_.agent->message) plan_.message.push_back({part.data(), part.size()});
  } else {
    plan_.message.push_back({&byte, sizeof byte});
  }
}

PreparedPlan::~PreparedPlan() {
  size_t instructions = 0;
  bool has_gate = false;
  for (const FilterRequest& filter : request_.filters) {
    instructions += filter.instructions.size();
    has_gate |= !filter.gate.empty();
  }
  if (has_gate) memory_.Wipe(instructions);
}

Descriptor PreparedPlan::OpenDomain() {
  plan_.ruleset = request_.ruleset;
  plan_.has_paths = request_.ruleset >= 0;
  if (!request_.domain) return Descriptor();
  Descriptor ruleset = OpenRuleset(*request_.domain);
  plan_.ruleset = ruleset.get();
  if (ruleset.get() < 0) {
    plan_.domain_error = errno;
    if (plan_.domain_required || !IsAnswer(errno)) plan_.failure = {errno, "landlock_create_ruleset"};
  }
  return ruleset;
}

}  // namespace seccomp
