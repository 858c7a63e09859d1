// The private directories of children: the word `@tmp` of the option `paths`.
#ifndef SECCOMP_NATIVE_NAPI_LANDLOCK_PRIVATE_DIRECTORY_H_
#define SECCOMP_NATIVE_NAPI_LANDLOCK_PRIVATE_DIRECTORY_H_

#include <napi.h>

namespace seccomp {

// makePrivateDirectory(parent, uid?, gid?) → { path, handle }, or { error, call }.
Napi::Value MakePrivateDirectory(const Napi::CallbackInfo& info);

// removePrivateDirectory(handle, done) removes it on a thread of libuv's pool, then calls `done` with 0 or an errno;
// removePrivateDirectory(handle) → 0 or an errno.
Napi::Value RemovePrivateDirectory(const Napi::CallbackInfo& info);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_NAPI_LANDLOCK_PRIVATE_DIRECTORY_H_
