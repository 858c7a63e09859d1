// What JavaScript does with listeners: says how calls are answered, hears of them, answers them itself.
#include "napi/notify/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "system/linux_abi.h"
#include "napi/values.h"
#include "supervisor/notified_thread.h"
#include "supervisor/supervisor.h"

namespace seccomp {
namespace {

void Throw(Napi::Env env, const char* what) { Napi::TypeError::New(env, what).ThrowAsJavaScriptException(); }

// Tell our objects from those of others, and from each other.
constexpr napi_type_tag kSupervisionTag = {0x7d1f0c6a94b84e02, 0x9a3c5be07f4412d1};
constexpr napi_type_tag kInboxTag = {0x64f2d90b3e8a41c7, 0x8be05a716f23c94d};
constexpr napi_type_tag kListenerTag = {0x2b6e81f3c05d4a97, 0xb1d470ce3895e6f4};

// A shared object that lives as long as JavaScript holds what is returned.
template <typename Object>
Napi::Value Hold(Napi::Env env, std::shared_ptr<Object> object, const napi_type_tag& tag) {
  using Holder = std::shared_ptr<Object>;
  auto kept = std::make_unique<Holder>(std::move(object));
  const auto external = Napi::External<Holder>::New(env, kept.get(), [](Napi::Env, Holder* holder) { delete holder; });
  if (external.IsEmpty()) return external;
  kept.release();
  napi_type_tag_object(env, external, &tag);
  return external;
}

template <typename Object>
std::shared_ptr<Object> Held(Napi::Env env, const Napi::Value& value, const napi_type_tag& tag, const char* what) {
  bool is_ours = false;
  if (value.IsExternal()) napi_check_object_type_tag(env, value, &tag, &is_ours);
  if (is_ours) return *value.As<Napi::External<std::shared_ptr<Object>>>().Data();
  Throw(env, what);
  return nullptr;
}

std::shared_ptr<Listener> ListenerOf(const Napi::CallbackInfo& info) {
  return Held<Listener>(info.Env(), info[0], kListenerTag, "a listener's handle");
}

bool ReadWord(Napi::Env env, const Napi::Value& value, uint64_t* word) {
  bool lossless = false;
  if (value.IsBigInt()) *word = value.As<Napi::BigInt>().Uint64Value(&lossless);
  if (!lossless) Throw(env, "a bigint of 64 bits");
  return lossless;
}

bool ReadNumbers(Napi::Env env, const Napi::Value& value, size_t each, const char* what, std::vector<uint32_t>* out) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint32_array ||
      value.As<Napi::TypedArray>().ElementLength() % each != 0) {
    return Throw(env, what), false;
  }
  const auto array = value.As<Napi::Uint32Array>();
  out->assign(array.Data(), array.Data() + array.ElementLength());
  return true;
}

bool ReadAnswers(Napi::Env env, const Napi::Value& value, Answers* answers) {
  constexpr const char* what = "answers: a Uint8Array of a program that the kernel would take";
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    return Throw(env, what), false;
  }
  const auto bytes = value.As<Napi::Uint8Array>();
  if (bytes.ByteLength() % sizeof(sock_filter) != 0) return Throw(env, what), false;
  std::vector<sock_filter> program(bytes.ByteLength() / sizeof(sock_filter));
  if (!program.empty()) memcpy(program.data(), bytes.Data(), bytes.ByteLength());
  return answers->Read(std::move(program)) || (Throw(env, what), false);
}

bool ReadDistinguishing(Napi::Env env, const Napi::Value& value, Supervision* supervision) {
  constexpr const char* what = "distinguishing: a Uint32Array of [ABI, number, argument, bits], flat";
  std::vector<uint32_t> numbers;
  if (!ReadNumbers(env, value, 4, what, &numbers)) return false;
  for (size_t i = 0; i < numbers.size(); i += 4) {
    const uint32_t bits = numbers[i + 3];
    if (numbers[i + 2] >= kArguments || bits == 0 || bits > 64) return Throw(env, what), false;
    CallFacts& facts = supervision->facts[Supervision::Key(numbers[i], numbers[i + 1])];
    facts.distinguishing[numbers[i + 2]] = ~uint64_t{0} >> (64 - bits);
  }
  return true;
}

bool ReadCaptures(Napi::Env env, const Napi::Value& value, Supervision* supervision) {
  constexpr const char* what =
      "captures: a Uint32Array of [ABI, number, argument, is text, most bytes, argument with their number or 6], flat";
  std::vector<uint32_t> numbers;
  if (!ReadNumbers(env, value, 6, what, &numbers)) return false;
  for (size_t i = 0; i < numbers.size(); i += 6) {
    const uint32_t argument = numbers[i + 2];
    const uint32_t size_argument = numbers[i + 5];
    if (argument >= kArguments || size_argument > kArguments) return Throw(env, what), false;
    Capture capture = {static_cast<uint8_t>(argument), numbers[i + 3] != 0, numbers[i + 4], std::nullopt};
    if (size_argument < kArguments) capture.size_argument = static_cast<uint8_t>(size_argument);
    supervision->facts[Supervision::Key(numbers[i], numbers[i + 1])].captures.push_back(capture);
  }
  return true;
}

Napi::Value Bytes(Napi::Env env, const std::string& bytes) {
  return Napi::Buffer<char>::Copy(env, bytes.data(), bytes.size());
}

}  // namespace

Napi::Value MakeSupervision(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsObject()) return Throw(env, "supervision(options)"), env.Undefined();
  const Napi::Object options = info[0].As<Napi::Object>();
  auto supervision = std::make_shared<Supervision>();
  if (!HasOnly(env, options, "supervision", {"answers", "everything", "distinguishing", "captures"}) ||
      !ReadAnswers(env, Own(options, "answers"), &supervision->answers) ||
      !ReadDistinguishing(env, Own(options, "distinguishing"), supervision.get()) ||
      !ReadCaptures(env, Own(options, "captures"), supervision.get())) {
    return env.Undefined();
  }
  const Napi::Value everything = Own(options, "everything");
  if (!everything.IsBoolean()) return Throw(env, "everything: a boolean"), env.Undefined();
  supervision->everything = everything.As<Napi::Boolean>().Value();
  return Hold<const Supervision>(env, std::move(supervision), kSupervisionTag);
}

bool ReadSupervision(Napi::Env env, const Napi::Value& value, std::shared_ptr<const Supervision>* supervision) {
  *supervision = Held<const Supervision>(env, value, kSupervisionTag, "supervision: what supervision() gave");
  return *supervision != nullptr;
}

Napi::Value OpenInbox(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsFunction()) return Throw(env, "openInbox(onMail)"), env.Undefined();
  int error = 0;
  std::shared_ptr<Inbox> inbox = Inbox::Open(env, info[0].As<Napi::Function>(), &error);
  if (inbox == nullptr) return Napi::Number::New(env, error);
  return Hold(env, std::move(inbox), kInboxTag);
}

Napi::Value CloseInbox(const Napi::CallbackInfo& info) {
  std::shared_ptr<Inbox> inbox;
  if (ReadInbox(info.Env(), info[0], &inbox)) inbox->Close();
  return info.Env().Undefined();
}

bool ReadInbox(Napi::Env env, const Napi::Value& value, std::shared_ptr<Inbox>* inbox) {
  *inbox = Held<Inbox>(env, value, kInboxTag, "inbox: what openInbox() gave");
  return *inbox != nullptr;
}

Napi::Value Serve(Napi::Env env, Descriptor descriptor, std::shared_ptr<const Supervision> supervision,
                  std::shared_ptr<Inbox> inbox, Failure* failure) {
  if (descriptor.get() < 0) return *failure = {EBADF, "ioctl"}, env.Undefined();
  auto listener = std::make_shared<Listener>(std::move(descriptor), std::move(supervision), std::move(inbox));
  *failure = Supervisor::Get().Serve(listener);
  if (failure->error != 0) return env.Undefined();
  const Napi::Object told = Napi::Object::New(env);
  SetOwn(told, "id", static_cast<double>(listener->id()));
  SetOwn(told, "handle", Hold(env, std::move(listener), kListenerTag));
  return told;
}

Failure Supervise(Napi::Env env, const Request& request, Launched* launched, Napi::Object result) {
  if (request.supervision() == nullptr) return {};
  Failure failure = {};
  const Napi::Value told = Serve(env, std::move(launched->listener), request.supervision(), request.inbox(), &failure);
  if (failure.error == 0) SetOwn(result, "listener", told);
  return failure;
}

std::shared_ptr<Listener> ReadCall(const Napi::CallbackInfo& info, uint64_t* call) {
  const std::shared_ptr<Listener> listener = ListenerOf(info);
  return listener != nullptr && ReadWord(info.Env(), info[1], call) ? listener : nullptr;
}

Napi::Value KindAt(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::shared_ptr<Listener> listener = ListenerOf(info);
  if (listener == nullptr) return env.Undefined();
  if (!info[1].IsNumber()) return Throw(env, "a kind's index"), env.Undefined();
  const auto kind = listener->kinds().At(info[1].As<Napi::Number>().Uint32Value());
  if (!kind) return env.Undefined();
  Napi::Object result = Napi::Object::New(env);
  SetOwn(result, "arch", kind->call.arch);
  SetOwn(result, "number", static_cast<uint32_t>(kind->call.nr));
  SetOwn(result, "answer", kind->answer);
  SetOwn(result, "pid", kind->process);
  SetOwn(result, "tid", kind->thread);
  SetOwn(result, "executable", kind->executable);
  SetOwn(result, "instruction", kind->module);
  const Napi::Array args = Napi::Array::New(env, kArguments);
  const Napi::Array captured = Napi::Array::New(env, kArguments);
  for (uint32_t i = 0; i < kArguments; i++) {
    args.Set(i, Napi::BigInt::New(env, static_cast<uint64_t>(kind->call.args[i])));
    const auto& bytes = kind->captured[i];
    captured.Set(i, bytes ? Bytes(env, *bytes) : env.Undefined());
  }
  SetOwn(result, "args", args);
  SetOwn(result, "captured", captured);
  return result;
}

Napi::Value Counts(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::shared_ptr<Listener> listener = ListenerOf(info);
  if (listener == nullptr) return env.Undefined();
  uint64_t others = 0;
  const std::vector<uint64_t> counts = listener->kinds().Counts(&others);
  const Napi::Array array = Napi::Array::New(env, counts.size() + 1);
  array.Set(0U, static_cast<double>(others));
  for (uint32_t i = 0; i < counts.size(); i++) array.Set(i + 1, static_cast<double>(counts[i]));
  return array;
}

Napi::Value AnswerCall(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::shared_ptr<Listener> listener = ListenerOf(info);
  if (listener == nullptr) return env.Undefined();
  seccomp_notif_resp answer = {};
  uint64_t value = 0;
  uint64_t id = 0;
  if (!ReadWord(env, info[1], &id) || !ReadWord(env, info[3], &value)) return env.Undefined();
  const int error = info[2].IsNumber() ? info[2].As<Napi::Number>().Int32Value() : -2;
  if (error < -1 || error > 4095) return Throw(env, "answer: -1 to continue, or an errno"), env.Undefined();
  answer.id = id;
  if (error == -1) {
    answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  } else {
    answer.error = -error;
    answer.val = error == 0 ? static_cast<int64_t>(value) : 0;
  }
  return Napi::Number::New(env, listener->Answer(answer));
}

Napi::Value AddDescriptor(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::shared_ptr<Listener> listener = ListenerOf(info);
  uint64_t id = 0;
  if (listener == nullptr || !ReadWord(env, info[1], &id)) return env.Undefined();
  if (!info[2].IsNumber() || !info[3].IsBoolean()) {
    return Throw(env, "addDescriptor(listener, call, descriptor, closeOnExec)"), env.Undefined();
  }
  int added = -1;
  const int error =
      listener->AddDescriptor(id, info[2].As<Napi::Number>().Int32Value(), info[3].As<Napi::Boolean>().Value(), &added);
  return Napi::Number::New(env, error == 0 ? added : -error);
}

namespace {

// The memory of a call that waits: opened before it is seen to wait, so it is the caller's own and stays it. See
// seccomp_unotify(2).
struct CallMemory {
  std::shared_ptr<Listener> listener;
  uint64_t call = 0, address = 0;
  Descriptor memory;
  int error = 0;

  // (listener, call, thread, address, …)
  bool Open(const Napi::CallbackInfo& info, int flags) {
    const Napi::Env env = info.Env();
    listener = ListenerOf(info);
    if (listener == nullptr || !ReadWord(env, info[1], &call) || !ReadWord(env, info[3], &address)) return false;
    if (!info[2].IsNumber()) return Throw(env, "a thread's number"), false;
    const std::string path = "/proc/" + std::to_string(info[2].As<Napi::Number>().Int32Value()) + "/mem";
    memory = Descriptor(open(path.c_str(), flags | O_CLOEXEC));
    error = memory.get() < 0 ? errno : 0;
    const int waits = listener->IsWaiting(call);
    if (waits != 0) error = waits;
    return true;
  }
};

}  // namespace

Napi::Value ReadCallMemory(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  CallMemory memory;
  if (!memory.Open(info, O_RDONLY)) return env.Undefined();
  constexpr int64_t kMostBytes = 1 << 20;
  const int64_t wanted = info[4].IsNumber() ? info[4].As<Napi::Number>().Int64Value() : -1;
  if (wanted < 0 || wanted > kMostBytes) return Throw(env, "size: 0 to 1 MiB"), env.Undefined();
  std::string bytes(static_cast<size_t>(wanted), '\0');
  ssize_t size = 0;
  if (memory.error == 0) {
    size = pread64(memory.memory.get(), bytes.data(), bytes.size(), static_cast<off64_t>(memory.address));
    if (size < 0) memory.error = errno == EIO ? EFAULT : errno;
  }
  if (memory.error == 0) memory.error = memory.listener->IsWaiting(memory.call);
  if (memory.error != 0) return Napi::Number::New(env, memory.error);
  bytes.resize(static_cast<size_t>(size));
  return Bytes(env, bytes);
}

Napi::Value WriteCallMemory(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  CallMemory memory;
  if (!memory.Open(info, O_RDWR)) return env.Undefined();
  if (!info[4].IsTypedArray() || info[4].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    return Throw(env, "bytes: a Uint8Array"), env.Undefined();
  }
  const auto bytes = info[4].As<Napi::Uint8Array>();
  if (memory.error == 0) {
    const ssize_t size =
        pwrite64(memory.memory.get(), bytes.Data(), bytes.ByteLength(), static_cast<off64_t>(memory.address));
    if (size != static_cast<ssize_t>(bytes.ByteLength())) memory.error = size < 0 && errno != EIO ? errno : EFAULT;
  }
  return Napi::Number::New(env, memory.error);
}

}  // namespace seccomp
