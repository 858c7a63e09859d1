// Handles: opaque objects of the addon that JavaScript holds and passes back.
#pragma once

#include <napi.h>

#include <memory>
#include <utility>

namespace seccomp {

class Listener;
class MailboxReader;
class PathRuleset;
class Removal;
struct Supervision;

// Random numbers that distinguish the addon's handles from other objects, and from each other.
template <typename Object>
constexpr napi_type_tag kTag = {0, 0};
template <>
inline constexpr napi_type_tag kTag<const Supervision> = {0x7d1f0c6a94b84e02, 0x9a3c5be07f4412d1};
template <>
inline constexpr napi_type_tag kTag<MailboxReader> = {0x64f2d90b3e8a41c7, 0x8be05a716f23c94d};
template <>
inline constexpr napi_type_tag kTag<Listener> = {0x2b6e81f3c05d4a97, 0xb1d470ce3895e6f4};
template <>
inline constexpr napi_type_tag kTag<const PathRuleset> = {0x91c4e7d2056b38fa, 0xe60d27a94b5f13c8};
template <>
inline constexpr napi_type_tag kTag<Removal> = {0x51c7e2ab90d34f68, 0xa6f08b3d17c2954e};

// Returns a handle, or an empty value while a worker is being terminated. The object lives at least as long as
// JavaScript holds the handle.
template <typename Object>
Napi::Value MakeHandle(Napi::Env env, std::shared_ptr<Object> object) {
  static_assert(kTag<Object>.lower != 0, "each type has a tag of its own");
  using Pointer = std::shared_ptr<Object>;
  auto pointer = std::make_unique<Pointer>(std::move(object));
  const auto external =
      Napi::External<Pointer>::New(env, pointer.get(), [](Napi::Env, Pointer* owned) { delete owned; });
  if (external.IsEmpty()) return external;
  [[maybe_unused]] const Pointer* const given = pointer.release();  // The external value owns it.
  napi_type_tag_object(env, external, &kTag<Object>);
  return external;
}

// Returns false, without throwing, if the value is not a handle of an object of that type.
template <typename Object>
bool ReadValue(const Napi::Value& value, std::shared_ptr<Object>* object) {
  static_assert(kTag<Object>.lower != 0, "each type has a tag of its own");
  bool is_ours = false;
  if (value.IsExternal()) napi_check_object_type_tag(value.Env(), value, &kTag<Object>, &is_ours);
  if (is_ours) *object = *value.As<Napi::External<std::shared_ptr<Object>>>().Data();
  return is_ours;
}

}  // namespace seccomp
