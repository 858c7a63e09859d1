#include "system/private_directory.h"

#include <errno.h>
#include <unistd.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "napi/functions.h"
#include "napi/loop_handle.h"

namespace seccomp {

// A directory, and what tells the event loop that it is removed. Both are made before the child, so that nothing is
// lacking after its end.
class Removal : public std::enable_shared_from_this<Removal> {
 public:
  ~Removal() = default;
  explicit Removal(Napi::Env env) : env_(env) {}
  Removal(const Removal&) = delete;
  Removal& operator=(const Removal&) = delete;

  Failure Make(const std::string& parent, const FileUser& user) {
    // A removal that has begun goes on.
    const auto close = [](Removal* removal) { removal->Close(); };
    const int error = ended_.Open(env_, this, close, uv_async_init, OnEnd);
    if (error != 0) return {-error, "uv_async_init"};
    return PrivateDirectory::Make(parent, user, &directory_);
  }

  const std::string& name() const { return directory_->name(); }

  // ETIMEDOUT: the removal takes longer, and Remove tells of its end.
  int RemoveSoon() {
    const int error = directory_->RemoveSoon();
    if (error != ETIMEDOUT && self_ == nullptr) ended_.Close();
    return error;
  }

  // Keeps the event loop alive until the end. Returns the result at once if a removal has ended before.
  std::optional<int> Remove(const Napi::Function& done) {
    if (!ended_.is_open()) return directory_->RemoveSoon();
    done_.push_back(Napi::Persistent(done));
    if (self_ != nullptr) return std::nullopt;
    self_ = shared_from_this();
    uv_ref(reinterpret_cast<uv_handle_t*>(ended_.get()));
    directory_->Remove([self = self_](int error) { self->SetEnd(error); });
    return std::nullopt;
  }

 private:
  // On the thread that has removed the directory.
  void SetEnd(int error) {
    const std::lock_guard<std::mutex> lock(mutex_);
    error_ = error;
    if (is_awaited_) uv_async_send(ended_.get());
  }

  // Node reports an exception of `done`. An environment that is ending runs no JavaScript.
  static void OnEnd(uv_async_t* handle) {
    const std::shared_ptr<Removal> removal = decltype(ended_)::OwnerOf(handle)->self_;
    if (removal == nullptr) return;
    const Napi::HandleScope scope(removal->env_);
    const Napi::AsyncContext context(removal->env_, "seccomp.Removal");
    const std::vector<Napi::FunctionReference> all = std::move(removal->done_);
    const int error = removal->Close();
    napi_value number = nullptr;
    if (napi_create_int32(removal->env_, error, &number) != napi_ok) return;
    for (const Napi::FunctionReference& each : all) {
      const Napi::Function done = each.Value();
      napi_make_callback(removal->env_, context, done, done, 1, &number, nullptr);
      if (removal->env_.IsExceptionPending())
        napi_fatal_exception(removal->env_, removal->env_.GetAndClearPendingException().Value());
    }
  }

  int Close() {
    const std::shared_ptr<Removal> self = std::move(self_);  // The mutex is in it.
    const std::lock_guard<std::mutex> lock(mutex_);
    is_awaited_ = false;
    ended_.Close();
    done_.clear();
    return error_;
  }

  const Napi::Env env_;
  std::shared_ptr<PrivateDirectory> directory_;
  std::shared_ptr<Removal> self_;  // During a removal.
  std::vector<Napi::FunctionReference> done_;
  std::mutex mutex_;  // Guards the members below, and the handle while the other thread uses it.
  bool is_awaited_ = true;
  int error_ = 0;
  LoopHandle<uv_async_t, Removal> ended_;
};

Napi::Value MakePrivateDirectory(Napi::Env env, const std::string& parent, const std::optional<FileUserId>& uid,
                                 const std::optional<FileUserId>& gid) {
  const FileUser user = {uid ? static_cast<uid_t>(uid->value) : geteuid(),
                         gid ? static_cast<gid_t>(gid->value) : getegid()};
  const auto removal = std::make_shared<Removal>(env);
  const Failure failure = removal->Make(parent, user);
  if (failure.error != 0) return ToJavaScript(env, failure);
  const Napi::Object result = Napi::Object::New(env);
  if (!SetOwn(result, "path", parent + (parent.back() == '/' ? "" : "/") + removal->name()) ||
      !SetOwn(result, "handle", MakeHandle(env, removal))) {
    removal->RemoveSoon();  // This worker is being terminated.
  }
  return result;
}

Napi::Value RemovePrivateDirectory(Napi::Env env, const std::shared_ptr<Removal>& removal,
                                   const std::optional<Napi::Function>& done) {
  const std::optional<int> error = done ? removal->Remove(*done) : removal->RemoveSoon();
  return error ? Napi::Number::New(env, *error) : env.Undefined();
}

}  // namespace seccomp
