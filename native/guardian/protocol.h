// What the addon and a guardian tell each other over the guardian's socket, a SOCK_SEQPACKET.
//
// The addon sends a GuardianOrder for each signal. When it sends the order to end the tree, or when the socket has no
// other end any more, the guardian kills the tree, waits for its end, and exits with a GuardianStatus. Before that, it
// sends the process IDs of zombies that the addon's process must reap: those whose parent has ended before them, if
// this process has become their parent.
#ifndef SECCOMP_NATIVE_GUARDIAN_PROTOCOL_H_
#define SECCOMP_NATIVE_GUARDIAN_PROTOCOL_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace seccomp {

// The name of the guardian's program as its argument 0. Argument 1 is the descriptor of the socket.
constexpr char kGuardianName[] = "seccomp-guardian";

struct GuardianOrder {
  int32_t signal;  // A signal for the whole tree, or kEndTree.
  int32_t child;   // The first process of the tree, which its parent reaps by itself.
};
constexpr int32_t kEndTree = 0;

// The most process IDs of one message.
constexpr size_t kMaxZombies = 256;

enum GuardianStatus : int {
  kTreeEnded = 0,
  kNotGuarding = 1,       // It was not started as a guardian, and has sent no signal.
  kProcessesRemain = 2,   // Processes of the tree still exist after kEndSeconds.
  kProcessesUnknown = 3,  // The tree was killed, but /proc cannot be read.
};

// How long a guardian waits for the end of processes that it has killed.
constexpr int kEndSeconds = 10;

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_GUARDIAN_PROTOCOL_H_
