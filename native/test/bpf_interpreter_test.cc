// Tests of BpfInterpreter, which must accept what the kernel accepts. Run as `bpf_interpreter_test NAME`.
#include "supervisor/bpf_interpreter.h"

#include <errno.h>
#include <linux/bpf_common.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "check.h"

namespace seccomp::test {
namespace {

using Program = std::vector<sock_filter>;

constexpr uint16_t kLoad = BPF_LD | BPF_W | BPF_ABS;
constexpr uint16_t kAnd = BPF_ALU | BPF_AND | BPF_K;
constexpr uint16_t kGo = BPF_JMP | BPF_JA;
constexpr uint16_t kEqual = BPF_JMP | BPF_JEQ | BPF_K;
constexpr uint16_t kGreater = BPF_JMP | BPF_JGT | BPF_K;
constexpr uint16_t kAtLeast = BPF_JMP | BPF_JGE | BPF_K;
constexpr uint16_t kHasBits = BPF_JMP | BPF_JSET | BPF_K;
constexpr uint16_t kReturn = BPF_RET | BPF_K;

sock_filter Plain(uint16_t code, uint32_t k) { return {code, 0, 0, k}; }
sock_filter Jump(uint16_t code, uint32_t k, uint8_t yes, uint8_t no) { return {code, yes, no, k}; }
sock_filter Allow() { return Plain(kReturn, SECCOMP_RET_ALLOW); }

// Whether the kernel attaches the program to a process.
bool KernelAccepts(Program program) {
  const pid_t pid = fork();
  if (pid == 0) {
    const sock_fprog filter = {static_cast<uint16_t>(program.size()), program.data()};
    prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
    const bool is_attached = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0;
    _exit(is_attached || errno != EINVAL ? 0 : 1);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void CheckLoads(const Program& program, bool expected) {
  CHECK_EQUAL(BpfInterpreter().Load(program), expected);
  CHECK_EQUAL(KernelAccepts(program), expected);
}

TEST(AcceptsJumpsToTheLastInstructionAndNoneBeyond) {
  for (const uint16_t code : {kEqual, kGreater, kAtLeast, kHasBits}) {
    CheckLoads({Jump(code, 0, 1, 1), Allow(), Allow()}, true);
    CheckLoads({Jump(code, 0, 2, 0), Allow(), Allow()}, false);
    CheckLoads({Jump(code, 0, 0, 2), Allow(), Allow()}, false);
    CheckLoads({Allow(), Jump(code, 0, 0, 0)}, false);
  }
  CheckLoads({Plain(kGo, 1), Allow(), Allow()}, true);
  CheckLoads({Plain(kGo, 2), Allow(), Allow()}, false);
  CheckLoads({Plain(kGo, 0xffffffff), Allow()}, false);
  CheckLoads({Allow(), Plain(kGo, 0)}, false);
}

TEST(AcceptsLoadsOfWholeWordsOfTheCallOnly) {
  for (const uint32_t at : {0U, 4U, 60U}) CheckLoads({Plain(kLoad, at), Allow()}, true);
  for (const uint32_t at : {1U, 2U, 58U, 61U, 64U, 0xfffffffcU}) CheckLoads({Plain(kLoad, at), Allow()}, false);
}

TEST(AcceptsOnlyProgramsThatReturn) {
  CheckLoads({Allow()}, true);
  CheckLoads({}, false);
  CheckLoads({Plain(kLoad, 0)}, false);
  CheckLoads({Allow(), Plain(kLoad, 0)}, false);
  CheckLoads({Allow(), Plain(kAnd, 1)}, false);
}

TEST(AcceptsAsManyInstructionsAsTheKernel) {
  Program program(4096, Plain(kLoad, 0));
  program.back() = Allow();
  CheckLoads(program, true);
  program.push_back(Allow());
  CheckLoads(program, false);
}

TEST(RefusesInstructionsThatAFilterMayNotHave) {
  for (const int code : {BPF_LD | BPF_H | BPF_ABS, BPF_LD | BPF_W | BPF_IND, BPF_LDX | BPF_B | BPF_MSH, 0xffff})
    CheckLoads({Plain(static_cast<uint16_t>(code), 0), Allow()}, false);
}

uint32_t Result(const Program& program, const seccomp_data& call) {
  BpfInterpreter interpreter;
  CHECK_EQUAL(interpreter.Load(program), true);
  return interpreter.Run(call);
}

// Whether a jump with this constant is taken if the number of the call is `number`.
// NOLINTNEXTLINE(bugprone-easily-swappable-parameters): in the order of the comparison.
bool IsTaken(uint16_t code, uint32_t number, uint32_t k) {
  seccomp_data call = {};
  call.nr = static_cast<int>(number);
  const Program program = {Plain(kLoad, 0), Jump(code, k, 0, 1), Plain(kReturn, 1), Plain(kReturn, 0)};
  return Result(program, call) == 1;
}

TEST(ComparesWithoutSign) {
  CHECK_EQUAL(IsTaken(kEqual, 7, 7), true);
  CHECK_EQUAL(IsTaken(kEqual, 7, 8), false);
  CHECK_EQUAL(IsTaken(kGreater, 8, 7), true);
  CHECK_EQUAL(IsTaken(kGreater, 7, 7), false);
  CHECK_EQUAL(IsTaken(kGreater, 0x80000000, 7), true);
  CHECK_EQUAL(IsTaken(kAtLeast, 7, 7), true);
  CHECK_EQUAL(IsTaken(kAtLeast, 6, 7), false);
  CHECK_EQUAL(IsTaken(kAtLeast, 6, 0x80000000), false);
  CHECK_EQUAL(IsTaken(kHasBits, 6, 3), true);
  CHECK_EQUAL(IsTaken(kHasBits, 6, 9), false);
}

TEST(LoadsMasksAndJumps) {
  seccomp_data call = {};
  call.args[5] = 0xabcd1234;
  const bool upper_word_first = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
  const uint32_t last = upper_word_first ? 60 : 56;
  const Program masked = {Plain(kLoad, last), Plain(kAnd, 0xff00), Jump(kEqual, 0x1200, 1, 0), Plain(kReturn, 1),
                          Plain(kReturn, 2)};
  CHECK_EQUAL(Result(masked, call), 2U);
  call.args[5] = 0xabcd1334;
  CHECK_EQUAL(Result(masked, call), 1U);
  CHECK_EQUAL(Result({Plain(kGo, 1), Plain(kReturn, 1), Plain(kReturn, 2)}, call), 2U);
}

}  // namespace
}  // namespace seccomp::test

int main(int argc, char** argv) { return argc == 2 ? seccomp::test::RunTest(argv[1]) : 2; }
