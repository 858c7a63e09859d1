// Connects another process's socket in its place.
#include "connect.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

#include "caller.h"
#include "linux_abi.h"
#include "request.h"
#include "supervise.h"

namespace seccomp {
namespace {

class Connecting : public Napi::AsyncWorker {
 public:
  Connecting(const Napi::Function& done, Descriptor socket, const Napi::Uint8Array& address)
      : Napi::AsyncWorker(done), socket_(std::move(socket)), size_(static_cast<socklen_t>(address.ByteLength())) {
    memcpy(&address_, address.Data(), size_);
  }

  // A socket that does not block gives EINPROGRESS here, as its owner expects.
  void Execute() override {
    const int result = connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address_), size_);
    error_ = result == 0 ? 0 : errno;
  }

  void OnOK() override { Callback().Call({Napi::Number::New(Env(), error_)}); }

 private:
  Descriptor socket_;
  sockaddr_storage address_ = {};
  socklen_t size_;
  int error_ = 0;
};

}  // namespace

Napi::Value Connect(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  uint64_t call = 0;
  const std::shared_ptr<Listener> listener = ReadCall(info, &call);
  if (listener == nullptr) return env.Undefined();
  const bool is_valid = info[2].IsNumber() && info[3].IsNumber() && info[4].IsTypedArray() && info[5].IsFunction() &&
                        info[4].As<Napi::TypedArray>().TypedArrayType() == napi_uint8_array &&
                        info[4].As<Napi::TypedArray>().ByteLength() <= sizeof(sockaddr_storage);
  if (!is_valid) {
    Napi::TypeError::New(env, "connect(listener, call, tid, descriptor, address, done)").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  const pid_t process = ProcessOf(info[2].As<Napi::Number>().Int32Value());
  const Descriptor pidfd(process == 0 ? -1 : static_cast<int>(syscall(kPidfdOpen, process, 0)));
  if (pidfd.get() < 0) return Napi::Number::New(env, ESRCH);
  // Linux 5.6, pidfd_getfd(2).
  Descriptor socket(static_cast<int>(syscall(kPidfdGetfd, pidfd.get(), info[3].As<Napi::Number>().Int32Value(), 0)));
  if (socket.get() < 0) return Napi::Number::New(env, errno);
  // What was taken is the caller's only if it waits still; else its number may be another's by now.
  const int waits = listener->IsWaiting(call);
  if (waits != 0) return Napi::Number::New(env, waits);
  // NOLINTBEGIN(clang-analyzer-cplusplus.NewDeleteLeaks): it deletes itself.
  (new Connecting(info[5].As<Napi::Function>(), std::move(socket), info[4].As<Napi::Uint8Array>()))->Queue();
  return Napi::Number::New(env, 0);
  // NOLINTEND(clang-analyzer-cplusplus.NewDeleteLeaks)
}

}  // namespace seccomp
