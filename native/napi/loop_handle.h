// A handle of libuv on the event loop of an environment. It is closed before the environment ends.
#pragma once

#include <napi.h>
#include <uv.h>

#include <memory>
#include <utility>

namespace seccomp {

// `Handle` is a type such as uv_poll_t. The callbacks of the handle find the object that has this one by OwnerOf().
template <typename Handle, typename Owner>
class LoopHandle {
 public:
  LoopHandle() = default;
  ~LoopHandle() { Close(); }
  LoopHandle(const LoopHandle&) = delete;
  LoopHandle& operator=(const LoopHandle&) = delete;

  // Initializes the handle by `init(loop, handle, arguments…)`. The handle does not keep the event loop alive. If the
  // environment ends before Close, calls `on_teardown`, which must call Close. Returns 0 or a negative errno.
  template <typename Init, typename... Arguments>
  int Open(napi_env env, Owner* owner, void (*on_teardown)(Owner*), Init init, Arguments... arguments) {
    uv_loop_t* loop = nullptr;
    napi_get_uv_event_loop(env, &loop);
    auto state = std::make_unique<State>();
    const int error = init(loop, &state->handle, arguments...);
    if (error != 0) return error;
    state->handle.data = state.get();
    state->owner = owner;
    state->on_teardown = on_teardown;
    uv_unref(reinterpret_cast<uv_handle_t*>(&state->handle));
    napi_add_async_cleanup_hook(env, OnTeardown, state.get(), &state->hook);
    state_ = state.release();
    return 0;
  }

  // Closes the handle. No callback is called any more. May be called twice.
  void Close() {
    State* const state = std::exchange(state_, nullptr);
    if (state == nullptr) return;
    state->owner = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(&state->handle), [](uv_handle_t* handle) {
      const std::unique_ptr<State> closed(static_cast<State*>(handle->data));
      napi_remove_async_cleanup_hook(closed->hook);  // The environment waits for this.
    });
  }

  bool is_open() const { return state_ != nullptr; }
  // Only for an open handle.
  Handle* get() const { return &state_->handle; }
  static Owner* OwnerOf(const Handle* handle) { return static_cast<State*>(handle->data)->owner; }

 private:
  // libuv uses the handle until it calls the close callback, which frees this.
  struct State {
    Handle handle = {};
    Owner* owner = nullptr;  // nullptr after Close.
    void (*on_teardown)(Owner*) = nullptr;
    napi_async_cleanup_hook_handle hook = nullptr;
  };

  static void OnTeardown(napi_async_cleanup_hook_handle /*hook*/, void* data) {
    const State* const state = static_cast<State*>(data);
    if (state->owner != nullptr) state->on_teardown(state->owner);
  }

  State* state_ = nullptr;
};

}  // namespace seccomp
