// How a child has ended and what it has used, as values for JavaScript.
#pragma once

#include <napi.h>
#include <signal.h>
#include <sys/resource.h>

namespace seccomp {

// All are null if another part of this process has reaped the child. Else either `code` or `signal` is.
struct ChildEnd {
  ChildEnd(Napi::Env env, const siginfo_t& status, const rusage& usage);

  Napi::Value code, signal;
  Napi::Value cpu_time;  // Milliseconds.
  Napi::Value max_rss;   // Bytes. At least those of this process when it started the child.
};

}  // namespace seccomp
