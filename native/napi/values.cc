#include "napi/values.h"

#include <string.h>

#include <algorithm>

namespace seccomp {
namespace {

template <typename Type>
bool ReadAs(const Napi::Value& value, bool is_of_type, Type* out) {
  if (is_of_type) *out = value.As<Type>();
  return is_of_type;
}

template <typename Element>
bool ReadView(const Napi::Value& value, napi_typedarray_type type, ArrayView<Element>* out) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) return false;
  auto array = value.As<Napi::TypedArrayOf<Element>>();
  *out = {array.Data(), array.ElementLength()};
  return true;
}

}  // namespace

bool ReadValue(const Napi::Value& value, Napi::Function* out) { return ReadAs(value, value.IsFunction(), out); }
bool ReadValue(const Napi::Value& value, Napi::String* out) { return ReadAs(value, value.IsString(), out); }
bool ReadValue(const Napi::Value& value, Napi::TypedArray* out) { return ReadAs(value, value.IsTypedArray(), out); }

bool ReadValue(const Napi::Value& value, bool* out) {
  if (!value.IsBoolean()) return false;
  *out = value.As<Napi::Boolean>().Value();
  return true;
}

bool ReadValue(const Napi::Value& value, double* out) {
  if (!value.IsNumber()) return false;
  *out = value.As<Napi::Number>().DoubleValue();
  return true;
}

bool ReadValue(const Napi::Value& value, int32_t* out) {
  const auto integer = ReadInteger(value, INT32_MIN, INT32_MAX);
  if (!integer) return false;
  *out = static_cast<int32_t>(*integer);
  return true;
}

bool ReadValue(const Napi::Value& value, uint32_t* out) {
  const auto integer = ReadInteger(value, 0, UINT32_MAX);
  if (!integer) return false;
  *out = static_cast<uint32_t>(*integer);
  return true;
}

bool ReadValue(const Napi::Value& value, uint64_t* out) {
  if (!value.IsBigInt()) return false;
  bool is_lossless = false;
  *out = value.As<Napi::BigInt>().Uint64Value(&is_lossless);
  return is_lossless;
}

bool ReadValue(const Napi::Value& value, std::string* out) {
  if (!value.IsString()) return false;
  *out = value.As<Napi::String>().Utf8Value();
  return out->find('\0') == std::string::npos;
}

// NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
std::optional<int64_t> ReadInteger(const Napi::Value& value, int64_t low, int64_t high) {
  if (!value.IsNumber()) return std::nullopt;
  const double number = value.As<Napi::Number>().DoubleValue();
  const bool is_in_range = number >= static_cast<double>(low) && number <= static_cast<double>(high);  // False for NaN.
  if (!is_in_range) return std::nullopt;
  const auto integer = static_cast<int64_t>(number);
  if (static_cast<double>(integer) != number) return std::nullopt;
  return integer;
}

bool ReadValue(const Napi::Value& value, ArrayView<uint8_t>* out) { return ReadView(value, napi_uint8_array, out); }
bool ReadValue(const Napi::Value& value, ArrayView<uint32_t>* out) { return ReadView(value, napi_uint32_array, out); }

bool ReadValue(const Napi::Value& value, std::vector<sock_filter>* out) {
  ArrayView<uint8_t> bytes;
  if (!ReadValue(value, &bytes) || bytes.size == 0 || bytes.size % sizeof(sock_filter) != 0) return false;
  out->resize(bytes.size / sizeof(sock_filter));
  memcpy(out->data(), bytes.data, bytes.size);
  return true;
}

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

bool HasOnly(const Napi::Object& object, const char* what, const std::vector<const char*>& names) {
  const Napi::Env env = object.Env();
  napi_value own_names = nullptr;
  if (napi_get_all_property_names(env, object, napi_key_own_only, napi_key_skip_symbols, napi_key_numbers_to_strings,
                                  &own_names) != napi_ok) {
    return false;
  }
  const Napi::Array keys(env, own_names);
  for (uint32_t i = 0; i < keys.Length(); i++) {
    const Napi::Value name = keys.Get(i);
    if (!name.IsString()) return false;
    const std::string key = name.As<Napi::String>().Utf8Value();
    const bool is_known = std::find(names.begin(), names.end(), key) != names.end();
    if (!is_known) return ThrowTypeError(env, std::string(what) + " has an unknown key: " + key);
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
