// Runs the classic BPF program that decides how a call is answered.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstdint>
#include <vector>

namespace seccomp {

class BpfInterpreter {
 public:
  // Returns false if the kernel would refuse the program. Run must then not be called.
  bool Load(std::vector<sock_filter> program);

  // Returns SECCOMP_RET_* with its data, as the kernel would for this call. Terminates, since jumps only go forward and
  // the last instruction returns.
  uint32_t Run(const seccomp_data& call) const;

 private:
  std::vector<sock_filter> program_;
};

}  // namespace seccomp
