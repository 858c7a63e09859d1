// As in Node, spawnSync waits for the end of the child and of each of its output streams. If the child exceeds the
// timeout or maxBuffer, spawnSync sends it a signal, closes the streams, and then waits only for the end of the child.
// The timeout also applies after the child's end, while other processes keep its streams open. Unlike Node, spawnSync
// sends SIGKILL if the signal does not end the child.
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "child/clone.h"
#include "guardian/protocol.h"
#include "napi/functions.h"
#include "napi/notify/supervision.h"
#include "napi/process/child_end.h"
#include "system/condition.h"

namespace seccomp {
namespace {

constexpr size_t kChunk = 65536;  // As libuv reads.

// lib/native.ts describes the members as NativeLimits. The view of `input` is valid as long as no JavaScript runs.
struct Limits {
  ArrayView<uint8_t> input;
  double timeout = 0;     // Milliseconds; 0: none.
  double max_buffer = 0;  // Bytes; 0: no limit.
  int32_t kill_signal = 0;
  double force_kill_after = 0;  // Milliseconds from kill_signal to SIGKILL; INFINITY: never.
};

// In the order in which they are read. `input` is the last, since a getter of another member might detach its buffer.
constexpr Member<Limits> kLimitMembers[] = {
    {"timeout", Presence::kRequired, "a number", Into<&Limits::timeout>},
    {"maxBuffer", Presence::kRequired, "a number", Into<&Limits::max_buffer>},
    {"killSignal", Presence::kRequired, "a number", Into<&Limits::kill_signal>},
    {"forceKillAfter", Presence::kRequired, "a number", Into<&Limits::force_kill_after>},
    {"input", Presence::kOptional, "a Uint8Array", Into<&Limits::input>},
};

std::vector<bool> WhichAreOpen(const std::vector<Descriptor>& descriptors) {
  std::vector<bool> is_open;
  is_open.reserve(descriptors.size());
  for (const Descriptor& descriptor : descriptors) is_open.push_back(descriptor.get() >= 0);
  return is_open;
}

// A running child and its streams.
class Running {
 public:
  Running(StartedChild started, const Limits& limits)
      : child_(std::move(started.child)),
        guardian_(std::move(started.guardian)),
        has_tree_(guardian_.process.pidfd.get() >= 0),
        domain_error_(started.domain_error),
        sockets_(std::move(started.sockets)),
        output_(sockets_.size()),
        was_open_(WhichAreOpen(sockets_)),
        input_(limits.input),
        limits_(limits),
        deadline_(limits.timeout > 0 ? Milliseconds() + limits.timeout : INFINITY) {}

  // Waits until the child and its streams have ended.
  void Wait() {
    // Input is written before poll(2), so that a short-lived child does not end before it gets any.
    if (HasInput() && input_.size == 0) {
      EndInput();
    } else if (HasInput()) {
      WriteInput();
    }
    while (!has_ended_ || HasOpenOutput() || has_tree_) {
      std::vector<pollfd> polled = Polled();
      const int ready = poll(polled.data(), polled.size(), Remaining());
      if (ready < 0 && errno != EINTR) {
        OnPollError(errno);
        return;
      }
      if (Milliseconds() >= deadline_) Stop(ETIMEDOUT);
      if (ready > 0) OnReady(polled);
    }
  }

  // Sets the members of a NativeResult.
  void Report(Napi::Env env, Napi::Object result) const {
    const ChildEnd end(env, status_, usage_);
    SetOwn(result, "pid", child_.pid);
    SetOwn(result, "domainError", domain_error_);
    SetOwn(result, "code", end.code);
    SetOwn(result, "signal", end.signal);
    SetOwn(result, "cpuTime", end.cpu_time);
    SetOwn(result, "maxRss", end.max_rss);
    const Napi::Array output = Napi::Array::New(env, output_.size());
    for (uint32_t i = 0; i < output_.size(); i++) {
      const bool is_output = i > 0 && was_open_[i];
      output.Set(i, is_output ? Napi::Buffer<char>::Copy(env, output_[i].data(), output_[i].size()) : env.Null());
    }
    SetOwn(result, "output", output);
    SetOwn(result, "stopped", stopped_);
    if (tree_status_) SetOwn(result, "treeStatus", *tree_status_);
  }

 private:
  void OnReady(const std::vector<pollfd>& polled) {
    if (polled[0].revents != 0) OnChildReadable();
    if (polled[1].revents != 0) OnGuardianReadable();
    if (polled[2].revents != 0 && has_tree_) reports_zombies_ = ReapReportedZombies(guardian_);
    for (size_t i = 0; i < sockets_.size(); i++) {
      if (polled[i + 3].revents == 0 || sockets_[i].get() < 0) continue;
      if (i == 0) {
        WriteInput();
      } else {
        Read(i);
      }
    }
  }

  void OnChildReadable() {
    has_ended_ = Reap(child_, WNOHANG, &status_, &usage_);
    if (has_ended_ && has_tree_) ContinueGuardian(guardian_);
  }

  bool HasInput() const { return !sockets_.empty() && sockets_[0].get() >= 0; }

  bool HasOpenOutput() const {
    return std::any_of(sockets_.begin() + (sockets_.empty() ? 0 : 1), sockets_.end(),
                       [](const Descriptor& socket) { return socket.get() >= 0; });
  }

  // The pidfds of the child and of its guardian, the guardian's socket, then each stream. poll(2) ignores negative
  // descriptors.
  std::vector<pollfd> Polled() const {
    std::vector<pollfd> polled = {{has_ended_ ? -1 : child_.pidfd.get(), POLLIN, 0},
                                  {has_tree_ ? guardian_.process.pidfd.get() : -1, POLLIN, 0},
                                  {has_tree_ && reports_zombies_ ? guardian_.control.get() : -1, POLLIN, 0}};
    for (size_t i = 0; i < sockets_.size(); i++) {
      const bool is_wanted = i > 0 || input_.size > 0;
      polled.push_back({is_wanted ? sockets_[i].get() : -1, static_cast<short>(i == 0 ? POLLOUT : POLLIN), 0});
    }
    return polled;
  }

  // Milliseconds until the deadline, rounded up; -1: there is none.
  int Remaining() const {
    if (deadline_ == INFINITY) return -1;
    return static_cast<int>(std::clamp(ceil(deadline_ - Milliseconds()), 0.0, 1e9));
  }

  // The tree has ended; or its guardian was killed, and then the child ends at least.
  void OnGuardianReadable() {
    siginfo_t status = {};
    if (!Reap(guardian_.process, WNOHANG, &status)) return;
    has_tree_ = false;
    ReapReportedZombies(guardian_);
    const bool has_exited = status.si_pid != 0 && status.si_code == CLD_EXITED;
    tree_status_ = has_exited ? status.si_status : -1;
    if (!has_ended_) SendSignal(child_.pidfd, SIGKILL);
  }

  void WriteInput() {
    const ssize_t written = send(sockets_[0].get(), input_.data, input_.size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (written < 0) {
      if (errno == EAGAIN || errno == EINTR) return;
      OnStreamError(0);
      return;
    }
    input_.data += written;
    input_.size -= static_cast<size_t>(written);
    if (input_.size == 0) EndInput();
  }

  // Only for writing, since the child may write to its stdin.
  void EndInput() { shutdown(sockets_[0].get(), SHUT_WR); }

  void Read(size_t i) {
    const ssize_t size = recv(sockets_[i].get(), chunk_.data(), chunk_.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size < 0) {
      OnStreamError(i);
      return;
    }
    if (size == 0) {
      Close(i);
      return;
    }
    output_[i].append(chunk_.data(), static_cast<size_t>(size));
    total_ += static_cast<double>(size);
    if (limits_.max_buffer > 0 && total_ > limits_.max_buffer) Stop(ENOBUFS);
  }

  void Close(size_t i) { sockets_[i] = Descriptor(); }

  // Closes a stream that failed with errno.
  void OnStreamError(size_t i) {
    const int error = errno;
    if (i == 0) input_.size = 0;
    Close(i);
    if (stopped_ == 0) stopped_ = error;
  }

  // poll(2) fails only if memory is short.
  void OnPollError(int error) {
    Stop(error);
    if (!has_ended_) KillAndReap(&child_, &status_, &usage_);
    AbandonTree(std::move(guardian_));
  }

  // Sends the child kill_signal or, if that was sent before, SIGKILL. Wait then waits only for the end of the child.
  void Stop(int error) {
    if (stopped_ == 0) stopped_ = error;
    input_.size = 0;
    const int32_t signal = is_signalled_ ? SIGKILL : limits_.kill_signal;
    const bool is_sent = has_tree_ && SignalWholeTree(signal) == 0;
    if (!has_ended_ && (!is_sent || signal == SIGKILL)) {
      const int failure = SendSignal(child_.pidfd, signal);
      if (failure != 0 && failure != ESRCH) SendSignal(child_.pidfd, SIGKILL);
    }
    deadline_ = is_signalled_ || has_ended_ ? INFINITY : Milliseconds() + limits_.force_kill_after;
    is_signalled_ = true;
    // After the signal, so that the child ends by it and not by SIGPIPE.
    for (size_t i = 0; i < sockets_.size(); i++) Close(i);
  }

  int SignalWholeTree(int32_t signal) const {
    if (child_.group == 0) return SignalTree(guardian_, signal);
    return has_ended_ ? ESRCH : SignalGroup(child_, signal);
  }

  ChildHandle child_;
  GuardianHandle guardian_;
  bool has_tree_;  // Whether the guardian has not ended.
  bool reports_zombies_ = true;
  std::optional<int> tree_status_;  // A GuardianStatus; -1: the guardian was killed.
  const int domain_error_;
  std::vector<Descriptor> sockets_;  // Closed ones have been replaced by -1.
  std::vector<std::string> output_;
  const std::vector<bool> was_open_;
  ArrayView<uint8_t> input_;  // The part that has not been written.
  const Limits limits_;
  double deadline_;
  double total_ = 0;  // Bytes of output.
  int stopped_ = 0;   // The errno for which the child was signaled or a stream was closed.
  bool is_signalled_ = false, has_ended_ = false;
  siginfo_t status_ = {};
  rusage usage_ = {};
  std::array<char, kChunk> chunk_ = {};
};

}  // namespace

Napi::Value SpawnSync(Napi::Env env, SpawnRequest request, const Napi::Value& limited) {
  Limits limits;
  if (!ReadObject(limited, "limits", kLimitMembers, &limits)) return env.Undefined();
  StartedChild started;
  Napi::Object result = Napi::Object::New(env);
  const Failure failure = StartSupervised(env, &request, &started, result);
  if (failure.error != 0) return ToJavaScript(env, failure);
  const auto running = std::make_unique<Running>(std::move(started), limits);
  running->Wait();
  running->Report(env, result);
  return result;
}

}  // namespace seccomp
