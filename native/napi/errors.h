// The only place that throws into JavaScript.
//
// A worker can be terminated inside any call of Node-API. From then on, every call that reads or makes a value of
// JavaScript fails, and node-addon-api returns an empty Napi::Value. Is…() of an empty value is false, and any other
// use ends the process. So the type of each value is checked where it is read, values are read once, and those that
// were made are checked before they are used.
#pragma once

#include <napi.h>

#include <string>

#include "system/failure.h"

namespace seccomp {

// Throws a TypeError. Returns false, for readers that return whether a value is as expected.
bool ThrowTypeError(Napi::Env env, const std::string& message);

// Throws a TypeError unless `condition` holds. Returns `condition`.
bool Require(Napi::Env env, bool condition, const char* message);

// The same for arguments that are not of the types in `usage`, such as `isCurrent(ruleset)`.
bool ThrowUsage(Napi::Env env, const char* usage);

// Converts a failure to { error, call }, or to undefined if nothing failed.
Napi::Value ToJavaScript(Napi::Env env, const Failure& failure);

// Returns -error as a number of JavaScript. Functions that return a number or an object report errors this way.
Napi::Value Negative(Napi::Env env, int error);

}  // namespace seccomp
