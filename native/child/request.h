// A request to start a program or to attach filters, and the plan by which a child carries it out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "child/child_main.h"
#include "child/memory.h"
#include "guardian/protocol.h"
#include "landlock/ruleset.h"
#include "system/descriptor.h"

namespace seccomp {

struct FilterRequest {
  std::vector<sock_filter> instructions;
  std::vector<GatePatch> gate;
};

// The socket of a seccomp agent, to which the child sends its listener, and the parts of the message: see ChildPlan.
struct AgentRequest {
  std::string path;
  std::vector<std::string> message;
};

// Values of Request::stdio that are not descriptors of this process.
enum : int {
  kNoDescriptor = -1,
  kNullDevice = -2,  // /dev/null
  kNewSocket = -3,   // One end of a new socket pair; the parent keeps the other.
  kNewChannel = -4,  // As kNewSocket. The parent has two descriptors of its end, to read and to write.
};

// A request whose values have been checked. lib/native.ts describes each as a member of NativeRequest.
struct Request : ChildOptions {
  std::vector<std::string> candidates, arguments;
  std::string environment;       // Each `NAME=value` ends with a NUL.
  std::string cwd;               // Empty: this process's.
  std::vector<int> stdio;        // For each of the child's descriptors one of this process, or one of the values above.
  std::optional<Domain> domain;  // The domain that the program enters.
  int ruleset = -1;              // In place of `domain`: a descriptor of its ruleset, which the caller keeps open.
  // Whether a guardian ends the child's tree. Requires `in_process_group` or `domain_required`.
  bool guarded = false;
  std::vector<FilterRequest> filters;
  bool is_unconfined = false;
  std::optional<AgentRequest> agent;  // nullopt: a listener is sent to this process.

  bool WantsListener() const;
};

// A ChildPlan, which points into the request. `request` and `memory` must outlive it. Its descriptors, its ruleset
// and its exit call are the caller's to set.
class PreparedPlan {
 public:
  PreparedPlan(Request* request, ChildMemory* memory);
  // Wipes the gate value, if there was one.
  ~PreparedPlan();
  PreparedPlan(const PreparedPlan&) = delete;
  PreparedPlan& operator=(const PreparedPlan&) = delete;

  ChildPlan* get() { return &plan_; }
  ChildPlan* operator->() { return &plan_; }

  // Opens the ruleset of the request's domain, if it has one, and sets it in the plan. On failure, sets `domain_error`
  // in the plan, and `failure` too if the domain is required.
  Descriptor OpenDomain();

 private:
  void PlanProgram();
  void PlanFilters();

  Request& request_;
  ChildMemory& memory_;
  ChildPlan plan_;
};

}  // namespace seccomp
