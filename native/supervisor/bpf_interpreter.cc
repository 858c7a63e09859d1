#include "supervisor/bpf_interpreter.h"

#include <linux/bpf_common.h>
#include <string.h>

#include <utility>

namespace seccomp {
namespace {

// The checks of seccomp_check_filter() and bpf_check_classic() in the kernel, for the instructions that lib/filter
// emits. `left` is the number of instructions that follow.
bool IsValid(const sock_filter& instruction, size_t left) {
  switch (instruction.code) {
    case BPF_LD | BPF_W | BPF_ABS:
      return instruction.k % 4 == 0 && instruction.k <= sizeof(seccomp_data) - 4 && left > 0;
    case BPF_ALU | BPF_AND | BPF_K:
      return left > 0;
    case BPF_JMP | BPF_JA:
      return instruction.k < left;
    case BPF_JMP | BPF_JEQ | BPF_K:
    case BPF_JMP | BPF_JGT | BPF_K:
    case BPF_JMP | BPF_JGE | BPF_K:
    case BPF_JMP | BPF_JSET | BPF_K:
      return instruction.jt < left && instruction.jf < left;
    case BPF_RET | BPF_K:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool BpfInterpreter::Load(std::vector<sock_filter> program) {
  if (program.empty() || program.size() > BPF_MAXINSNS) return false;
  for (size_t i = 0; i < program.size(); i++) {
    if (!IsValid(program[i], program.size() - 1 - i)) return false;
  }
  program_ = std::move(program);
  return true;
}

uint32_t BpfInterpreter::Run(const seccomp_data& call) const {
  const char* data = reinterpret_cast<const char*>(&call);
  uint32_t accumulator = 0;
  for (const sock_filter* at = program_.data();; at++) {
    switch (at->code) {
      case BPF_LD | BPF_W | BPF_ABS:
        memcpy(&accumulator, data + at->k, sizeof accumulator);
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        accumulator &= at->k;
        break;
      case BPF_JMP | BPF_JA:
        at += at->k;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        at += accumulator == at->k ? at->jt : at->jf;
        break;
      case BPF_JMP | BPF_JGT | BPF_K:
        at += accumulator > at->k ? at->jt : at->jf;
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        at += accumulator >= at->k ? at->jt : at->jf;
        break;
      case BPF_JMP | BPF_JSET | BPF_K:
        at += (accumulator & at->k) != 0 ? at->jt : at->jf;
        break;
      default:
        return at->k;
    }
  }
}

}  // namespace seccomp
