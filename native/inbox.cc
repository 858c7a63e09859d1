// What listeners have to tell one environment of Node, in batches, through its event loop.
#include "inbox.h"

#include <errno.h>
#include <string.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

#include "supervisor.h"

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
    inbox->Deliver();
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

void Inbox::Deliver() {
  std::vector<double> kinds;
  std::vector<double> ended;
  size_t size = 0;
  bool is_all = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (bell_ == nullptr) return;
    size = std::min(calls_.size(), kMostCalls * kCallWords);
    std::copy_n(calls_.begin(), size, room_);
    calls_.erase(calls_.begin(), calls_.begin() + static_cast<std::ptrdiff_t>(size));
    kinds.swap(kinds_);
    is_all = calls_.empty();
    if (is_all) ended.swap(ended_);  // After all that they asked.
    rung_ = !is_all;
  }
  if (!is_all) Ring();
  const Napi::Env env(env_);
  const Napi::HandleScope scope(env);
  const Napi::AsyncContext context(env, "seccomp.Inbox");
  napi_value count = nullptr;
  napi_create_uint32(env, static_cast<uint32_t>(size), &count);
  const napi_value arguments[] = {ToArray(env, kinds), words_.Value(), count, ToArray(env, ended)};
  // The calls stay asked, and are denied by OnTeardown.
  for (napi_value argument : arguments) {
    if (argument == nullptr) return;
  }
  const Napi::Function on_mail = on_mail_.Value();
  napi_make_callback(env, context, on_mail, on_mail, std::size(arguments), arguments, nullptr);
  if (env.IsExceptionPending()) napi_fatal_exception(env, env.GetAndClearPendingException().Value());
}

// A worker ends while its children run: what its handlers would have answered is denied from here on.
void Inbox::OnTeardown(napi_async_cleanup_hook_handle /*hook*/, void* data) {
  Bell* bell = static_cast<Bell*>(data);
  {
    const std::scoped_lock lock(bell->inbox->bell_mutex_, bell->inbox->mutex_);
    bell->inbox->bell_ = nullptr;
    bell->inbox->on_mail_.Reset();
    bell->inbox->words_.Reset();
  }
  Supervisor::Get().DenyAskedOf(bell->inbox.get());
  uv_close(reinterpret_cast<uv_handle_t*>(&bell->handle), [](uv_handle_t* handle) {
    const std::unique_ptr<Bell> closed(static_cast<Bell*>(handle->data));
    napi_remove_async_cleanup_hook(closed->hook);
  });
}

}  // namespace seccomp
