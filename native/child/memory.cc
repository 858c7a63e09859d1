#include "child/memory.h"

#include <errno.h>
#include <linux/bpf_common.h>
#include <string.h>
#include <sys/mman.h>

namespace seccomp {
namespace {

// RunChild calls a handful of small functions, and the kernel uses nothing of this stack.
constexpr size_t kStack = 64 * 1024;
constexpr size_t kGuard = 64 * 1024;  // The largest page size.
constexpr size_t kFilter = BPF_MAXINSNS * sizeof(sock_filter);
constexpr size_t kMapping = kGuard + kStack + kMaxFilters * kFilter;

}  // namespace

ChildMemory* ChildMemory::ForThisThread() {
  thread_local std::unique_ptr<ChildMemory> memory;
  if (memory == nullptr) memory = Create(MADV_DONTFORK);
  return memory.get();
}

std::unique_ptr<ChildMemory> ChildMemory::ForCopies() { return Create(MADV_NORMAL); }

std::unique_ptr<ChildMemory> ChildMemory::Create(int fork_advice) {
  void* base = mmap(nullptr, kMapping, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (base == MAP_FAILED) return nullptr;
  std::unique_ptr<ChildMemory> memory(new ChildMemory(static_cast<char*>(base)));
  if (mprotect(base, kGuard, PROT_NONE) == 0 && madvise(base, kMapping, MADV_DONTDUMP) == 0 &&
      madvise(base, kMapping, fork_advice) == 0) {
    return memory;
  }
  const int error = errno;
  memory.reset();
  errno = error;
  return nullptr;
}

ChildMemory::~ChildMemory() { munmap(base_, kMapping); }

void* ChildMemory::stack_top() const { return base_ + kGuard + kStack; }

sock_filter* ChildMemory::instructions() const { return reinterpret_cast<sock_filter*>(base_ + kGuard + kStack); }

void ChildMemory::Wipe(size_t count) { explicit_bzero(base_ + kGuard, kStack + count * sizeof(sock_filter)); }

}  // namespace seccomp
