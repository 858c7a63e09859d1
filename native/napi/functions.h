// The functions of the addon. lib/addon/interface.ts and lib/addon/notify-interface.ts describe their parameters and
// results. Each takes what Adapted reads for it, and throws where it reads a value itself.
#pragma once

#include <napi.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "napi/notify/handles.h"
#include "napi/read_request.h"
#include "napi/values.h"

namespace seccomp {

// --- Programs. Of these, those that start one return { error, call } if a step failed; then no child is left. -------

Napi::Value Spawn(Napi::Env env, const Napi::Value& requested, const Napi::Function& on_exit,
                  const std::optional<Napi::Function>& on_tree_end);
Napi::Value SpawnSync(Napi::Env env, SpawnRequest request, const Napi::Value& limited);
// Returns { error, call } if it failed; this process is then as it was. Otherwise it does not return.
Napi::Value Execve(Napi::Env env, SpawnRequest request);
// Returns 0 or an errno: see OpenGuardianProgram.
Napi::Value OpenGuardian(Napi::Env env, const Napi::Value& path);

// --- Signals ---------------------------------------------------------------------------------------------------------

// Those of the kernel, such as that of Ctrl-C, and those that a process sent: Node does not show si_code.

constexpr int kLastWatched = 31;  // Of those before the real-time signals.
using WatchedSignal = Integer<1, kLastWatched>;

// Counts the signals of this number that the kernel sends from now on, and calls the handler that the signal has. It
// must have one: JavaScript listens to it first. When it stops listening, Node removes the handler. Returns 0 or an
// errno.
int WatchSender(Napi::Env env, WatchedSignal number);
// Returns whether the kernel sent one that is not taken yet, and takes it.
bool TakeFromKernel(Napi::Env env, WatchedSignal number);

// --- This process ----------------------------------------------------------------------------------------------------

// Returns undefined, or { error, call, attached, thread? } if a filter could not be attached. `attached` is the number
// of filters that are attached and stay. `thread` is the thread that has other filters than the calling one, for which
// SECCOMP_FILTER_FLAG_TSYNC attached none.
Napi::Value Install(Napi::Env env, Request request);
// Returns the calling thread's user IDs (real, effective and saved), its SECBIT_*, and the lower and upper halves of
// its permitted and of its effective capabilities; or −errno.
Napi::Value CredentialsOfThread(Napi::Env env);
int RestrictThisProcess(Napi::Env env, const std::shared_ptr<const PathRuleset>& ruleset, bool no_new_privileges);

// --- Features of the kernel ------------------------------------------------------------------------------------------

// These do not attach a filter, and restrict only threads and processes that they start.

// Makes calls under filters to learn what these return for them. Returns an Int32Array with two numbers for each call,
// an outcome and its value; or { error, call } if a step failed.
//
// A process under `filters` makes the calls in order. If a call ends the process, another process continues with the
// next call. A call that all filters allow is carried out, so the first filter must deny all calls.
Napi::Value Probe(Napi::Env env, const Napi::Value& filters, const Napi::TypedArray& array, bool is_traced);
// Returns 0, or an errno: EOPNOTSUPP if the kernel lacks this SECCOMP_RET_* action. Linux 4.14,
// SECCOMP_GET_ACTION_AVAIL.
int ActionAvailable(Napi::Env env, uint32_t action);
// Returns whether SECCOMP_SET_MODE_FILTER accepts these flags. The program is a null pointer, for which a kernel that
// knows the flags fails with EFAULT.
bool FilterFlagsKnown(Napi::Env env, uint32_t flags);
// Returns 0 if a thread can enter such a Landlock domain, otherwise an errno.
int TryDomain(Napi::Env env, const Domain& domain);
// Returns [rights, version]: the file access rights of the mask that Landlock can handle, and the version that the
// kernel reports; or −errno.
Napi::Value FindLandlockSupport(Napi::Env env, uint32_t mask);

// --- Paths -----------------------------------------------------------------------------------------------------------

Napi::Value OpenPathRuleset(Napi::Env env, const Napi::Value& described);
bool IsCurrent(Napi::Env env, const std::shared_ptr<const PathRuleset>& ruleset);

using FileUserId = Integer<INT32_MIN, UINT32_MAX>;  // Node takes negative ones as 32-bit numbers.

// The private directories of children: the word `@tmp` of the option `paths`. Returns { path, handle }, or
// { error, call }.
Napi::Value MakePrivateDirectory(Napi::Env env, const std::string& parent, const std::optional<FileUserId>& uid,
                                 const std::optional<FileUserId>& gid);
// With `done`, removes it on a thread of libuv's pool, then calls `done` with 0 or an errno. Otherwise returns that.
Napi::Value RemovePrivateDirectory(Napi::Env env, const std::shared_ptr<Removal>& removal,
                                   const std::optional<Napi::Function>& done);

// --- Descriptors of which JavaScript has the numbers -----------------------------------------------------------------

// Returns the descriptor that the launcher gets, or -errno.
int OpenHandover(Napi::Env env);
// Returns { descriptor, text }, or -errno. Waits for the launcher, which was given the end of openHandover().
Napi::Value Receive(Napi::Env env);
// Closes the received descriptors. A worker cannot use closeSync of node:fs for this, which warns about descriptors
// that node:fs did not open.
void GiveBack(Napi::Env env);

// A number that is read with an error of its own.
struct DescriptorNumber {
  int32_t fd = -1;
};
bool ReadValue(const Napi::Value& value, DescriptorNumber* number);

// Closes a socket of the child that was started last, because no stream could be made of it.
void CloseSocket(Napi::Env env, DescriptorNumber socket);
// Returns 0 or an errno. The other end can write nothing more; what it wrote before can still be read, followed by the
// end.
int EndReading(Napi::Env env, DescriptorNumber socket);
// Returns whether the descriptor is a socket on which listen(2) was called. socket(7), SO_ACCEPTCONN.
bool IsListening(Napi::Env env, DescriptorNumber socket);

// --- Waiting calls of a listener, and its counts ---------------------------------------------------------------------

// Returns a handle.
Napi::Value MakeSupervision(Napi::Env env, const Napi::Value& options);
// Returns a handle, or -errno.
Napi::Value OpenMailbox(Napi::Env env, const Napi::Function& on_mail);
void CloseMailbox(Napi::Env env, const std::shared_ptr<MailboxReader>& reader);

using ListenerPointer = std::shared_ptr<Listener>;

Napi::Value KindAt(Napi::Env env, const ListenerPointer& listener, uint32_t index);
Napi::Value Counts(Napi::Env env, const ListenerPointer& listener);

// In place of an errno: SECCOMP_USER_NOTIF_FLAG_CONTINUE.
constexpr int64_t kContinue = -1;
int AnswerCall(Napi::Env env, const ListenerPointer& listener, uint64_t call, Integer<kContinue, 4095> error,
               uint64_t value);
int AddDescriptor(Napi::Env env, const ListenerPointer& listener, uint64_t call, int32_t descriptor,
                  bool close_on_exec);
Napi::Value ReadCallMemory(Napi::Env env, const ListenerPointer& listener, uint64_t call, uint32_t thread,
                           uint64_t address, Integer<0, 1 << 20> size);
int WriteCallMemory(Napi::Env env, const ListenerPointer& listener, uint64_t call, uint32_t thread, uint64_t address,
                    ArrayView<uint8_t> bytes);

// The parameters of the socket(2) call that made a socket.
using Traits = std::array<int32_t, 3>;

// Returns the traits of a socket of the waiting thread, or -errno.
Napi::Value SocketOf(Napi::Env env, const ListenerPointer& listener, uint64_t call, int32_t thread, int32_t descriptor);

constexpr const char* kConnectUsage = "connect(listener, call, tid, descriptor, address, seen)";
// Returns the number of the connection, whose result the mailbox reports; or -errno if it was not begun. EBADF: the
// socket differs from `seen`, which socketOf returned.
Napi::Value Connect(Napi::Env env, const ListenerPointer& listener, uint64_t call, int32_t thread, int32_t descriptor,
                    const Napi::Value& address, const std::optional<Traits>& seen);

// Returns 0 if a process listens at the path, otherwise an errno.
int Reach(Napi::Env env, const Napi::String& path);
// Returns a LocalSocket that listens, or -errno.
Napi::Value BindSocket(Napi::Env env, const Napi::String& path);

}  // namespace seccomp
