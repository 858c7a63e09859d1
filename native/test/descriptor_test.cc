// Tests of descriptors that close themselves. Run as `descriptor_test NAME`.
#include "system/descriptor.h"

#include <errno.h>

#include "check.h"

namespace seccomp::test {
namespace {

// No descriptor has this number: close(2) fails, as under a filter that denies it.
constexpr int kNone = 1'000'000;

TEST(KeepsErrnoIfItCannotBeClosed) {
  errno = EACCES;
  {
    const Descriptor descriptor(kNone);
  }
  CHECK_EQUAL(errno, EACCES);
  Descriptor replaced(kNone);
  replaced = Descriptor();
  CHECK_EQUAL(errno, EACCES);
}

}  // namespace
}  // namespace seccomp::test

int main(int argc, char** argv) { return argc == 2 ? seccomp::test::RunTest(argv[1]) : 2; }
