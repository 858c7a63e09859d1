// What is answered to a call: classic BPF that JavaScript made and proved, run here as the kernel would run it.
#ifndef SECCOMP_NATIVE_ANSWERS_H_
#define SECCOMP_NATIVE_ANSWERS_H_

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstdint>
#include <vector>

namespace seccomp {

class Answers {
 public:
  // False if the kernel would not take the program: then it must not be run.
  bool Read(std::vector<sock_filter> program);

  // SECCOMP_RET_* with its data. It ends: jumps go forward, and the last instruction returns.
  uint32_t For(const seccomp_data& call) const;

 private:
  std::vector<sock_filter> program_;
};

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_ANSWERS_H_
