// What the addon and a guardian tell each other over the guardian's socket, a SOCK_SEQPACKET.
//
// When the guardian is out of the reach of its user's other processes, it sends one byte, for which the tree's first
// process waits. The addon sends the number of each signal for the tree as an int32_t. When the tree's first process
// has ended, when the socket has no other end any more, or at SIGKILL, the guardian kills the tree, waits for its end,
// and exits with a GuardianStatus. It does so too when the tree passes a limit of TreeLimits. Meanwhile it sends the
// IDs of zombies that the addon's process must reap, each as an int32_t and once: those whose parent is the addon's
// process, as it is if it has adopted them, save the first process. The addon reaps them before it takes their message
// off the socket: only then may the guardian send another one.
#pragma once

#include <cstddef>
#include <cstdint>

namespace seccomp {

// The name of the guardian's program as its argument 0. Five numbers follow: the members of Guarded.
constexpr char kGuardianName[] = "seccomp-guardian";

// The most process IDs of one message.
constexpr size_t kMaxZombies = 256;

enum GuardianStatus : int {
  kTreeEnded = 0,
  kNotGuarding = 1,       // It was not started as a guardian, and has sent no signal.
  kProcessesRemain = 2,   // Processes of the tree still exist after kEndSeconds.
  kProcessesUnknown = 3,  // The tree was killed, but /proc cannot be read.
  kNotStarted = 4,        // The guardian's program was not executed. The tree was killed.
  kNotConfined = 5,       // The guardian's own filter was not attached. The tree was killed.
};

// Limits of a tree, which the addon sends before it starts the guardian. The guardian weighs the tree before the
// program runs and then every kLookInterval milliseconds, and ends it when a limit is passed; it lists /proc for that
// every kListInterval milliseconds. 0: no limit. With a limit of processes, it asks every kCountInterval milliseconds
// for the number of all threads of the system, which costs little, and counts the tree's processes when this has grown
// by half of what the tree had left; their threads too if the system has grown by others.
struct TreeLimits {
  uint64_t pages = 0;      // Of resident memory.
  uint64_t processes = 0;  // And threads.
  uint64_t cpu = 0;        // Milliseconds of CPU time within kCpuWindow milliseconds.
  // Not 0: the tree is not ended with its first process, but when the addon sends SIGKILL.
  uint64_t outlives = 0;

  bool AreWeighed() const { return pages != 0 || processes != 0 || cpu != 0; }
};

constexpr int64_t kLookInterval = 100;
constexpr int64_t kSecondLook = 20;
constexpr int64_t kCountInterval = 10;
constexpr int64_t kListInterval = 1000;
constexpr int64_t kCpuWindow = 10'000;

// Why a guardian has ended its tree. It is added to the GuardianStatus, shifted by kVerdictShift bits.
enum Verdict : int {
  kWithinLimits = 0,
  kMemoryPassed = 1,
  kProcessesPassed = 2,
  kCpuPassed = 3,
  kNotWeighed = 4,  // What the tree uses cannot be read in /proc.
};
constexpr int kVerdictShift = 4;

// How long a guardian waits for the end of processes that it has killed.
constexpr int kEndSeconds = 10;

}  // namespace seccomp
