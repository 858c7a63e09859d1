#include "napi/notify/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "napi/notify/handles.h"
#include "napi/values.h"

namespace seccomp {
namespace {

constexpr int64_t kMaxErrno = 4095;
constexpr int64_t kContinue = -1;      // In place of an errno: SECCOMP_USER_NOTIF_FLAG_CONTINUE.
constexpr int64_t kMaxRead = 1 << 20;  // Bytes.

std::shared_ptr<Listener> ReadListener(const Napi::CallbackInfo& info, const char* usage) {
  std::shared_ptr<Listener> listener;
  RequireUsage(info.Env(), ReadValue(info[0], &listener), usage);
  return listener;
}

Napi::Value ToBuffer(Napi::Env env, const std::string& bytes) {
  return Napi::Buffer<char>::Copy(env, bytes.data(), bytes.size());
}

Napi::Object ToObject(Napi::Env env, const FoundFile& file) {
  const Napi::Object object = Napi::Object::New(env);
  SetOwn(object, "path", ToBuffer(env, file.path));
  SetOwn(object, "type", std::string(1, file.type));
  SetOwn(object, "lineage", file.lineage);
  return object;
}

// Paths are bytes, of any encoding.
Napi::Array ToArray(Napi::Env env, const std::vector<NamedFile>& files) {
  const Napi::Array array = Napi::Array::New(env, files.size());
  for (uint32_t i = 0; i < files.size(); i++) {
    const NamedFile& file = files[i];
    const Napi::Object object = Napi::Object::New(env);
    SetOwn(object, "text", ToBuffer(env, file.text));
    SetOwn(object, "base", ToBuffer(env, file.base));
    SetOwn(object, "file", ToObject(env, file.file));
    SetOwn(object, "target", ToObject(env, file.target));
    array.Set(i, object);
  }
  return array;
}

// An access to the memory of a process that waits in a call, which the listener's Worker makes. The memory is opened
// before the check that the call waits. If the check succeeds, the descriptor refers to the memory of that process,
// even if the process ends later: seccomp_unotify(2).
struct MemoryAccess {
  std::shared_ptr<Listener> listener;
  uint64_t call = 0, address = 0;
  pid_t thread = 0;
  std::string bytes;  // To write, or of the size to read.
  int error = 0;      // An errno.

  void Read() {
    const Descriptor memory = Open(O_RDONLY);
    ssize_t size = 0;
    if (error == 0 && !bytes.empty()) {
      size = pread(memory.get(), bytes.data(), bytes.size(), static_cast<off_t>(address));
      if (size < 0) error = errno == EIO ? EFAULT : errno;
    }
    if (error == 0) error = listener->IsWaiting(call);
    bytes.resize(static_cast<size_t>(std::max<ssize_t>(size, 0)));
  }

  void Write() {
    const Descriptor memory = Open(O_RDWR);
    if (error != 0 || bytes.empty()) return;
    const ssize_t size = pwrite(memory.get(), bytes.data(), bytes.size(), static_cast<off_t>(address));
    if (size != static_cast<ssize_t>(bytes.size())) error = size < 0 && errno != EIO ? errno : EFAULT;
  }

 private:
  Descriptor Open(int flags) {
    const std::string path = "/proc/" + std::to_string(thread) + "/mem";
    Descriptor memory(open(path.c_str(), flags | O_CLOEXEC));
    error = memory.get() < 0 ? errno : 0;
    const int not_waiting = listener->IsWaiting(call);
    if (not_waiting != 0) error = not_waiting;
    // As an offset, the address would be negative: it is that of no process.
    if (error == 0 && !bytes.empty() && address > static_cast<uint64_t>(INT64_MAX)) error = EFAULT;
    return memory;
  }
};

// Reads the arguments (listener, call, tid, address). Throws a TypeError with `usage` and returns nullptr for others.
std::shared_ptr<MemoryAccess> ReadAccess(const Napi::CallbackInfo& info, const char* usage) {
  auto access = std::make_shared<MemoryAccess>();
  access->listener = ReadCall(info, usage, &access->call);
  if (access->listener == nullptr) return nullptr;
  uint32_t thread = 0;
  const bool is_read = ReadValue(info[2], &thread) && ReadValue(info[3], &access->address);
  access->thread = static_cast<pid_t>(thread);
  return RequireUsage(info.Env(), is_read, usage) ? access : nullptr;
}

}  // namespace

std::shared_ptr<Listener> ReadCall(const Napi::CallbackInfo& info, const char* usage, uint64_t* call) {
  const std::shared_ptr<Listener> listener = ReadListener(info, usage);
  const bool is_read = listener != nullptr && RequireUsage(info.Env(), ReadValue(info[1], call), usage);
  return is_read ? listener : nullptr;
}

Napi::Value KindAt(const Napi::CallbackInfo& info) {
  constexpr const char* kUsage = "kind(listener, index)";
  const Napi::Env env = info.Env();
  const std::shared_ptr<Listener> listener = ReadListener(info, kUsage);
  uint32_t index = 0;
  if (listener == nullptr || !RequireUsage(env, ReadValue(info[1], &index), kUsage)) return env.Undefined();
  const auto kind = listener->kinds().At(index);
  if (!kind) return env.Undefined();
  Napi::Object result = Napi::Object::New(env);
  SetOwn(result, "arch", kind->call.arch);
  SetOwn(result, "number", static_cast<uint32_t>(kind->call.nr));
  SetOwn(result, "answer", kind->answer);
  SetOwn(result, "pid", kind->process);
  SetOwn(result, "tid", kind->thread);
  SetOwn(result, "executable", ToBuffer(env, kind->executable));
  SetOwn(result, "instruction", ToBuffer(env, kind->module));
  const Napi::Array args = Napi::Array::New(env, kArguments);
  const Napi::Array captured = Napi::Array::New(env, kArguments);
  for (uint32_t i = 0; i < kArguments; i++) {
    args.Set(i, Napi::BigInt::New(env, static_cast<uint64_t>(kind->call.args[i])));
    const auto& bytes = kind->captured[i];
    captured.Set(i, bytes ? ToBuffer(env, *bytes) : env.Undefined());
  }
  SetOwn(result, "args", args);
  SetOwn(result, "captured", captured);
  SetOwn(result, "flags", static_cast<double>(kind->flags));
  SetOwn(result, "files", ToArray(env, kind->files));
  return result;
}

Napi::Value Counts(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::shared_ptr<Listener> listener = ReadListener(info, "counts(listener)");
  if (listener == nullptr) return env.Undefined();
  OtherCalls others;
  const std::vector<uint64_t> counts = listener->kinds().Counts(&others);
  const Napi::Array array = Napi::Array::New(env, 1 + kUnseen + counts.size());
  uint32_t next = 0;
  array.Set(next++, static_cast<double>(others.calls));
  for (const uint64_t count : others.unseen) array.Set(next++, static_cast<double>(count));
  for (const uint64_t count : counts) array.Set(next++, static_cast<double>(count));
  return array;
}

Napi::Value AnswerCall(const Napi::CallbackInfo& info) {
  constexpr const char* kUsage = "answer(listener, call, errno, value), with -1 for errno to continue the call";
  const Napi::Env env = info.Env();
  uint64_t call = 0;
  uint64_t value = 0;
  const std::shared_ptr<Listener> listener = ReadCall(info, kUsage, &call);
  if (listener == nullptr) return env.Undefined();
  const auto error = ReadInteger(info[2], kContinue, kMaxErrno);
  if (!error || !ReadValue(info[3], &value)) {
    ThrowUsage(env, kUsage);
    return env.Undefined();
  }
  seccomp_notif_resp answer = {};
  answer.id = call;
  if (*error == kContinue) {
    answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  } else {
    answer.error = static_cast<int32_t>(-*error);
    answer.val = *error == 0 ? static_cast<int64_t>(value) : 0;
  }
  return Napi::Number::New(env, listener->Answer(answer));
}

Napi::Value AddDescriptor(const Napi::CallbackInfo& info) {
  constexpr const char* kUsage = "addDescriptor(listener, call, descriptor, closeOnExec)";
  const Napi::Env env = info.Env();
  uint64_t call = 0;
  const std::shared_ptr<Listener> listener = ReadCall(info, kUsage, &call);
  if (listener == nullptr) return env.Undefined();
  int32_t descriptor = -1;
  bool close_on_exec = false;
  const bool is_read = ReadValue(info[2], &descriptor) && ReadValue(info[3], &close_on_exec);
  if (!RequireUsage(env, is_read, kUsage)) return env.Undefined();
  int added = -1;
  const int error = listener->AddDescriptor(call, descriptor, close_on_exec, &added);
  return Napi::Number::New(env, error == 0 ? added : -error);
}

Napi::Value ReadCallMemory(const Napi::CallbackInfo& info) {
  constexpr const char* kUsage = "readMemory(listener, call, tid, address, size), with a size of at most 1 MiB";
  const Napi::Env env = info.Env();
  const std::shared_ptr<MemoryAccess> access = ReadAccess(info, kUsage);
  if (access == nullptr) return env.Undefined();
  const auto size = ReadInteger(info[4], 0, kMaxRead);
  if (!size) {
    ThrowUsage(env, kUsage);
    return env.Undefined();
  }
  access->bytes.resize(static_cast<size_t>(*size));
  const int failure = access->listener->worker().Run([access] { access->Read(); });
  if (failure != 0) return Napi::Number::New(env, failure);
  return access->error == 0 ? ToBuffer(env, access->bytes) : Napi::Number::New(env, access->error);
}

Napi::Value WriteCallMemory(const Napi::CallbackInfo& info) {
  constexpr const char* kUsage = "writeMemory(listener, call, tid, address, bytes)";
  const Napi::Env env = info.Env();
  const std::shared_ptr<MemoryAccess> access = ReadAccess(info, kUsage);
  if (access == nullptr) return env.Undefined();
  const auto bytes = ReadBytes(info[4]);
  if (!bytes) {
    ThrowUsage(env, kUsage);
    return env.Undefined();
  }
  access->bytes.assign(reinterpret_cast<const char*>(bytes->data), bytes->size);
  const int failure = access->listener->worker().Run([access] { access->Write(); });
  return Napi::Number::New(env, failure == 0 ? access->error : failure);
}

}  // namespace seccomp
