// Asks the kernel what it can do with filters: seccomp(2).
#include "filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace seccomp {
namespace {

constexpr unsigned kGetActionAvail = 2;  // SECCOMP_GET_ACTION_AVAIL, Linux 4.14.

bool ReadNumber(const Napi::CallbackInfo& info, uint32_t* number) {
  if (!info[0].IsNumber()) {
    Napi::TypeError::New(info.Env(), "a number").ThrowAsJavaScriptException();
    return false;
  }
  *number = info[0].As<Napi::Number>().Uint32Value();
  return true;
}

}  // namespace

Napi::Value ActionAvailable(const Napi::CallbackInfo& info) {
  uint32_t action = 0;
  if (!ReadNumber(info, &action)) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), syscall(SYS_seccomp, kGetActionAvail, 0, &action) == 0 ? 0 : errno);
}

Napi::Value FilterFlagsKnown(const Napi::CallbackInfo& info) {
  uint32_t flags = 0;
  if (!ReadNumber(info, &flags)) return info.Env().Undefined();
  syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, nullptr);
  return Napi::Boolean::New(info.Env(), errno == EFAULT);
}

}  // namespace seccomp
