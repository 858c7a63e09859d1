// Makes Supervision objects, and passes listeners to the Supervisor.
#pragma once

#include <napi.h>

#include <memory>

#include "child/clone.h"
#include "napi/read_request.h"
#include "supervisor/supervisor.h"

namespace seccomp {

// Starts to serve a listener. Returns { id, handle }, or undefined with the reason in `failure`.
Napi::Value ServeListener(Napi::Env env, Descriptor descriptor, std::shared_ptr<const Supervision> supervision,
                          MailboxReader* reader, ReadyThread* thread, Failure* failure);

// Starts a program, and serves its listener if the request has a supervision; sets `result.listener` then.
Failure StartSupervised(Napi::Env env, SpawnRequest* request, StartedChild* started, Napi::Object result);

}  // namespace seccomp
