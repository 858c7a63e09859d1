#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "napi/functions.h"
#include "supervisor/listener.h"

namespace seccomp {
namespace {

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
  uint32_t thread = 0;
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

}  // namespace

Napi::Value KindAt(Napi::Env env, const ListenerPointer& listener, uint32_t index) {
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
  SetOwn(result, "flags", kind->flags);
  SetOwn(result, "files", ToArray(env, kind->files));
  return result;
}

Napi::Value Counts(Napi::Env env, const ListenerPointer& listener) {
  OtherCalls others;
  std::vector<uint64_t> counts = listener->kinds().Counts(&others);
  counts.insert(counts.begin(), others.unseen.begin(), others.unseen.end());
  counts.insert(counts.begin(), others.calls);
  return MakeArray(env, counts);
}

int AnswerCall(Napi::Env /*env*/, const ListenerPointer& listener, uint64_t call, Integer<kContinue, 4095> error,
               uint64_t value) {
  seccomp_notif_resp answer = {};
  answer.id = call;
  if (error.value == kContinue) {
    answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  } else {
    answer.error = static_cast<int32_t>(-error.value);
    answer.val = error.value == 0 ? static_cast<int64_t>(value) : 0;
  }
  return listener->Answer(answer);
}

int AddDescriptor(Napi::Env /*env*/, const ListenerPointer& listener, uint64_t call, int32_t descriptor,
                  bool close_on_exec) {
  int added = -1;
  const int error = listener->AddDescriptor(call, descriptor, close_on_exec, &added);
  return error == 0 ? added : -error;
}

Napi::Value ReadCallMemory(Napi::Env env, const ListenerPointer& listener, uint64_t call, uint32_t thread,
                           uint64_t address, Integer<0, 1 << 20> size) {
  const auto access = std::make_shared<MemoryAccess>(
      MemoryAccess{listener, call, address, thread, std::string(static_cast<size_t>(size.value), '\0')});
  const int failure = listener->worker().Run([access] { access->Read(); });
  if (failure != 0) return Napi::Number::New(env, failure);
  return access->error == 0 ? ToBuffer(env, access->bytes) : Napi::Number::New(env, access->error);
}

int WriteCallMemory(Napi::Env /*env*/, const ListenerPointer& listener, uint64_t call, uint32_t thread,
                    uint64_t address, ArrayView<uint8_t> bytes) {
  const auto access = std::make_shared<MemoryAccess>(MemoryAccess{
      listener, call, address, thread, std::string(reinterpret_cast<const char*>(bytes.data), bytes.size)});
  const int failure = listener->worker().Run([access] { access->Write(); });
  return failure == 0 ? access->error : failure;
}

}  // namespace seccomp
