// The memory in which a child runs.
#pragma once

#include <linux/filter.h>

#include <cstddef>
#include <memory>

namespace seccomp {

// The most filters of one request. More would exceed the kernel's limit of 32,768 instructions for all filters of a
// process together.
constexpr size_t kMaxFilters = 8;

constexpr size_t kGuardedRoom = 512;

// Stacks for the child, for the process that becomes its guardian and for the thread that starts both, and room for the
// filters into which the child writes the gate value. Core dumps leave it out.
class ChildMemory {
 public:
  // The memory of the calling thread, which lives as long as the thread. A fork of this process has no copy of it.
  // Returns nullptr with errno set if there is no memory.
  static ChildMemory* ForThisThread();
  // Memory that fork(2) copies, for a fork of this process that starts children of its own.
  static std::unique_ptr<ChildMemory> ForCopies();
  ~ChildMemory();
  ChildMemory(const ChildMemory&) = delete;
  ChildMemory& operator=(const ChildMemory&) = delete;

  void* stack_top() const;
  // Of a thread that has ended when the start returns.
  void* thread_stack_top() const;
  // Memory that the guardian-to-be uses until it executes its program: its stack, and a room of kGuardedRoom bytes
  // above that, which begins with a word that the kernel clears for CLONE_CHILD_CLEARTID.
  void* guardian_stack_top() const;
  // Waits until that memory is not in use: the word at the beginning of the room is then 0. Leaves libc's errno, which
  // a process that uses the memory may use at the same time.
  void AwaitGuardian() const;
  // Room for kMaxFilters * BPF_MAXINSNS instructions.
  sock_filter* instructions() const;
  // Overwrites the stack and the first `count` instructions, both of which hold the gate value after a start.
  void Wipe(size_t count);

 private:
  explicit ChildMemory(char* base) : base_(base) {}
  static std::unique_ptr<ChildMemory> Create(int fork_advice);
  char* base_;
};

}  // namespace seccomp
