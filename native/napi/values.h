// Reads JavaScript values and own properties, and makes objects. Inherited properties, for example those of
// Object.prototype, are never read, and setters among them are never called.
#ifndef SECCOMP_NATIVE_NAPI_VALUES_H_
#define SECCOMP_NATIVE_NAPI_VALUES_H_

#include <napi.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "napi/errors.h"

namespace seccomp {

// Each ReadValue returns false, without throwing, if the value is not of the type of `out`.
bool ReadValue(const Napi::Value& value, bool* out);
bool ReadValue(const Napi::Value& value, double* out);
bool ReadValue(const Napi::Value& value, int32_t* out);
bool ReadValue(const Napi::Value& value, uint32_t* out);
bool ReadValue(const Napi::Value& value, uint64_t* out);     // A bigint of 64 bits.
bool ReadValue(const Napi::Value& value, std::string* out);  // A string without NUL.
bool ReadValue(const Napi::Value& value, std::vector<std::string>* out);
template <typename Type>
bool ReadValue(const Napi::Value& value, std::optional<Type>* out) {
  return ReadValue(value, &out->emplace());
}

// Reads an integer from `low` to `high`. Returns nullopt for any other value.
std::optional<int64_t> ReadInteger(const Napi::Value& value, int64_t low, int64_t high);

// A view of a typed array of one element type, or nullopt. It is valid until JavaScript runs.
template <typename Element>
struct ArrayView {
  const Element* data = nullptr;
  size_t size = 0;  // In elements.
};
std::optional<ArrayView<uint8_t>> ReadBytes(const Napi::Value& value);
std::optional<ArrayView<uint32_t>> ReadWords(const Napi::Value& value);

// Returns the own property `name`, undefined if there is none, or an empty value while a worker is being terminated.
Napi::Value Own(const Napi::Object& object, const char* name);

// Defines an own property, as an object literal does. Returns false while a worker is being terminated.
bool SetOwnValue(const Napi::Object& object, const char* name, napi_value value);

template <typename Value>
bool SetOwn(const Napi::Object& object, const char* name, const Value& value) {
  return SetOwnValue(object, name, Napi::Value::From(object.Env(), value));
}

enum class Presence { kRequired, kOptional };

// A member of an object that JavaScript passes: how it is read into a member of `Target`.
template <typename Target>
struct Member {
  const char* name;
  Presence presence;
  const char* expected;  // A noun phrase for the error message: `what.name must be expected`.
  // Returns false if the value is not as expected. May have thrown an error that says more.
  bool (*read)(const Napi::Value& value, Target* target);
};

// A reader for Member: reads the value into one member of `Target`, by its type.
template <auto member, typename Target>
bool Into(const Napi::Value& value, Target* target) {
  return ReadValue(value, &(target->*member));
}

// Throws a TypeError and returns false if `object` has an own key that is not one of `names`.
bool HasOnly(const Napi::Object& object, const char* what, const std::vector<const char*>& names);

// Reads an object that has the own properties of the table and no others. An unknown key is an error, since it may be
// the name that another version of the package uses for a filter. Throws a TypeError and returns false if the object is
// not as expected. `what` names the object in messages.
template <typename Target, size_t count>
bool ReadObject(Napi::Env env, const Napi::Value& value, const char* what, const Member<Target> (&members)[count],
                Target* target) {
  if (!value.IsObject()) return ThrowTypeError(env, std::string(what) + " must be an object");
  const Napi::Object object = value.As<Napi::Object>();
  std::vector<const char*> names;
  for (const Member<Target>& member : members) names.push_back(member.name);
  if (!HasOnly(object, what, names)) return false;
  for (const Member<Target>& member : members) {
    const Napi::Value property = Own(object, member.name);
    if (property.IsEmpty()) return false;
    if (property.IsUndefined() && member.presence == Presence::kOptional) continue;
    if (member.read(property, target)) continue;
    return !env.IsExceptionPending() &&
           ThrowTypeError(env, std::string(what) + "." + member.name + " must be " + member.expected);
  }
  return true;
}

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_NAPI_VALUES_H_
