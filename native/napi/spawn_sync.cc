// Starts a program under a filter and waits for its end: the poll loop of spawnSync.
//
// As Node does, it waits for the child's end and for the end of each stream from it. A child that takes too long or
// writes too much is sent a signal, its streams are closed, and its end is waited for; the timeout holds also for
// streams that others have open after the child's end. Unlike Node, it sends SIGKILL if that signal does not end the
// child.
#include "napi/spawn_sync.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <string>

#include "child/clone.h"
#include "napi/values.h"
#include "napi/notify/supervise.h"

namespace seccomp {
namespace {

constexpr size_t kChunk = 65536;  // As libuv reads.

struct Limits {
  double timeout;           // Milliseconds; 0: none.
  double max_buffer;        // Bytes; 0: no limit.
  double force_kill_after;  // Milliseconds from kill_signal to SIGKILL; INFINITY: never.
  int kill_signal;
};

double Now() {
  timespec now = {};
  static_cast<void>(clock_gettime(CLOCK_MONOTONIC, &now));  // This clock is always there.
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

// A child and its streams, until all have ended.
class Running {
 public:
  Running(Launched launched, const uint8_t* input, size_t input_size, const Limits& limits)
      : child_(std::move(launched.child)),
        isolation_error_(launched.isolation_error),
        sockets_(std::move(launched.sockets)),
        output_(sockets_.size()),
        was_open_(WhichAreOpen()),
        input_(input),
        input_left_(input_size),
        limits_(limits),
        deadline_(limits.timeout > 0 ? Now() + limits.timeout : INFINITY) {}

  void Wait() {
    // At once, before a short-lived child is gone.
    if (HasInput() && input_left_ == 0) {
      EndInput();
    } else if (HasInput()) {
      WriteInput();
    }
    while (!ended_ || HasOpenOutput()) {
      std::vector<pollfd> polled = Polled();
      const int ready = poll(polled.data(), polled.size(), Remaining());
      if (ready < 0 && errno != EINTR) {
        GiveUpAll(errno);
        return;
      }
      if (Now() >= deadline_) Stop(ETIMEDOUT);
      if (ready <= 0) continue;
      if (polled[0].revents != 0) ended_ = Reap(child_, WNOHANG, &status_);
      for (size_t i = 0; i < sockets_.size(); i++) {
        if (polled[i + 1].revents == 0 || polled[i + 1].fd < 0) continue;
        if (i == 0) {
          WriteInput();
        } else {
          Read(i);
        }
      }
    }
  }

  void Tell(Napi::Env env, Napi::Object result) const {
    const bool known = status_.si_pid != 0;
    const bool exited = known && status_.si_code == CLD_EXITED;
    SetOwn(result, "pid", child_.pid);
    SetOwn(result, "isolationError", isolation_error_);
    SetOwn(result, "code", exited ? Napi::Number::New(env, status_.si_status) : env.Null());
    SetOwn(result, "signal", known && !exited ? Napi::Number::New(env, status_.si_status) : env.Null());
    const Napi::Array output = Napi::Array::New(env, output_.size());
    for (uint32_t i = 0; i < output_.size(); i++) {
      const bool is_output = i > 0 && was_open_[i];
      output.Set(i, is_output ? Napi::Buffer<char>::Copy(env, output_[i].data(), output_[i].size()) : env.Null());
    }
    SetOwn(result, "output", output);
    SetOwn(result, "stopped", stopped_);
  }

 private:
  bool HasInput() const { return !sockets_.empty() && sockets_[0].get() >= 0; }

  bool HasOpenOutput() const {
    return std::any_of(sockets_.begin() + (sockets_.empty() ? 0 : 1), sockets_.end(),
                       [](const Descriptor& socket) { return socket.get() >= 0; });
  }

  // The child's end first, then each stream; poll(2) leaves out negative descriptors.
  std::vector<pollfd> Polled() const {
    std::vector<pollfd> polled = {{ended_ ? -1 : child_.pidfd.get(), POLLIN, 0}};
    for (size_t i = 0; i < sockets_.size(); i++) {
      const bool wanted = i > 0 || input_left_ > 0;
      polled.push_back({wanted ? sockets_[i].get() : -1, static_cast<short>(i == 0 ? POLLOUT : POLLIN), 0});
    }
    return polled;
  }

  // Milliseconds until the deadline, rounded up; -1: none.
  int Remaining() const {
    if (deadline_ == INFINITY) return -1;
    return static_cast<int>(std::clamp(ceil(deadline_ - Now()), 0.0, 1e9));
  }

  void WriteInput() {
    const ssize_t written = send(sockets_[0].get(), input_, input_left_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (written < 0) {
      if (errno == EAGAIN || errno == EINTR) return;
      GiveUp(0);
      return;
    }
    input_ += written;
    input_left_ -= static_cast<size_t>(written);
    if (input_left_ == 0) EndInput();
  }

  // It stays open for what a child may write there.
  void EndInput() { shutdown(sockets_[0].get(), SHUT_WR); }

  void Read(size_t i) {
    const ssize_t size = recv(sockets_[i].get(), chunk_.data(), chunk_.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size < 0) {
      GiveUp(i);
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

  // What errno tells of this stream ends it.
  void GiveUp(size_t i) {
    const int error = errno;
    if (i == 0) input_left_ = 0;
    Close(i);
    if (stopped_ == 0) stopped_ = error;
  }

  // poll(2) itself fails: memory is short.
  void GiveUpAll(int error) {
    Stop(error);
    if (ended_) return;
    End(&child_, &status_);
  }

  // Sends the child a signal, the first time kill_signal, and from then on waits for nothing but its end.
  void Stop(int error) {
    if (stopped_ == 0) stopped_ = error;
    input_left_ = 0;
    if (!ended_) {
      const int failure = SendSignal(child_.pidfd, signalled_ ? SIGKILL : limits_.kill_signal);
      if (failure != 0 && failure != ESRCH) SendSignal(child_.pidfd, SIGKILL);
    }
    deadline_ = signalled_ || ended_ ? INFINITY : Now() + limits_.force_kill_after;
    signalled_ = true;
    // Afterwards, so that the child ends by that signal and not by SIGPIPE.
    for (size_t i = 0; i < sockets_.size(); i++) Close(i);
  }

  ChildHandle child_;
  const int isolation_error_;
  std::vector<Descriptor> sockets_;
  std::vector<std::string> output_;
  std::vector<bool> was_open_;
  const uint8_t* input_;
  size_t input_left_;
  Limits limits_;
  double deadline_;
  double total_ = 0;
  int stopped_ = 0;
  bool signalled_ = false, ended_ = false;
  siginfo_t status_ = {};
  std::array<char, kChunk> chunk_ = {};

  std::vector<bool> WhichAreOpen() const {
    std::vector<bool> open;
    open.reserve(sockets_.size());
    for (const Descriptor& socket : sockets_) open.push_back(socket.get() >= 0);
    return open;
  }
};

}  // namespace

Napi::Value SpawnSync(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto refuse = [&env](const char* what) {
    Napi::TypeError::New(env, what).ThrowAsJavaScriptException();
    return env.Undefined();
  };
  if (!info[0].IsObject() || !info[1].IsObject()) return refuse("spawnSync(request, limits)");
  const Napi::Object options = info[1].As<Napi::Object>();
  if (!HasOnly(env, options, "limits", {"input", "timeout", "maxBuffer", "killSignal", "forceKillAfter"}))
    return env.Undefined();
  const Napi::Value input = Own(options, "input");
  if (!input.IsUndefined() && !input.IsTypedArray()) return refuse("input: a Uint8Array");
  const Napi::Value timeout = Own(options, "timeout");
  const Napi::Value max_buffer = Own(options, "maxBuffer");
  const Napi::Value kill_signal = Own(options, "killSignal");
  const Napi::Value force_kill_after = Own(options, "forceKillAfter");
  if (!timeout.IsNumber() || !max_buffer.IsNumber() || !kill_signal.IsNumber() || !force_kill_after.IsNumber()) {
    return refuse("timeout, maxBuffer, killSignal, forceKillAfter: numbers");
  }
  const Limits limits = {timeout.As<Napi::Number>().DoubleValue(), max_buffer.As<Napi::Number>().DoubleValue(),
                         force_kill_after.As<Napi::Number>().DoubleValue(),
                         kill_signal.As<Napi::Number>().Int32Value()};
  const std::unique_ptr<Request> request = Request::Read(env, info[0].As<Napi::Object>());
  if (request == nullptr) return env.Undefined();
  Launched launched;
  Failure failure = Launch(request.get(), &launched);
  if (failure.error != 0) return ToJavaScript(env, failure);
  Napi::Object result = Napi::Object::New(env);
  failure = Supervise(env, *request, &launched, result);
  if (failure.error != 0) {
    siginfo_t status;
    End(&launched.child, &status);
    return ToJavaScript(env, failure);
  }

  const bool has_input = input.IsTypedArray() && input.As<Napi::TypedArray>().TypedArrayType() == napi_uint8_array;
  const uint8_t* data = has_input ? input.As<Napi::Uint8Array>().Data() : nullptr;
  const size_t size = has_input ? input.As<Napi::Uint8Array>().ByteLength() : 0;
  const auto running = std::make_unique<Running>(std::move(launched), data, size, limits);
  running->Wait();
  running->Tell(env, result);
  return result;
}

}  // namespace seccomp
