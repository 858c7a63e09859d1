#include "napi/errors.h"

#include "napi/values.h"

namespace seccomp {

bool ThrowTypeError(Napi::Env env, const std::string& message) {
  Napi::TypeError::New(env, message).ThrowAsJavaScriptException();
  return false;
}

bool Require(Napi::Env env, bool condition, const char* message) { return condition || ThrowTypeError(env, message); }

bool ThrowUsage(Napi::Env env, const char* usage) {
  return ThrowTypeError(env, std::string("invalid arguments; usage: ") + usage);
}

Napi::Value ToJavaScript(Napi::Env env, const Failure& failure) {
  if (failure.error == 0) return env.Undefined();
  Napi::Object result = Napi::Object::New(env);
  SetOwn(result, "error", failure.error);
  SetOwn(result, "call", failure.call);
  return result;
}

Napi::Value Negative(Napi::Env env, int error) { return Napi::Number::New(env, -error); }

}  // namespace seccomp
