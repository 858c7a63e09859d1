#include "napi/descriptors.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "child/relay.h"
#include "napi/environment.h"
#include "napi/functions.h"
#include "system/unix_socket.h"

namespace seccomp {

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

int LentDescriptors::OpenHandover() {
  int ends[2] = {-1, -1};
  // A socket of this type keeps the text in one piece.
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return -errno;
  handover_ = Descriptor(ends[0]);
  launchers_end_ = Descriptor(ends[1]);
  return ends[1];
}

int LentDescriptors::Receive(std::string* text) {
  const Descriptor handover = std::move(handover_);
  launchers_end_ = Descriptor();  // The launcher has the only one now, so its end is the end of the connection.
  pollfd readable = {handover.get(), POLLIN, 0};
  while (poll(&readable, 1, -1) < 0)
    if (errno != EINTR) return -errno;
  text->resize(kMaxReceivedBytes);
  bool is_truncated = false;
  std::vector<Descriptor> descriptors;
  const ssize_t size = ReceiveDescriptors(handover, text, &descriptors, &is_truncated);
  if (size < 0) return static_cast<int>(size);
  if (is_truncated) return -EMFILE;
  if (descriptors.size() != 1) return -ECONNRESET;
  text->resize(static_cast<size_t>(size));
  received_.push_back(std::move(descriptors.front()));
  return received_.back().get();
}

int OpenHandover(Napi::Env env) { return Environment::Of(env).lent.OpenHandover(); }

Napi::Value Receive(Napi::Env env) {
  std::string text;
  const int descriptor = Environment::Of(env).lent.Receive(&text);
  if (descriptor < 0) return Napi::Number::New(env, descriptor);
  const Napi::Object received = Napi::Object::New(env);
  SetOwn(received, "descriptor", descriptor);
  SetOwn(received, "text", text);
  return received;
}

void GiveBack(Napi::Env env) { Environment::Of(env).lent.CloseReceived(); }

bool ReadValue(const Napi::Value& value, DescriptorNumber* number) {
  return Require(value.Env(), ReadValue(value, &number->fd), "descriptor must be a 32-bit integer");
}

void CloseSocket(Napi::Env env, DescriptorNumber socket) { Environment::Of(env).lent.CloseSocket(socket.fd); }

int EndReading(Napi::Env /*env*/, DescriptorNumber socket) { return EndReadingFrom(socket.fd); }

bool IsListening(Napi::Env /*env*/, DescriptorNumber socket) {
  int is_listening = 0;
  socklen_t size = sizeof is_listening;
  return getsockopt(socket.fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) == 0 && is_listening != 0;
}

}  // namespace seccomp
