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
    : request_(*request), memory_(*memory), plan_{*request} {
  PlanProgram();
  PlanFilters();
}

void PreparedPlan::PlanProgram() {
  for (const std::string& candidate : request_.candidates) candidates_.push_back(candidate.c_str());
  arguments_ = Pointers(&request_.arguments);
  environment_ = Pointers(&request_.environment);
  // sh FILE ARGUMENTS…: RunChild sets FILE.
  static char shell[] = "/bin/sh";
  shell_arguments_ = {shell, nullptr};
  shell_arguments_.insert(shell_arguments_.end(), arguments_.begin() + 1, arguments_.end());

  plan_.candidates = candidates_.data();
  plan_.candidate_count = candidates_.size();
  plan_.argv = arguments_.data();
  plan_.shell_argv = shell_arguments_.data();
  plan_.envp = environment_.data();
  plan_.cwd = request_.cwd.empty() ? nullptr : request_.cwd.c_str();
}

void PreparedPlan::PlanFilters() {
  sock_filter* room = memory_.instructions();
  for (const FilterRequest& filter : request_.filters) {
    const size_t length = filter.instructions.size();
    memcpy(room, filter.instructions.data(), length * sizeof(sock_filter));
    filters_.push_back({room, static_cast<uint16_t>(length), filter.gate.data(), filter.gate.size()});
    room += length;
  }
  plan_.filters = filters_.data();
  plan_.filter_count = filters_.size();

  static char byte = 0;  // A descriptor cannot be sent without at least one byte.
  if (request_.agent) {
    for (std::string& part : request_.agent->message) message_.push_back({part.data(), part.size()});
  } else {
    message_.push_back({&byte, sizeof byte});
  }
  plan_.message = message_.data();
  plan_.message_parts = message_.size();
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
