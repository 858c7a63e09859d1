// How a child has ended and what it has used, as values for JavaScript.
#pragma once

#include <napi.h>
#include <signal.h>
#include <sys/resource.h>

namespace seccomp {

// All are null if another part of this process has reaped the child. Else either `code` or `signal` is.
struct ChildEnd {
  ChildEnd(Napi::Env env, const siginfo_t& status, const rusage& usage)
      : code(env.Null()), signal(env.Null()), cpu_time(env.Null()), max_rss(env.Null()) {
    if (status.si_pid == 0) return;
    (status.si_code == CLD_EXITED ? code : signal) = Napi::Number::New(env, status.si_status);
    cpu_time = Napi::Number::New(env, Milliseconds(usage.ru_utime) + Milliseconds(usage.ru_stime));
    max_rss = Napi::Number::New(env, static_cast<double>(usage.ru_maxrss) * 1024);
  }

  Napi::Value code, signal;
  Napi::Value cpu_time;  // Milliseconds.
  Napi::Value max_rss;   // Bytes. At least those of this process when it started the child.

 private:
  static double Milliseconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
  }
};

}  // namespace seccomp
