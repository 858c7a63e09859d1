#include "napi/process/child_end.h"

namespace seccomp {
namespace {

double Milliseconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
}

}  // namespace

ChildEnd::ChildEnd(Napi::Env env, const siginfo_t& status, const rusage& usage)
    : code(env.Null()), signal(env.Null()), cpu_time(env.Null()), max_rss(env.Null()) {
  if (status.si_pid == 0) return;
  (status.si_code == CLD_EXITED ? code : signal) = Napi::Number::New(env, status.si_status);
  cpu_time = Napi::Number::New(env, Milliseconds(usage.ru_utime) + Milliseconds(usage.ru_stime));
  max_rss = Napi::Number::New(env, static_cast<double>(usage.ru_maxrss) * 1024);
}

}  // namespace seccomp
