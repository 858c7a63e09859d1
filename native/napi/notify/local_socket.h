// Unix sockets with a path, for JavaScript. An agent receives listeners through them.
#pragma once

#include <napi.h>

#include <memory>
#include <vector>

#include "napi/waiting_object.h"
#include "system/descriptor.h"
#include "system/worker.h"

namespace seccomp {

// A socket that listens, or a connection to one. A connection owns each descriptor that it received until the
// descriptor is served, and closes those that remain when it is closed. Since another process has sent them, or is to
// send them, a Worker receives and closes them.
class LocalSocket : public WaitingObject<LocalSocket> {
 public:
  // Returns the class, for Environment::Make.
  static Napi::Function Define(Napi::Env env);
  // Returns an object for the socket, and sets `wrapped`; or returns -errno, with nullptr, if this worker is being
  // terminated.
  static Napi::Value Wrap(Napi::Env env, Descriptor socket, LocalSocket** wrapped);

  explicit LocalSocket(const Napi::CallbackInfo& info) : WaitingObject(info) {}
  ~LocalSocket() override { CloseAll(); }
  LocalSocket(const LocalSocket&) = delete;
  LocalSocket& operator=(const LocalSocket&) = delete;

 private:
  friend WaitingObject;

  // lib/native.ts describes these.
  Napi::Value Await(const Napi::CallbackInfo& info);
  Napi::Value Accept(const Napi::CallbackInfo& info);
  Napi::Value Receive(const Napi::CallbackInfo& info);
  Napi::Value Sender(const Napi::CallbackInfo& info);
  Napi::Value Serve(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  void OnReadable();
  // A worker ends while its socket is open. Connecting to it fails from now on.
  void OnTeardown() { CloseAll(); }
  void CloseAll();

  struct Peer {
    Descriptor socket;
    std::vector<Descriptor> received;
  };
  struct Received;

  std::shared_ptr<Peer> peer_;
  // What the Worker receives, or has received too late for the last call of receive(): the next one returns it.
  std::shared_ptr<Received> late_;
  Worker worker_;
};

}  // namespace seccomp
