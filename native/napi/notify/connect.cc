#include <errno.h>
#include <string.h>
#include <sys/un.h>

#include <array>
#include <atomic>
#include <memory>
#include <utility>

#include "napi/functions.h"
#include "supervisor/connector.h"

namespace seccomp {
namespace {

double NextNumber() {
  static std::atomic<uint64_t> next{1};
  return static_cast<double>(next++);
}

}  // namespace

Napi::Value SocketOf(Napi::Env env, const ListenerPointer& listener, uint64_t call, int32_t thread,
                     int32_t descriptor) {
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
  return MakeArray(env, Traits{facts->traits.domain, facts->traits.type, facts->traits.protocol});
}

Napi::Value Connect(Napi::Env env, const ListenerPointer& listener, uint64_t call, int32_t thread, int32_t descriptor,
                    const Napi::Value& address, const std::optional<Traits>& seen) {
  ConnectionRequest request = {listener, call, thread, descriptor, std::nullopt};
  // After `seen`, since a getter of it might detach the address's buffer.
  ArrayView<uint8_t> bytes;
  if (!ReadValue(address, &bytes) || bytes.size > sizeof request.address) {
    ThrowUsage(env, kConnectUsage);
    return env.Undefined();
  }
  if (bytes.size < sizeof(sa_family_t)) return Negative(env, EINVAL);
  if (seen) request.expected = SocketTraits{(*seen)[0], (*seen)[1], (*seen)[2]};
  // The connection may have to be undone before its call is answered, when there might be no thread to be had.
  const int no_thread = listener->worker().Start();
  if (no_thread != 0) return Negative(env, no_thread);
  memcpy(&request.address, bytes.data, bytes.size);
  request.size = static_cast<socklen_t>(bytes.size);
  const double number = NextNumber();
  auto connection = std::make_shared<Connection>(number, std::move(request));
  const int error = listener->Begin(call, connection);
  if (error != 0) return Negative(env, error);
  Connector::Get().Add(std::move(connection));
  return Napi::Number::New(env, number);
}

}  // namespace seccomp
