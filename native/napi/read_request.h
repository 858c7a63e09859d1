// Reads and checks what JavaScript passes to start a program or to attach filters.
#pragma once

#include <napi.h>

#include <memory>

#include "child/request.h"
#include "landlock/path_ruleset.h"
#include "napi/notify/mailbox_reader.h"
#include "supervisor/call_kinds.h"

namespace seccomp {

struct SpawnRequest : Request {
  // How this process answers the calls of the filter's listener; nullptr: it does not answer them.
  std::shared_ptr<const Supervision> supervision;
  // Where the calls are reported. Not nullptr if `supervision` is not.
  std::shared_ptr<MailboxReader> reader;
  // Keeps Request::ruleset open.
  std::shared_ptr<const PathRuleset> path_ruleset;
};

// Each throws a TypeError and returns false if the value is not what lib/native.ts describes.
bool ReadValue(const Napi::Value& value, SpawnRequest* request);  // A NativeRequest.
bool ReadValue(const Napi::Value& value, Request* request);       // A NativeFilters.

// Reads a NativeDomain. Returns false, without throwing, if the value is not a NativeDomain.
bool ReadValue(const Napi::Value& value, Domain* domain);

}  // namespace seccomp
