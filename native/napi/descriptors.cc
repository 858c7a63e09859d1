#include "napi/descriptors.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "napi/environment.h"
#include "napi/errors.h"
#include "napi/values.h"
#include "system/linux_abi.h"

namespace seccomp {
namespace {

// Returns a number that no other socket has had since boot; 0: unknown. socket(7), SO_COOKIE, Linux 4.6.
uint64_t CookieOf(int fd) {
  uint64_t cookie = 0;
  socklen_t size = sizeof cookie;
  return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) == 0 ? cookie : 0;
}

bool ReadDescriptor(const Napi::CallbackInfo& info, int* fd) {
  return Require(info.Env(), ReadValue(info[0], fd), "descriptor must be a 32-bit integer");
}

}  // namespace

LentDescriptors::~LentDescriptors() {
  // The streams have closed their descriptors by now, and other threads may have opened others with the same numbers.
  for (const auto& [fd, cookie] : handed_over_)
    if (cookie != 0 && CookieOf(fd) == cookie) close(fd);
}

void LentDescriptors::HandOver(std::vector<Descriptor>* sockets) {
  handed_over_.clear();
  for (Descriptor& socket : *sockets) {
    const int fd = socket.Release();
    if (fd >= 0) handed_over_.push_back({fd, CookieOf(fd)});
  }
}

void LentDescriptors::CloseSocket(int fd) {
  const auto found =
      std::find_if(handed_over_.begin(), handed_over_.end(), [fd](const Socket& socket) { return socket.fd == fd; });
  if (found == handed_over_.end()) return;
  handed_over_.erase(found);
  close(fd);
}

int LentDescriptors::Borrow(Descriptor descriptor) {
  borrowed_.push_back(std::move(descriptor));
  return borrowed_.back().get();
}

Napi::Value Borrow(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  int32_t pid = 0;
  int32_t number = 0;
  const bool is_read = ReadValue(info[0], &pid) && ReadValue(info[1], &number);
  if (!RequireUsage(env, is_read, "borrow(pid, descriptor)")) return env.Undefined();
  const Descriptor process(static_cast<int>(syscall(kPidfdOpen, pid, 0)));
  if (process.get() < 0) return Negative(env, errno);
  const long fd = syscall(kPidfdGetfd, process.get(), number, 0);
  if (fd < 0) return Negative(env, errno);
  return Napi::Number::New(env, Environment::Of(env).lent.Borrow(Descriptor(static_cast<int>(fd))));
}

void GiveBack(const Napi::CallbackInfo& info) { Environment::Of(info.Env()).lent.CloseBorrowed(); }

void CloseSocket(const Napi::CallbackInfo& info) {
  int fd = -1;
  if (ReadDescriptor(info, &fd)) Environment::Of(info.Env()).lent.CloseSocket(fd);
}

Napi::Value EndReading(const Napi::CallbackInfo& info) {
  int fd = -1;
  if (!ReadDescriptor(info, &fd)) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), shutdown(fd, SHUT_RD) == 0 ? 0 : errno);
}

Napi::Value IsListening(const Napi::CallbackInfo& info) {
  int fd = -1;
  if (!ReadDescriptor(info, &fd)) return info.Env().Undefined();
  int is_listening = 0;
  socklen_t size = sizeof is_listening;
  const bool is_socket = getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) == 0;
  return Napi::Boolean::New(info.Env(), is_socket && is_listening != 0);
}

}  // namespace seccomp
