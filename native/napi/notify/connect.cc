#include "napi/notify/connect.h"

#include <errno.h>
#include <string.h>
#include <sys/un.h>

#include <array>
#include <atomic>
#include <memory>
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
  struct Facts {
    SocketTraits traits = {};
    int error = 0;
  };
  const auto facts = std::make_shared<Facts>();
  const int failure = listener->worker().Run([facts, listener, call, thread, descriptor] {
    Descriptor socket;
    facts->error = DuplicateSocket(thread, descriptor, &socket, &facts->traits);
    // Also after an error: once the call is over, the thread and the descriptor may be other ones.
    const int not_waiting = listener->IsWaiting(call);
    if (not_waiting != 0) facts->error = not_waiting;
    // What it leads to may take long to close, and is no part of the result.
    listener->worker().Close(std::move(socket));
  });
  if (failure != 0 || facts->error != 0) return Negative(env, failure != 0 ? failure : facts->error);
  const Traits numbers = ToNumbers(facts->traits);
  const Napi::Array result = Napi::Array::New(env, numbers.size());
  for (uint32_t i = 0; i < numbers.size(); i++) result.Set(i, numbers[i]);
  return result;
}

Napi::Value Connect(const Napi::CallbackInfo& info) {
  constexpr const char* kUsage = "connect(listener, call, tid, descriptor, address, seen)";
  const Napi::Env env = info.Env();
  ConnectionRequest request;
  request.listener = ReadCall(info, kUsage, &request.call);
  if (request.listener == nullptr) return env.Undefined();
  Traits seen = {};
  const bool has_seen = !info[5].IsUndefined();
  const bool is_read = ReadValue(info[2], &request.thread) && ReadValue(info[3], &request.descriptor) &&
                       (!has_seen || ReadTraits(info[5], &seen));
  // After `seen`, since a getter of it might detach the address's buffer.
  const auto address = ReadBytes(info[4]);
  if (!is_read || !address || address->size > sizeof request.address) {
    ThrowUsage(env, kUsage);
    return env.Undefined();
  }
  if (address->size < sizeof(sa_family_t)) return Negative(env, EINVAL);
  if (has_seen) request.expected = SocketTraits{seen[0], seen[1], seen[2]};
  // The connection may have to be undone before its call is answered, when there might be no thread to be had.
  const int no_thread = request.listener->worker().Start();
  if (no_thread != 0) return Negative(env, no_thread);
  memcpy(&request.address, address->data, address->size);
  request.size = static_cast<socklen_t>(address->size);
  const double number = NextNumber();
  const std::shared_ptr<Listener> listener = request.listener;
  const uint64_t call = request.call;
  auto connection = std::make_shared<Connection>(number, std::move(request));
  const int error = listener->Begin(call, connection);
  if (error != 0) return Negative(env, error);
  Connector::Get().Add(std::move(connection));
  return Napi::Number::New(env, number);
}

}  // namespace seccomp
