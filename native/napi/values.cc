// Own properties of JavaScript objects: what is on Object.prototype is not read, and does not keep a property from
// being set.
#include "napi/values.h"

#include <algorithm>
#include <string>

namespace seccomp {

Napi::Value Own(const Napi::Object& object, const char* name) {
  const Napi::Env env = object.Env();
  napi_value key = nullptr;
  napi_value value = nullptr;
  bool is_own = false;
  if (napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &key) != napi_ok ||
      napi_has_own_property(env, object, key, &is_own) != napi_ok) {
    return {};
  }
  if (!is_own) return env.Undefined();
  return napi_get_property(env, object, key, &value) == napi_ok ? Napi::Value(env, value) : Napi::Value();
}

bool HasOnly(Napi::Env env, const Napi::Object& object, const char* what, std::initializer_list<const char*> known) {
  napi_value names = nullptr;
  if (napi_get_all_property_names(env, object, napi_key_own_only, napi_key_skip_symbols, napi_key_numbers_to_strings,
                                  &names) != napi_ok) {
    return false;
  }
  const Napi::Array keys(env, names);
  for (uint32_t i = 0; i < keys.Length(); i++) {
    const Napi::Value name = keys.Get(i);
    if (!name.IsString()) return false;
    const std::string key = name.As<Napi::String>().Utf8Value();
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    Napi::TypeError::New(env, std::string(what) + ": unknown key " + key).ThrowAsJavaScriptException();
    return false;
  }
  return true;
}

bool SetOwnValue(const Napi::Object& object, const char* name, napi_value value) {
  constexpr auto attributes =
      static_cast<napi_property_attributes>(napi_writable | napi_enumerable | napi_configurable);
  const napi_property_descriptor property = {name, nullptr, nullptr, nullptr, nullptr, value, attributes, nullptr};
  return value != nullptr && napi_define_properties(object.Env(), object, 1, &property) == napi_ok;
}

}  // namespace seccomp
