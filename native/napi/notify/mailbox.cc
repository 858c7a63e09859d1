// What listeners have to tell one instance of the JavaScript module, in batches, through its event loop.
#include "napi/notify/mailbox.h"

#include <errno.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

#include "supervisor/supervisor.h"

namespace seccomp {
namespace {

// Not by node-addon-api, which ends the process if it can't throw: libuv still calls us while the environment is torn
// down, when no JavaScript runs any more. Each of these gives nullptr then.
napi_value ToArray(napi_env env, const std::vector<double>& numbers) {
  napi_value array = nullptr;
  if (napi_create_array_with_length(env, numbers.size(), &array) != napi_ok) return nullptr;
  for (uint32_t i = 0; i < numbers.size(); i++) {
    napi_value number = nullptr;
    if (napi_create_double(env, numbers[i], &number) != napi_ok) return nullptr;
    if (napi_set_element(env, array, i, number) != napi_ok) return nullptr;
  }
  return array;
}

}  // namespace

std::shared_ptr<Inbox> Inbox::Open(Napi::Env env, const Napi::Function& on_mail, int* error) {
  auto words = Napi::BigUint64Array::New(env, kMostCalls * kCallWords);
  if (words.IsEmpty()) return *error = -ECANCELED, nullptr;  // This worker is being terminated.
  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  auto bell = std::make_unique<Bell>();
  *error = uv_async_init(loop, &bell->handle, [](uv_async_t* handle) {
    const std::shared_ptr<Inbox> inbox = static_cast<Bell*>(handle->data)->inbox;
    inbox->OnBell();
  });
  if (*error != 0) return nullptr;
  uv_unref(reinterpret_cast<uv_handle_t*>(&bell->handle));
  auto inbox = std::make_shared<Inbox>();
  inbox->env_ = env;
  inbox->on_mail_ = Napi::Persistent(on_mail);
  inbox->words_ = Napi::Persistent(words.As<Napi::Object>());
  inbox->room_ = words.Data();
  bell->handle.data = bell.get();
  bell->inbox = inbox;
  napi_add_async_cleanup_hook(env, OnTeardown, bell.get(), &bell->hook);
  inbox->bell_ = bell.release();
  return inbox;
}

void Inbox::AddKind(uint64_t listener, uint32_t kind) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (bell_ == nullptr) return;
    kinds_.push_back(static_cast<double>(listener));
    kinds_.push_back(kind);
    if (std::exchange(rung_, true)) return;
  }
  Ring();
}

void Inbox::AddEnd(uint64_t listener) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (bell_ == nullptr) return;
    ended_.push_back(static_cast<double>(listener));
    if (std::exchange(rung_, true)) return;
  }
  Ring();
}

// NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
void Inbox::AddConnected(double connection, int error) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (bell_ == nullptr) return;
    connected_.push_back(connection);
    connected_.push_back(error);
    if (std::exchange(rung_, true)) return;
  }
  Ring();
}

bool Inbox::AddCall(uint64_t listener, const seccomp_notif& call) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (bell_ == nullptr) return false;
    const uint64_t words[] = {listener, call.id, call.pid,
                              uint64_t{call.data.arch} << 32 | static_cast<uint32_t>(call.data.nr),
                              call.data.instruction_pointer};
    calls_.insert(calls_.end(), std::begin(words), std::end(words));
    calls_.insert(calls_.end(), std::begin(call.data.args), std::end(call.data.args));
    static_assert(std::size(words) + std::size(seccomp_data{}.args) == kCallWords);
    if (std::exchange(rung_, true)) return true;
  }
  Ring();
  return true;
}

void Inbox::Ring() {
  const std::lock_guard<std::mutex> lock(bell_mutex_);
  if (bell_ != nullptr) uv_async_send(&bell_->handle);
}

// Nobody rings meanwhile: it is rung.
void Inbox::OnBell() {
  if (!Deliver()) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    rung_ = !calls_.empty() || !kinds_.empty() || !ended_.empty() || !connected_.empty();
    if (!rung_) return;
  }
  Ring();
}

// All that there is by now. False: JavaScript runs no more.
bool Inbox::Deliver() {
  std::vector<double> kinds;
  std::vector<double> ended;
  std::vector<double> connected;
  size_t size = 0;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (bell_ == nullptr) return false;
    size = std::min(calls_.size(), kMostCalls * kCallWords);
    std::copy_n(calls_.begin(), size, room_);
    calls_.erase(calls_.begin(), calls_.begin() + static_cast<std::ptrdiff_t>(size));
    kinds.swap(kinds_);
    connected.swap(connected_);
    if (calls_.empty()) ended.swap(ended_);  // After all that they asked.
  }
  const Napi::Env env(env_);
  const Napi::HandleScope scope(env);
  const Napi::AsyncContext context(env, "seccomp.Inbox");
  napi_value count = nullptr;
  napi_create_uint32(env, static_cast<uint32_t>(size), &count);
  const napi_value arguments[] = {ToArray(env, kinds), words_.Value(), count, ToArray(env, ended),
                                  ToArray(env, connected)};
  // The calls stay asked, and are denied by OnTeardown.
  for (napi_value argument : arguments) {
    if (argument == nullptr) return false;
  }
  const Napi::Function on_mail = on_mail_.Value();
  napi_make_callback(env, context, on_mail, on_mail, std::size(arguments), arguments, nullptr);
  if (env.IsExceptionPending()) napi_fatal_exception(env, env.GetAndClearPendingException().Value());
  return true;
}

// A worker ends while its children run: what its handlers would have answered is denied from here on.
void Inbox::OnTeardown(napi_async_cleanup_hook_handle /*hook*/, void* data) {
  const std::shared_ptr<Inbox> inbox = static_cast<Bell*>(data)->inbox;
  inbox->Close();
}

void Inbox::Close() {
  Bell* bell = nullptr;
  {
    const std::scoped_lock lock(bell_mutex_, mutex_);
    bell = std::exchange(bell_, nullptr);
    if (bell == nullptr) return;
    on_mail_.Reset();
    words_.Reset();
  }
  Supervisor::Get().DenyAskedOf(this);
  uv_close(reinterpret_cast<uv_handle_t*>(&bell->handle), [](uv_handle_t* handle) {
    const std::unique_ptr<Bell> closed(static_cast<Bell*>(handle->data));
    napi_remove_async_cleanup_hook(closed->hook);
  });
}

}  // namespace seccomp
