// Included before napi/probe.cc in a build that measures coverage: the prober is a fork that ends by _exit(2), with which the
// counters of its memory would be lost.
#pragma once
#include <unistd.h>

extern "C" void __gcov_dump(void);

[[noreturn]] inline void DumpAndExit(int status) {
  __gcov_dump();
  _exit(status);
}
#define _exit DumpAndExit
