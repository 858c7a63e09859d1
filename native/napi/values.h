// Reads JavaScript values and own properties, and makes objects. Inherited properties, for example those of
// Object.prototype, are never read, and setters among them are never called.
#pragma once

#include <linux/filter.h>
#include <napi.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "napi/errors.h"

namespace seccomp {

// Reads an integer from `low` to `high`. Returns nullopt for any other value.
std::optional<int64_t> ReadInteger(const Napi::Value& value, int64_t low, int64_t high);

template <int64_t low, int64_t high>
struct Integer {
  int64_t value = low;
};

// A view of a typed array of one element type. It is valid until JavaScript runs.
template <typename Element>
struct ArrayView {
  const Element* data = nullptr;
  size_t size = 0;  // In elements.
};

template <typename Type>
inline constexpr bool kIsView = false;
template <typename Element>
inline constexpr bool kIsView<ArrayView<Element>> = true;

// Each ReadValue returns false, without throwing, if the value is not of the type of `out`.
// Takes any value. A template, so that pointers to types that inherit from Napi::Value are not converted.
template <typename Any, typename = std::enable_if_t<std::is_same_v<Any, Napi::Value>>>
bool ReadValue(const Napi::Value& value, Any* out) {
  *out = value;
  return !value.IsEmpty();
}
bool ReadValue(const Napi::Value& value, Napi::Function* out);
bool ReadValue(const Napi::Value& value, Napi::String* out);
bool ReadValue(const Napi::Value& value, Napi::TypedArray* out);
bool ReadValue(const Napi::Value& value, bool* out);
bool ReadValue(const Napi::Value& value, double* out);
bool ReadValue(const Napi::Value& value, int32_t* out);
bool ReadValue(const Napi::Value& value, uint32_t* out);
bool ReadValue(const Napi::Value& value, uint64_t* out);     // A bigint of 64 bits.
bool ReadValue(const Napi::Value& value, std::string* out);  // A string without NUL.
bool ReadValue(const Napi::Value& value, ArrayView<uint8_t>* out);
bool ReadValue(const Napi::Value& value, ArrayView<uint32_t>* out);
// The bytes of a program of at least one instruction.
bool ReadValue(const Napi::Value& value, std::vector<sock_filter>* out);
template <int64_t low, int64_t high>
bool ReadValue(const Napi::Value& value, Integer<low, high>* out) {
  const auto integer = ReadInteger(value, low, high);
  if (integer) out->value = *integer;
  return integer.has_value();
}
template <typename Element, size_t size>
bool ReadValue(const Napi::Value& value, std::array<Element, size>* out) {
  if (!value.IsArray() || value.As<Napi::Array>().Length() != size) return false;
  for (uint32_t i = 0; i < size; i++) {
    if (!ReadValue(value.As<Napi::Array>().Get(i), &(*out)[i])) return false;
  }
  return true;
}
template <typename Element>
bool ReadValue(const Napi::Value& value, std::vector<Element>* out) {
  if (!value.IsArray()) return false;
  const Napi::Array array = value.As<Napi::Array>();
  // Allocates no memory for the length alone, which may be 2^32 - 1 without any element.
  for (uint32_t i = 0; i < array.Length(); i++) {
    if (!ReadValue(array.Get(i), &out->emplace_back())) return false;
  }
  return true;
}
template <typename Type>
bool ReadValue(const Napi::Value& value, std::optional<Type>* out) {
  if (value.IsEmpty()) return false;  // IsUndefined() would be true.
  return value.IsUndefined() || ReadValue(value, &out->emplace());
}

// Returns the own property `name`, undefined if there is none, or an empty value while a worker is being terminated.
Napi::Value Own(const Napi::Object& object, const char* name);

// Defines an own property, as an object literal does. Returns false while a worker is being terminated.
bool SetOwnValue(const Napi::Object& object, const char* name, napi_value value);

template <typename Value>
bool SetOwn(const Napi::Object& object, const char* name, const Value& value) {
  return SetOwnValue(object, name, Napi::Value::From(object.Env(), value));
}

template <typename Numbers>
Napi::Array MakeArray(Napi::Env env, const Numbers& numbers) {
  const Napi::Array array = Napi::Array::New(env, numbers.size());
  uint32_t i = 0;
  for (const auto& number : numbers) array.Set(i++, number);
  return array;
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

// Readers for Member: read the value into one member of `Target`, by its type.
template <auto member, typename Target>
bool Into(const Napi::Value& value, Target* target) {
  return ReadValue(value, &(target->*member));
}
template <auto member, typename Target>
bool IntoNonempty(const Napi::Value& value, Target* target) {
  return ReadValue(value, &(target->*member)) && !(target->*member).empty();
}

// Throws a TypeError and returns false if `object` has an own key that is not one of `names`.
bool HasOnly(const Napi::Object& object, const char* what, const std::vector<const char*>& names);

// Reads an object that has the own properties of the table and no others. An unknown key is an error, since it may be
// the name that another version of the package uses for a filter. Throws a TypeError and returns false if the object is
// not as expected. `what` names the object in messages.
template <typename Target, size_t count>
bool ReadObject(const Napi::Value& value, const char* what, const Member<Target> (&members)[count], Target* target) {
  if (value.IsEmpty()) return false;
  const Napi::Env env = value.Env();
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
