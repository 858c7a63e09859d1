// What is asked of sockets that belong to JavaScript.
#include "sockets.h"

#include <errno.h>
#include <sys/socket.h>

namespace seccomp {
namespace {

bool ReadDescriptor(const Napi::CallbackInfo& info, int* fd) {
  if (!info[0].IsNumber()) {
    Napi::TypeError::New(info.Env(), "a descriptor").ThrowAsJavaScriptException();
    return false;
  }
  *fd = info[0].As<Napi::Number>().Int32Value();
  return true;
}

}  // namespace

Napi::Value EndReading(const Napi::CallbackInfo& info) {
  int fd = -1;
  if (!ReadDescriptor(info, &fd)) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), shutdown(fd, SHUT_RD) == 0 ? 0 : errno);
}

Napi::Value IsListening(const Napi::CallbackInfo& info) {
  int fd = -1;
  if (!ReadDescriptor(info, &fd)) return info.Env().Undefined();
  int listening = 0;
  socklen_t size = sizeof listening;
  const bool known = getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0;
  return Napi::Boolean::New(info.Env(), known && listening != 0);
}

}  // namespace seccomp
