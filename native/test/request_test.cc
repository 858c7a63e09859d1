// Tests of PreparedPlan and ChildMemory. Run as `request_test NAME`.
#include "child/request.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "check.h"

namespace seccomp::test {
namespace {

Request Program() {
  Request request;
  request.candidates = {"/first", "/second"};
  request.arguments = {"name", "one", ""};
  request.environment = std::string("A=1\0B=\0", 7);
  return request;
}

std::string Joined(const char* const* strings) {
  std::string text;
  for (; *strings != nullptr; strings++) text += std::string(*strings) + "|";
  return text;
}

FilterRequest Filter(size_t length, std::vector<GatePatch> gate = {}) {
  FilterRequest filter;
  for (size_t i = 0; i < length; i++) filter.instructions.push_back({BPF_RET | BPF_K, 0, 0, static_cast<uint32_t>(i)});
  filter.gate = std::move(gate);
  return filter;
}

TEST(PointsToTheStringsOfAProgram) {
  Request request = Program();
  PreparedPlan plan(&request, ChildMemory::ForThisThread());
  CHECK_EQUAL(plan->candidates.size(), 2U);
  CHECK_EQUAL(std::string(plan->candidates[0]) + plan->candidates[1], "/first/second");
  CHECK_EQUAL(Joined(plan->argv.data()), "name|one||");
  CHECK_EQUAL(Joined(plan->envp.data()), "A=1|B=|");
  CHECK_EQUAL(std::string(plan->shell_argv[0]), "/bin/sh");
  CHECK_EQUAL(plan->shell_argv[1] == nullptr, true);  // The place of the script.
  CHECK_EQUAL(Joined(&plan->shell_argv[2]), "one||");
}

TEST(LeavesWhatIsNotRequestedAsItIs) {
  Request request = Program();
  request.environment.clear();
  PreparedPlan plan(&request, ChildMemory::ForThisThread());
  CHECK_EQUAL(Joined(plan->envp.data()), "");
  CHECK_EQUAL(plan->cwd == nullptr, true);
  CHECK_EQUAL(plan->new_session || plan->uid || plan->gid || plan->isolation || plan->kept_capabilities, false);
  CHECK_EQUAL(plan->limits.size() + plan->filters.size(), 0U);
  CHECK_EQUAL(plan->ruleset, -1);
  CHECK_EQUAL(plan->listener_socket, -1);
}

TEST(TakesOverWhatIsRequested) {
  Request request = Program();
  request.cwd = "/directory";
  request.new_session = true;
  request.uid = 0;
  request.limits.push_back({7, 1, 2});
  request.isolation = false;
  request.kept_capabilities = 0;
  request.no_new_privileges = false;
  request.filter_flags = SECCOMP_FILTER_FLAG_LOG;
  PreparedPlan plan(&request, ChildMemory::ForThisThread());
  CHECK_EQUAL(std::string(plan->cwd), "/directory");
  CHECK_EQUAL(plan->new_session && plan->uid && !plan->gid && plan->isolation && plan->kept_capabilities, true);
  CHECK_EQUAL(*plan->isolation || plan->no_new_privileges, false);
  CHECK_EQUAL(plan->limits.size(), 1U);
  CHECK_EQUAL(plan->filter_flags, uint32_t{SECCOMP_FILTER_FLAG_LOG});
  Request other = Program();
  other.gid = 3;
  other.uid = 0xffffffff;
  other.isolation = true;
  other.kept_capabilities = uint64_t{1} << 63;
  PreparedPlan another(&other, ChildMemory::ForThisThread());
  CHECK_EQUAL(*another->isolation && another->no_new_privileges, true);
  CHECK_EQUAL(another->gid.value(), 3U);
  CHECK_EQUAL(another->uid.value(), 0xffffffffU);
  CHECK_EQUAL(another->kept_capabilities.value(), uint64_t{1} << 63);
}

TEST(OpensTheDomainThatIsRequested) {
  constexpr uint32_t kExecute = 1;
  constexpr uint32_t kUnknown = 1U << 31;
  Request request = Program();
  for (const bool is_required : {false, true}) {
    request.domain_required = is_required;
    request.domain = Domain{kExecute, 0, 0};
    PreparedPlan plan(&request, ChildMemory::ForThisThread());
    errno = EACCES;  // Of an earlier call.
    const Descriptor ruleset = plan.OpenDomain();
    if (ruleset.get() < 0) Skip("this kernel has no Landlock");
    CHECK_EQUAL(plan->ruleset, ruleset.get());
    CHECK_EQUAL(plan->has_paths, false);
    CHECK_EQUAL(plan->domain_error, 0);
    CHECK_EQUAL(plan->failure.error, 0);
    request.domain = Domain{kUnknown, 0, 0};
    CHECK_EQUAL(plan.OpenDomain().get(), -1);
    CHECK_EQUAL(plan->ruleset, -1);
    CHECK_EQUAL(plan->domain_error, EINVAL);
    CHECK_EQUAL(plan->failure.error, is_required ? EINVAL : 0);
  }
}

TEST(TakesTheRulesetThatIsRequestedInPlaceOfADomain) {
  Request request = Program();
  for (const int ruleset : {-1, 0, 7}) {
    request.ruleset = ruleset;
    PreparedPlan plan(&request, ChildMemory::ForThisThread());
    CHECK_EQUAL(plan.OpenDomain().get(), -1);
    CHECK_EQUAL(plan->ruleset, ruleset);
    CHECK_EQUAL(plan->has_paths, ruleset >= 0);
    CHECK_EQUAL(plan->domain_error, 0);
  }
}

TEST(SendsOneByteToThisProcessAndItsMessageToAnAgent) {
  Request request = Program();
  PreparedPlan plan(&request, ChildMemory::ForThisThread());
  CHECK_EQUAL(plan->message.size(), 1U);
  CHECK_EQUAL(plan->message[0].iov_len, 1U);
  Request to_agent = Program();
  to_agent.agent = AgentRequest{"/path", {"{", "}"}};
  PreparedPlan other(&to_agent, ChildMemory::ForThisThread());
  CHECK_EQUAL(other->message.size(), 2U);
  CHECK_EQUAL(std::string(static_cast<char*>(other->message[1].iov_base), other->message[1].iov_len), "}");
}

TEST(WantsAListenerByItsFlag) {
  Request request;
  CHECK_EQUAL(request.WantsListener(), false);
  request.filter_flags = ~uint32_t{SECCOMP_FILTER_FLAG_NEW_LISTENER};
  CHECK_EQUAL(request.WantsListener(), false);
  request.filter_flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
  CHECK_EQUAL(request.WantsListener(), true);
}

// --- Memory ----------------------------------------------------------------------------------------------------------

TEST(PlacesFiltersOneAfterTheOtherAndWipesThemIfOneHasAGate) {
  ChildMemory* const memory = ChildMemory::ForThisThread();
  Request request = Program();
  request.filters = {Filter(3, {{0, 0}}), Filter(4)};
  sock_filter* const instructions = memory->instructions();
  char* const stack_end = static_cast<char*>(memory->stack_top()) - 16;
  {
    PreparedPlan plan(&request, memory);
    CHECK_EQUAL(plan->filters.size(), 2U);
    CHECK_EQUAL(plan->filters[0].instructions == instructions, true);
    CHECK_EQUAL(plan->filters[1].instructions == instructions + 3, true);
    CHECK_EQUAL(plan->filters[0].length, 3);
    CHECK_EQUAL(plan->filters[1].length, 4);
    CHECK_EQUAL(plan->filters[0].gate_length, 1U);
    for (size_t i = 0; i < 7; i++) CHECK_EQUAL(instructions[i].k, i < 3 ? i : i - 3);
    memset(stack_end, 'x', 16);
    memset(stack_end + 16 - size_t{60} * 1024, 'x', 16);
  }
  for (size_t i = 0; i < 7; i++) CHECK_EQUAL(instructions[i].code, 0);
  const char* const bytes = static_cast<char*>(memory->stack_top()) - size_t{64} * 1024;
  CHECK_EQUAL(std::count(bytes, bytes + size_t{64} * 1024, '\0'), 64 * 1024);
}

TEST(WipesNothingThatIsNoSecret) {
  ChildMemory* const memory = ChildMemory::ForThisThread();
  Request request = Program();
  request.filters = {Filter(3)};
  {
    const PreparedPlan plan(&request, memory);
  }
  CHECK_EQUAL(memory->instructions()[2].k, 2U);
}

TEST(HasRoomForTheLongestFilters) {
  Request request = Program();
  for (size_t i = 0; i < kMaxFilters; i++) request.filters.push_back(Filter(BPF_MAXINSNS, {{0, 0}}));
  PreparedPlan plan(&request, ChildMemory::ForThisThread());
  CHECK_EQUAL(plan->filters[kMaxFilters - 1].instructions[BPF_MAXINSNS - 1].k, BPF_MAXINSNS - 1U);
}

// The flags of the mapping at an address: VmFlags of proc_pid_smaps(5), as in " rd wr mr ".
std::string FlagsAt(const void* address) {
  const auto wanted = reinterpret_cast<uintptr_t>(address);
  std::ifstream maps("/proc/self/smaps");
  bool is_here = false;
  for (std::string line; std::getline(maps, line);) {
    char* end = nullptr;
    const uintptr_t first = strtoul(line.c_str(), &end, 16);
    if (*end == '-') is_here = first <= wanted && wanted < strtoul(end + 1, nullptr, 16);
    if (is_here && line.compare(0, 8, "VmFlags:") == 0) return line.substr(8) + " ";
  }
  return "";
}

bool HasFlag(const void* address, const char* flag) {
  return FlagsAt(address).find(std::string(" ") + flag + " ") != std::string::npos;
}

TEST(IsInNoCoreDump) {
  const auto copies = ChildMemory::ForCopies();
  for (const ChildMemory* memory : {ChildMemory::ForThisThread(), copies.get()}) {
    CHECK_EQUAL(HasFlag(memory->instructions(), "dd"), true);
    CHECK_EQUAL(HasFlag(static_cast<char*>(memory->stack_top()) - 1, "dd"), true);
  }
}

TEST(IsCopiedByForkOnlyIfItIsForCopies) {
  const auto copies = ChildMemory::ForCopies();
  CHECK_EQUAL(HasFlag(ChildMemory::ForThisThread()->instructions(), "dc"), true);
  CHECK_EQUAL(HasFlag(copies->instructions(), "dc"), false);
}

TEST(EndsAStackThatOverflows) {
  const ChildMemory* const memory = ChildMemory::ForThisThread();
  char* const lowest = static_cast<char*>(memory->stack_top()) - size_t{64} * 1024;
  CHECK_EQUAL(HasFlag(lowest, "wr"), true);
  CHECK_EQUAL(HasFlag(lowest - 1, "wr"), false);
  CHECK_EQUAL(HasFlag(lowest - 1, "rd"), false);
}

TEST(BelongsToOneThread) {
  const ChildMemory* const ours = ChildMemory::ForThisThread();
  CHECK_EQUAL(ChildMemory::ForThisThread() == ours, true);
  const ChildMemory* theirs = nullptr;
  std::string flags;
  const void* place = nullptr;
  std::thread other([&] {
    theirs = ChildMemory::ForThisThread();
    place = theirs->instructions();
    flags = FlagsAt(place);
  });
  other.join();
  CHECK_EQUAL(theirs == ours, false);
  CHECK_EQUAL(flags.empty(), false);
  CHECK_EQUAL(HasFlag(place, "dd"), false);  // The memory has ended with the thread.
}

}  // namespace
}  // namespace seccomp::test

int main(int argc, char** argv) { return argc == 2 ? seccomp::test::RunTest(argv[1]) : 2; }
