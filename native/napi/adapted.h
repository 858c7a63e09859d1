// Functions that JavaScript calls, made of functions with typed parameters.
#pragma once

#include <napi.h>

#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "napi/notify/handles.h"
#include "napi/values.h"

namespace seccomp {

// Reads the arguments in order, by the types of the parameters, and converts the result: numbers, booleans and values
// of JavaScript. Throws a TypeError with the usage, which is the data of the function, if an argument is not of its
// type, unless what reads it has thrown an error that says more.
template <auto function>
struct Adapted;

template <typename Result, typename... Parameters, Result (*function)(Napi::Env, Parameters...)>
struct Adapted<function> {
  static Napi::Value Call(const Napi::CallbackInfo& info) {
    return CallWith(info, std::index_sequence_for<Parameters...>());
  }

 private:
  template <size_t... indices>
  static Napi::Value CallWith(const Napi::CallbackInfo& info, std::index_sequence<indices...> /*of_parameters*/) {
    static_assert(((!kIsView<std::decay_t<Parameters>> || indices + 1 == sizeof...(Parameters)) && ...),
                  "reading a later argument may run JavaScript that detaches the buffer of the view");
    const Napi::Env env = info.Env();
    std::tuple<std::decay_t<Parameters>...> arguments;  // NOLINT(misc-const-correctness): const if there is none.
    if (!(ReadValue(info[indices], &std::get<indices>(arguments)) && ...)) {
      if (!env.IsExceptionPending()) ThrowUsage(env, static_cast<const char*>(info.Data()));
    } else if constexpr (std::is_void_v<Result>) {
      function(env, std::move(std::get<indices>(arguments))...);
    } else {
      return Napi::Value::From(env, function(env, std::move(std::get<indices>(arguments))...));
    }
    return env.Undefined();
  }
};

// Adds a function to `exports`. Its name is what precedes the parenthesis in `usage`, which is never freed.
template <auto function>
void Register(const Napi::Object& exports, const char* usage) {
  const std::string name(usage, std::string(usage).find('('));
  auto* const data = const_cast<char*>(usage);  // NOLINT(cppcoreguidelines-pro-type-const-cast): read only.
  SetOwn(exports, name.c_str(), Napi::Function::New<Adapted<function>::Call>(exports.Env(), name.c_str(), data));
}

}  // namespace seccomp
