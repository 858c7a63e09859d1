// Weighs a tree at intervals: limits that need no cgroup.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "guardian/members.h"
#include "guardian/protocol.h"

namespace seccomp {

// What the processes of a tree use together.
struct Weight {
  uint64_t pages = 0;      // Resident memory. What processes share is counted for each of them.
  uint64_t threads = 0;    // Those that have ended but were not reaped included.
  uint64_t cpu_ticks = 0;  // CPU time, with that of the processes that were waited for. Falls when others end.
  int64_t processes = 0;
};

// Compares weights that were taken one after another with the limits of a tree.
class Scales {
 public:
  explicit Scales(const TreeLimits& limits) : limits_(limits) {}

  // Returns the limit that is passed. `now` is in milliseconds, and never falls.
  //
  // Memory must be above its limit twice in a row: a process that was just forked has the memory of its parent until it
  // executes its program. CPU time is that of the last kCpuWindow milliseconds.
  Verdict Compare(const Weight& weight, int64_t now);

  // Takes the last weight for none that was above the limit of memory.
  void ForgetMemory() { is_memory_above_ = false; }

  // Milliseconds from the last comparison to the next weighing.
  int64_t pause() const { return is_memory_above_ ? kSecondLook : kLookInterval; }

 private:
  struct CpuSample {
    int64_t time;
    uint64_t ticks;
  };

  CpuSample& At(size_t i) { return samples_[(first_ + i) % samples_.size()]; }
  bool IsCpuTimeAbove(const Weight& weight, int64_t now);

  const TreeLimits limits_;
  bool is_memory_above_ = false;
  uint64_t last_ticks_ = 0;  // As weighed, and
  uint64_t used_ticks_ = 0;  // the sum of all increases.
  // A ring, in which they are at least kLookInterval apart. The first sample was taken when the window began or before,
  // or is the first of all.
  std::array<CpuSample, 128> samples_ = {};
  size_t first_ = 0;
  size_t count_ = 0;
};

// Weighs the processes that the caller may signal, save itself, of which `child` is one.
class Weigher {
 public:
  // NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
  Weigher(const TreeLimits& limits, int32_t self, int32_t child)
      : limits_(limits), members_(self, child), scales_(limits) {}

  // Weighs the tree if it is time to. Counts its processes if they may have multiplied. Returns the limit that is
  // passed.
  Verdict WeighIfDue();

  // Milliseconds until WeighIfDue is to be called again.
  int64_t Remaining() const;

  // To be called before the program runs: until then, its first process has the memory of the process that starts it.
  // The next weighing is due after `pause` milliseconds.
  void Restart(int64_t pause = kLookInterval);

 private:
  bool Weigh(Weight* weight);
  bool Add(long proc, Weight* weight, int32_t id) const;
  bool IsEnough(const Weight& weight) const;
  // The number of the tree's processes; one more than the limit if there are more.
  int64_t CountProcesses();
  // By how many threads the system has grown since the tree was weighed.
  int64_t Growth() const;
  void NoteCount(const Weight& weight, int64_t begin);
  void PlanCount(int64_t begin);

  const TreeLimits limits_;
  Members members_;
  Scales scales_;
  // Of the clock CLOCK_MONOTONIC, in milliseconds: when the tree is to be weighed,
  int64_t due_ = 0;
  int64_t list_due_ = 0;  // when all processes are to be listed for that, and
  // when it is to be counted: what makes that necessary may be other trees, whose guardians count too.
  int64_t count_due_ = std::numeric_limits<int64_t>::max();
  // When the tree was last weighed: the threads of the system, of which the kernel tells the low 16 bits, those that
  // the tree could still start, and its processes.
  uint16_t system_threads_ = 0;
  int64_t threads_left_ = 0;
  int64_t processes_ = 0;
};

static_assert(kCpuWindow / kLookInterval + 2 <= 128);

}  // namespace seccomp
