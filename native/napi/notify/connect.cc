#include "napi/notify/connect.h"

#include <errno.h>
#include <string.h>
#include <sys/un.h>

#include <atomic>
#include <iterator>
#include <utility>

#include "napi/notify/calls.h"
#include "napi/values.h"
#include "supervisor/connector.h"

namespace seccomp {
namespace {

// Whether `seen` is what SocketOf returns for these traits.
bool IsSame(const Napi::Array& seen, const SocketTraits& traits) {
  const int values[] = {traits.domain, traits.type, traits.protocol};
  for (uint32_t i = 0; i < std::size(values); i++) {
    const Napi::Value value = seen.Get(i);
    if (!value.IsNumber() || value.As<Napi::Number>().Int32Value() != values[i]) return false;
  }
  return true;
}

// Whether an address may be passed to the socket. Returns 0 or an errno.
int CheckAddress(const ArrayView<uint8_t>& address, const SocketTraits& traits) {
  sa_family_t family = AF_UNSPEC;
  if (address.size < sizeof family) return EINVAL;
  memcpy(&family, address.data, sizeof family);
  if (!IsAddressFor(traits.domain, family)) return EAFNOSUPPORT;
  return family == AF_UNIX && address.size > sizeof(sockaddr_un) ? EINVAL : 0;
}

double NextNumber() {
  static std::atomic<uint64_t> next{1};
  return static_cast<double>(next++);
}

}  // namespace

Napi::Value SocketOf(const Napi::CallbackInfo& info) {
  constexpr const char* kUsage = "socketOf(listener, call, tid, descriptor)";
  const Napi::Env env = info.Env();
  uint64_t call = 0;
  const std::shared_ptr<Listener> listener = ReadCall(info, kUsage, &call);
  if (listener == nullptr) return env.Undefined();
  if (!Require(env, info[2].IsNumber() && info[3].IsNumber(), kUsage)) return env.Undefined();
  Descriptor socket;
  SocketTraits traits = {};
  int error = DuplicateSocket(info[2].As<Napi::Number>(), info[3].As<Napi::Number>(), &socket, &traits);
  if (error == 0) error = listener->IsWaiting(call);
  if (error != 0) return Negative(env, error);
  const Napi::Array result = Napi::Array::New(env, 3);
  result.Set(0U, traits.domain);
  result.Set(1U, traits.type);
  result.Set(2U, traits.protocol);
  return result;
}

Napi::Value Connect(const Napi::CallbackInfo& info) {
  constexpr const char* kUsage = "connect(listener, call, tid, descriptor, address, seen)";
  const Napi::Env env = info.Env();
  uint64_t call = 0;
  const std::shared_ptr<Listener> listener = ReadCall(info, kUsage, &call);
  if (listener == nullptr) return env.Undefined();
  const auto address = ReadBytes(info[4]);
  if (!info[2].IsNumber() || !info[3].IsNumber() || !address || address->size > sizeof(sockaddr_storage)) {
    ThrowTypeError(env, kUsage);
    return env.Undefined();
  }
  const pid_t thread = info[2].As<Napi::Number>();
  Descriptor socket;
  SocketTraits traits = {};
  int error = DuplicateSocket(thread, info[3].As<Napi::Number>(), &socket, &traits);
  if (error == 0) error = CheckAddress(*address, traits);
  if (error == 0 && info[5].IsArray() && !IsSame(info[5].As<Napi::Array>(), traits)) error = EBADF;
  if (error != 0) return Negative(env, error);
  const double number = NextNumber();
  auto connection = std::make_shared<Connection>(number, listener, call, thread, std::move(socket), address->data,
                                                 static_cast<socklen_t>(address->size));
  error = listener->Begin(call, connection);
  if (error != 0) return Negative(env, error);
  Connector::Get().Add(std::move(connection));
  return Napi::Number::New(env, number);
}

}  // namespace seccomp
