#include "child/relay.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "system/threads.h"
#include "system/unix_socket.h"

namespace seccomp {
namespace {

constexpr size_t kChunk = 65536;

// The children's sockets that are relayed, each by the cookie of the end that replaces it.
class Registry {
 public:
  // Never destroyed: threads can outlive static objects.
  static Registry& Get() {
    static auto* const registry = new Registry;
    return *registry;
  }

  void Add(uint64_t cookie, int childs) {
    const std::lock_guard<std::mutex> lock(mutex_);
    sockets_.emplace(cookie, childs);
  }

  // Before the socket is closed: another can get its number then.
  void Remove(int childs) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (auto at = sockets_.begin(); at != sockets_.end();) at = at->second == childs ? sockets_.erase(at) : ++at;
  }

  // The relay then reads what is left, and passes on the end.
  bool EndReading(uint64_t cookie) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = sockets_.find(cookie);
    return found != sockets_.end() && shutdown(found->second, SHUT_RD) == 0;
  }

 private:
  std::mutex mutex_;
  std::map<uint64_t, int> sockets_;
};

// One direction of a stream. A side that ends is shut down on the other side, so both behave as the ends of one socket.
class Direction {
 public:
  Direction(const Descriptor& from, const Descriptor& to) : from_(from.get()), to_(to.get()) {}

  bool WantsInput() const { return !has_ended_ && waiting_.empty(); }
  bool WantsOutput() const { return !waiting_.empty(); }
  bool IsActive() const { return WantsInput() || WantsOutput(); }

  void Receive(std::array<char, kChunk>* chunk) {
    const ssize_t size = recv(from_, chunk->data(), chunk->size(), MSG_DONTWAIT);
    if (size < 0 && IsPassing(errno)) return;
    if (size <= 0) {
      End();
    } else {
      Send(chunk->data(), static_cast<size_t>(size));
    }
  }

  void SendWaiting() {
    const std::string waiting = std::exchange(waiting_, {});
    Send(waiting.data(), waiting.size());
  }

  // `to` no longer takes anything, so the writer at `from` must be stopped.
  void Drop() {
    if (!IsActive()) return;
    shutdown(from_, SHUT_RD);
    waiting_.clear();
    End();
  }

 private:
  // A shortage of memory is none of the other side's doing.
  static bool IsPassing(int error) { return error == EAGAIN || error == EINTR || error == ENOMEM || error == ENOBUFS; }

  void Send(const char* data, size_t size) {
    ssize_t sent = send(to_, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && !IsPassing(errno)) {
      Drop();
      return;
    }
    sent = sent < 0 ? 0 : sent;
    waiting_.assign(data + sent, size - static_cast<size_t>(sent));
  }

  void End() {
    has_ended_ = true;
    shutdown(to_, SHUT_WR);
  }

  int from_, to_;
  std::string waiting_;  // What `to` has not taken yet.
  bool has_ended_ = false;
};

class Stream {
 public:
  explicit Stream(Relayed relayed)
      : childs_(std::move(relayed.childs)),
        ours_(std::move(relayed.ours)),
        output_(childs_, ours_),
        input_(ours_, childs_) {
    Registry::Get().Add(relayed.cookie, childs_.get());
  }
  ~Stream() { Registry::Get().Remove(childs_.get()); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // poll(2) always reports the end of a side. A side that has nothing to do but waits for the other is left out then.
  std::array<pollfd, 2> Polled() const {
    const short childs_events = Events(output_, input_);
    const short our_events = Events(input_, output_);
    return {{{childs_events == 0 && output_.IsActive() ? -1 : childs_.get(), childs_events, 0},
             {our_events == 0 && !output_.IsActive() ? -1 : ours_.get(), our_events, 0}}};
  }

  // Returns false if the stream has ended.
  bool Serve(const pollfd& childs, const pollfd& ours, std::array<char, kChunk>* chunk) {
    if ((ours.revents & POLLHUP) != 0) output_.Drop();  // There is no reader left.
    if (output_.WantsOutput() && ours.revents != 0) output_.SendWaiting();
    if (input_.WantsOutput() && childs.revents != 0) input_.SendWaiting();
    if (output_.WantsInput() && childs.revents != 0) output_.Receive(chunk);
    if (input_.WantsInput() && ours.revents != 0) input_.Receive(chunk);
    const bool has_reader = (childs.revents & POLLHUP) == 0;
    return output_.IsActive() || (has_reader && input_.IsActive());
  }

 private:
  static short Events(const Direction& from, const Direction& to) {
    return static_cast<short>((from.WantsInput() ? POLLIN : 0) | (to.WantsOutput() ? POLLOUT : 0));
  }

  Descriptor childs_, ours_;
  Direction output_, input_;
};

using Streams = std::vector<std::unique_ptr<Stream>>;

void Relay(Streams* streams) {
  std::vector<pollfd> polled;
  const auto chunk = std::make_unique<std::array<char, kChunk>>();
  while (!streams->empty()) {
    polled.clear();
    for (const auto& stream : *streams) {
      const auto both = stream->Polled();
      polled.insert(polled.end(), both.begin(), both.end());
    }
    if (poll(polled.data(), polled.size(), -1) <= 0) continue;
    for (size_t i = streams->size(); i-- > 0;) {
      if (!(*streams)[i]->Serve(polled[2 * i], polled[2 * i + 1], chunk.get()))
        streams->erase(streams->begin() + static_cast<ptrdiff_t>(i));
    }
  }
}

}  // namespace

Failure OpenRelayed(Descriptor* socket, std::vector<Relayed>* relayed) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return {errno, "socketpair"};
  Descriptor ours(pair[0]);
  Descriptor other(pair[1]);
  const uint64_t cookie = CookieOf(other.get());
  if (cookie == 0) return {errno, "getsockopt"};
  relayed->push_back({std::move(*socket), std::move(ours), cookie});
  *socket = std::move(other);
  return {};
}

Failure StartRelay(std::vector<Relayed> relayed) {
  if (relayed.empty()) return {};
  const auto streams = std::make_shared<Streams>();
  for (Relayed& each : relayed) streams->push_back(std::make_unique<Stream>(std::move(each)));
  const int error = StartThread("seccomp-relay", [streams] { Relay(streams.get()); });
  return error == 0 ? Failure{} : Failure{error, "pthread_create"};
}

int EndReadingFrom(int socket) {
  if (Registry::Get().EndReading(CookieOf(socket))) return 0;
  return shutdown(socket, SHUT_RD) == 0 ? 0 : errno;
}

}  // namespace seccomp
