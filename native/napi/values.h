// Own properties of JavaScript objects: what is on Object.prototype is not read, and does not keep a property from
// being set.
#ifndef SECCOMP_NATIVE_PROPERTIES_H_
#define SECCOMP_NATIVE_PROPERTIES_H_

#include <napi.h>

#include <initializer_list>

namespace seccomp {

// The value of an own property; undefined if there is none, and empty while a worker is being terminated.
Napi::Value Own(const Napi::Object& object, const char* name);

// Whether each own key of `object` is one of `known`; if not, throws a TypeError that names `what` and the key.
bool HasOnly(Napi::Env env, const Napi::Object& object, const char* what, std::initializer_list<const char*> known);

// Defines an own property as a literal does. False while a worker is being terminated.
bool SetOwnValue(const Napi::Object& object, const char* name, napi_value value);

template <typename Value>
bool SetOwn(const Napi::Object& object, const char* name, const Value& value) {
  return SetOwnValue(object, name, Napi::Value::From(object.Env(), value));
}

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_PROPERTIES_H_
