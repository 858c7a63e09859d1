#include "napi/notify/handles.h"

#include <utility>

namespace seccomp {
namespace {

// Random numbers that distinguish the addon's handles from other objects, and from each other.
constexpr napi_type_tag kSupervisionTag = {0x7d1f0c6a94b84e02, 0x9a3c5be07f4412d1};
constexpr napi_type_tag kMailboxReaderTag = {0x64f2d90b3e8a41c7, 0x8be05a716f23c94d};
constexpr napi_type_tag kListenerTag = {0x2b6e81f3c05d4a97, 0xb1d470ce3895e6f4};
constexpr napi_type_tag kPathRulesetTag = {0x91c4e7d2056b38fa, 0xe60d27a94b5f13c8};

template <typename Object>
Napi::Value Make(Napi::Env env, std::shared_ptr<Object> object, const napi_type_tag& tag) {
  using Pointer = std::shared_ptr<Object>;
  auto pointer = std::make_unique<Pointer>(std::move(object));
  const auto external =
      Napi::External<Pointer>::New(env, pointer.get(), [](Napi::Env, Pointer* owned) { delete owned; });
  if (external.IsEmpty()) return external;
  pointer.release();  // The external value owns it.
  napi_type_tag_object(env, external, &tag);
  return external;
}

template <typename Object>
bool Read(const Napi::Value& value, std::shared_ptr<Object>* object, const napi_type_tag& tag) {
  bool is_ours = false;
  if (value.IsExternal()) napi_check_object_type_tag(value.Env(), value, &tag, &is_ours);
  if (is_ours) *object = *value.As<Napi::External<std::shared_ptr<Object>>>().Data();
  return is_ours;
}

}  // namespace

Napi::Value MakeHandle(Napi::Env env, std::shared_ptr<const Supervision> supervision) {
  return Make(env, std::move(supervision), kSupervisionTag);
}

Napi::Value MakeHandle(Napi::Env env, std::shared_ptr<MailboxReader> reader) {
  return Make(env, std::move(reader), kMailboxReaderTag);
}

Napi::Value MakeHandle(Napi::Env env, std::shared_ptr<Listener> listener) {
  return Make(env, std::move(listener), kListenerTag);
}

Napi::Value MakeHandle(Napi::Env env, std::shared_ptr<const PathRuleset> ruleset) {
  return Make(env, std::move(ruleset), kPathRulesetTag);
}

bool ReadValue(const Napi::Value& value, std::shared_ptr<const Supervision>* supervision) {
  return Read(value, supervision, kSupervisionTag);
}

bool ReadValue(const Napi::Value& value, std::shared_ptr<MailboxReader>* reader) {
  return Read(value, reader, kMailboxReaderTag);
}

bool ReadValue(const Napi::Value& value, std::shared_ptr<Listener>* listener) {
  return Read(value, listener, kListenerTag);
}

bool ReadValue(const Napi::Value& value, std::shared_ptr<const PathRuleset>* ruleset) {
  return Read(value, ruleset, kPathRulesetTag);
}

}  // namespace seccomp
