#include "napi/notify/supervision.h"

#include <errno.h>

#include <utility>

#include "napi/functions.h"

namespace seccomp {
namespace {

bool ReadAnswers(const Napi::Value& value, Supervision* supervision) {
  std::vector<sock_filter> program;
  return ReadValue(value, &program) && supervision->answers.Load(std::move(program));
}

bool ReadDistinguishing(const Napi::Value& value, Supervision* supervision) {
  ArrayView<uint32_t> words;
  if (!ReadValue(value, &words) || words.size % 4 != 0) return false;
  for (const uint32_t* word = words.data; word != words.data + words.size; word += 4) {
    const uint32_t argument = word[2];
    const uint32_t bits = word[3];
    if (argument >= kArguments || bits == 0 || bits > 64) return false;
    supervision->traits[Supervision::Key(word[0], word[1])].distinguishing[argument] = ~uint64_t{0} >> (64 - bits);
  }
  return true;
}

bool ReadCaptures(const Napi::Value& value, Supervision* supervision) {
  ArrayView<uint32_t> words;
  if (!ReadValue(value, &words) || words.size % 6 != 0) return false;
  for (const uint32_t* word = words.data; word != words.data + words.size; word += 6) {
    const uint32_t argument = word[2];
    const uint32_t size_argument = word[5];  // kArguments: none.
    if (argument >= kArguments || size_argument > kArguments) return false;
    Capture capture = {static_cast<uint8_t>(argument), word[3] != 0, word[4], std::nullopt};
    if (size_argument < kArguments) capture.size_argument = static_cast<uint8_t>(size_argument);
    supervision->traits[Supervision::Key(word[0], word[1])].captures.push_back(capture);
  }
  return true;
}

// kArguments stands for no argument.
bool ReadArgument(uint32_t word, std::optional<uint8_t>* argument) {
  if (word > kArguments) return false;
  if (word < kArguments) *argument = static_cast<uint8_t>(word);
  return true;
}

bool ReadPaths(const Napi::Value& value, Supervision* supervision) {
  ArrayView<uint32_t> words;
  if (!ReadValue(value, &words) || words.size % 10 != 0) return false;
  for (const uint32_t* word = words.data; word != words.data + words.size; word += 10) {
    PathTraits& traits = supervision->paths[Supervision::Key(word[0], word[1])];
    PathArgument path;
    path.argument = static_cast<uint8_t>(word[2]);
    path.creating = word[8];
    traits.ignored = word[9];
    if (word[2] >= kArguments || word[5] >= 1U << kArguments || !ReadArgument(word[3], &path.directory) ||
        !ReadArgument(word[4], &path.address_size) || !ReadArgument(word[6], &traits.flags) ||
        !ReadArgument(word[7], &traits.open_how)) {
      return false;
    }
    traits.distinguishing |= static_cast<uint8_t>(word[5]);
    traits.paths.push_back(path);
  }
  return true;
}

constexpr Member<Supervision> kMembers[] = {
    {"answers", Presence::kRequired, "a Uint8Array of a program that the kernel would accept", ReadAnswers},
    {"countsAll", Presence::kRequired, "a boolean", Into<&Supervision::counts_all>},
    {"passesAll", Presence::kRequired, "a boolean", Into<&Supervision::passes_all>},
    {"distinguishing", Presence::kRequired, "a flat Uint32Array of [ABI, number, argument, bits]", ReadDistinguishing},
    {"captures", Presence::kRequired,
     "a flat Uint32Array of [ABI, number, argument, is text, most bytes, argument with their number or 6]",
     ReadCaptures},
    {"paths", Presence::kRequired,
     "a flat Uint32Array of [ABI, number, argument, argument with the directory or 6, argument with the size of an "
     "address or 6, bits of distinguishing arguments, argument with flags or 6, argument with an open_how or 6, "
     "creating "
     "flags, ignored flags]",
     ReadPaths},
};

}  // namespace

Napi::Value ServeListener(Napi::Env env, Descriptor descriptor, std::shared_ptr<const Supervision> supervision,
                          MailboxReader* reader, ReadyThread* thread, Failure* failure) {
  if (descriptor.get() < 0) {
    *failure = {EBADF, "ioctl"};
    return env.Undefined();
  }
  auto listener = std::make_shared<Listener>(std::move(descriptor), std::move(supervision), reader->mailbox());
  *failure = reader->Serve(listener, thread);
  if (failure->error != 0) return env.Undefined();
  const Napi::Object result = Napi::Object::New(env);
  SetOwn(result, "id", listener->id());
  SetOwn(result, "handle", MakeHandle(env, std::move(listener)));
  return result;
}

Failure StartSupervised(Napi::Env env, SpawnRequest* request, StartedChild* started, Napi::Object result) {
  ReadyThread thread;
  Failure failure = {};
  if (request->supervision != nullptr) failure = MailboxReader::Prepare(*request->supervision, &thread);
  if (failure.error == 0) failure = StartChild(request, started);
  if (failure.error != 0 || request->supervision == nullptr) return failure;
  const Napi::Value listener =
      ServeListener(env, std::move(started->listener), request->supervision, request->reader.get(), &thread, &failure);
  if (failure.error == 0) SetOwn(result, "listener", listener);
  if (failure.error != 0) EndStarted(started);
  return failure;
}

Napi::Value MakeSupervision(Napi::Env env, const Napi::Value& options) {
  auto supervision = std::make_shared<Supervision>();
  if (!ReadObject(options, "supervision", kMembers, supervision.get())) return env.Undefined();
  return MakeHandle(env, std::shared_ptr<const Supervision>(std::move(supervision)));
}

Napi::Value OpenMailbox(Napi::Env env, const Napi::Function& on_mail) {
  int error = 0;
  std::shared_ptr<MailboxReader> reader = MailboxReader::Open(env, on_mail, &error);
  if (reader == nullptr) return Napi::Number::New(env, error);
  return MakeHandle(env, std::move(reader));
}

void CloseMailbox(Napi::Env /*env*/, const std::shared_ptr<MailboxReader>& reader) { reader->Close(); }

}  // namespace seccomp
