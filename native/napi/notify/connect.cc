#include "napi/notify/connect.h"

#include <errno.h>
#include <string.h>
#include <sys/un.h>

#include <array>
#include <atomic>
#include <utility>

#include "napi/notify/calls.h"
#include "napi/values.h"
#include "supervisor/connector.h"

namespace seccomp {
namespace {

using Traits = std::array<int, 3>;

// As SocketOf returns them.
Traits ToNumbers(const SocketTraits& traits) { return {traits.domain, traits.type, traits.protocol}; }

// Reads what SocketOf has returned.
bool ReadTraits(const Napi::Value& value, Traits* traits) {
  if (!value.IsArray() || value.As<Napi::Array>().Length() != traits->size()) return false;
  const Napi::Array numbers = value.As<Napi::Array>();
  for (uint32_t i = 0; i < traits->size(); i++) {
    if (!ReadValue(numbers.Get(i), &(*traits)[i])) return false;
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
  pid_t thread = 0;
  int32_t descriptor = -1;
  if (!RequireUsage(env, ReadValue(info[2], &thread) && ReadValue(info[3], &descriptor), kUsage)) {
    return env.Undefined();
  }
  Descriptor socket;
  SocketTraits traits = {};
  int error = DuplicateSocket(thread, descriptor, &socket, &traits);
  // Also after an error: once the call is over, the thread and the descriptor may be other ones.
  const int not_waiting = listener->IsWaiting(call);
  if (not_waiting != 0) error = not_waiting;
  if (error != 0) return Negative(env, error);
  const Traits numbers = ToNumbers(traits);
  const Napi::Array result = Napi::Array::New(env, numbers.size());
  for (uint32_t i = 0; i < numbers.size(); i++) result.Set(i, numbers[i]);
  return result;
}

Napi::Value Connect(const Napi::CallbackInfo& info) {
  constexpr const char* kUsage = "connect(listener, call, tid, descriptor, address, seen)";
  const Napi::Env env = info.Env();
  uint64_t call = 0;
  const std::shared_ptr<Listener> listener = ReadCall(info, kUsage, &call);
  if (listener == nullptr) return env.Undefined();
  pid_t thread = 0;
  int32_t descriptor = -1;
  Traits seen = {};
  const bool has_seen = !info[5].IsUndefined();
  const bool is_read =
      ReadValue(info[2], &thread) && ReadValue(info[3], &descriptor) && (!has_seen || ReadTraits(info[5], &seen));
  // After `seen`, since a getter of it might detach the address's buffer.
  const auto address = ReadBytes(info[4]);
  if (!is_read || !address || address->size > sizeof(sockaddr_storage)) {
    ThrowUsage(env, kUsage);
    return env.Undefined();
  }
  Descriptor socket;
  SocketTraits traits = {};
  int error = DuplicateSocket(thread, descriptor, &socket, &traits);
  if (error == 0) error = CheckAddress(*address, traits);
  if (error == 0 && has_seen && seen != ToNumbers(traits)) error = EBADF;
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
