#include "napi/landlock/private_directory.h"

#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "napi/values.h"
#include "system/private_directory.h"

namespace seccomp {
namespace {

using Handle = std::shared_ptr<PrivateDirectory>;

// Distinguishes these handles from those of napi/notify/handles.cc.
constexpr napi_type_tag kTag = {0x51c7e2ab90d34f68, 0xa6f08b3d17c2954e};

// Returns a handle, or an empty value while a worker is being terminated.
Napi::Value MakeHandle(Napi::Env env, const Handle& directory) {
  auto owned = std::make_unique<Handle>(directory);
  const auto external = Napi::External<Handle>::New(env, owned.get(), [](Napi::Env, Handle* handle) { delete handle; });
  if (external.IsEmpty()) return external;
  [[maybe_unused]] const Handle* const given = owned.release();  // The external value owns it.
  napi_type_tag_object(env, external, &kTag);
  return external;
}

bool ReadHandle(const Napi::Value& value, Handle* directory) {
  bool is_ours = false;
  if (value.IsExternal()) napi_check_object_type_tag(value.Env(), value, &kTag, &is_ours);
  if (is_ours) *directory = *value.As<Napi::External<Handle>>().Data();
  return is_ours;
}

// An ID that may be undefined. Node takes negative ones as 32-bit numbers, as read_request.cc does.
bool ReadId(const Napi::Value& value, std::optional<uint32_t>* id) {
  if (value.IsUndefined()) return true;
  const auto integer = ReadInteger(value, INT32_MIN, UINT32_MAX);
  if (integer) *id = static_cast<uint32_t>(*integer);
  return integer.has_value();
}

// A removal on libuv's pool. It keeps the event loop alive, and the environment waits for it when it ends.
struct Removal {
  Handle directory;
  Napi::FunctionReference done;
  napi_async_work work = nullptr;
  int error = 0;

  static void Execute(napi_env, void* data) {
    auto* removal = static_cast<Removal*>(data);
    removal->error = removal->directory->Remove();
  }

  // Node reports an exception of `done`. In an environment that ends, nothing can be called any more.
  static void Complete(napi_env env, napi_status, void* data) {
    const std::unique_ptr<Removal> removal(static_cast<Removal*>(data));
    napi_delete_async_work(env, removal->work);
    napi_value receiver = nullptr;
    napi_value error = nullptr;
    if (napi_get_undefined(env, &receiver) == napi_ok && napi_create_int32(env, removal->error, &error) == napi_ok) {
      napi_call_function(env, receiver, removal->done.Value(), 1, &error, nullptr);
    }
  }
};

}  // namespace

Napi::Value MakePrivateDirectory(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::string parent;
  std::optional<uint32_t> uid;
  std::optional<uint32_t> gid;
  const bool is_read = ReadValue(info[0], &parent) && ReadId(info[1], &uid) && ReadId(info[2], &gid);
  if (!RequireUsage(env, is_read, "makePrivateDirectory(parent, uid?, gid?)")) return env.Undefined();
  const FileUser user = {uid.value_or(geteuid()), gid.value_or(getegid())};
  Handle directory;
  const Failure failure = PrivateDirectory::Make(parent, user, &directory);
  if (failure.error != 0) return ToJavaScript(env, failure);
  const Napi::Object result = Napi::Object::New(env);
  if (!SetOwn(result, "path", parent + (parent.back() == '/' ? "" : "/") + directory->name()) ||
      !SetOwn(result, "handle", MakeHandle(env, directory))) {
    directory->Remove();  // This worker is being terminated.
  }
  return result;
}

Napi::Value RemovePrivateDirectory(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto removal = std::make_unique<Removal>();
  const bool is_async = info.Length() > 1 && !info[1].IsUndefined();
  const bool is_read = ReadHandle(info[0], &removal->directory) && (!is_async || info[1].IsFunction());
  if (!RequireUsage(env, is_read, "removePrivateDirectory(handle, done?)")) return env.Undefined();
  if (!is_async) return Napi::Number::New(env, removal->directory->Remove());
  removal->done = Napi::Persistent(info[1].As<Napi::Function>());
  napi_value name = nullptr;
  if (napi_create_string_utf8(env, "seccomp.Removal", NAPI_AUTO_LENGTH, &name) == napi_ok &&
      napi_create_async_work(env, nullptr, name, Removal::Execute, Removal::Complete, removal.get(), &removal->work) ==
          napi_ok &&
      napi_queue_async_work(env, removal->work) == napi_ok) {
    [[maybe_unused]] const Removal* const given = removal.release();  // Complete owns it.
  } else {
    removal->directory->Remove();  // This worker is being terminated.
  }
  return env.Undefined();
}

}  // namespace seccomp
