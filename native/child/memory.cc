#include "child/memory.h"

#include <errno.h>
#include <linux/bpf_common.h>
#include <linux/futex.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

#include "system/raw_call.h"

namespace seccomp {
namespace {

// RunChild calls a handful of small functions, and the kernel uses nothing of this stack.
constexpr size_t kStack = 64 * 1024;
constexpr size_t kGuard = 64 * 1024;  // The largest page size.
constexpr size_t kFilter = BPF_MAXINSNS * sizeof(sock_filter);
// Three stacks, each above a guard, and the filters above the child's.
constexpr size_t kThreadStack = kGuard;
constexpr size_t kGuardianStack = kThreadStack + kStack + kGuard;
constexpr size_t kChildStack = kGuardianStack + kStack + kGuard;
constexpr size_t kMapping = kChildStack + kStack + kMaxFilters * kFilter;

// The key of each thread's memory, pthread_key_create(3).
class Key {
 public:
  Key() : error_(pthread_key_create(&key_, Delete)) {}
  void* Get() const { return error_ == 0 ? pthread_getspecific(key_) : nullptr; }
  // Returns false with errno set if that fails.
  bool Set(void* memory) const {
    errno = error_ == 0 ? pthread_setspecific(key_, memory) : error_;
    return errno == 0;
  }

 private:
  static void Delete(void* memory) { delete static_cast<ChildMemory*>(memory); }
  pthread_key_t key_ = 0;
  int error_;
};

// The kernel wakes waiters that are not private to a process. A wake that was missed would be noticed a second later.
void WaitUntilCleared(const int* word) {
  const timespec second = {1, 0};
  for (int value = 0; (value = __atomic_load_n(word, __ATOMIC_ACQUIRE)) != 0;) {
    RawCall(SYS_futex, reinterpret_cast<long>(word), FUTEX_WAIT, value, reinterpret_cast<long>(&second));
  }
}

// AddressSanitizer marks the frames on a stack. A process that has become a program leaves these marks, and the frames
// of the next one may lie elsewhere.
void ClearMarks([[maybe_unused]] void* stack_top) {
#ifdef __SANITIZE_ADDRESS__
  __asan_unpoison_memory_region(static_cast<char*>(stack_top) - kStack, kStack);
#endif
}

}  // namespace

// By a key, since a thread_local variable needs the dynamic linker by name, and musl's has another one.
ChildMemory* ChildMemory::ForThisThread() {
  static const Key key;
  auto* memory = static_cast<ChildMemory*>(key.Get());
  if (memory != nullptr) {
    ClearMarks(memory->stack_top());
    ClearMarks(memory->thread_stack_top());
    return memory;
  }
  std::unique_ptr<ChildMemory> created = Create(MADV_DONTFORK);
  if (created == nullptr || !key.Set(created.get())) return nullptr;
  return created.release();
}

std::unique_ptr<ChildMemory> ChildMemory::ForCopies() { return Create(MADV_NORMAL); }

std::unique_ptr<ChildMemory> ChildMemory::Create(int fork_advice) {
  void* base = mmap(nullptr, kMapping, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (base == MAP_FAILED) return nullptr;
  std::unique_ptr<ChildMemory> memory(new ChildMemory(static_cast<char*>(base)));
  const auto guard_below = [&memory](size_t stack) {
    return mprotect(memory->base_ + stack - kGuard, kGuard, PROT_NONE) == 0;
  };
  if (guard_below(kThreadStack) && guard_below(kGuardianStack) && guard_below(kChildStack) &&
      madvise(base, kMapping, MADV_DONTDUMP) == 0 && madvise(base, kMapping, fork_advice) == 0) {
    return memory;
  }
  const int error = errno;
  memory.reset();
  errno = error;
  return nullptr;
}

void ChildMemory::AwaitGuardian() const {
  WaitUntilCleared(static_cast<int*>(guardian_stack_top()));
  ClearMarks(guardian_stack_top());
}

ChildMemory::~ChildMemory() {
  AwaitGuardian();
  munmap(base_, kMapping);
}

void* ChildMemory::stack_top() const { return base_ + kChildStack + kStack; }

void* ChildMemory::thread_stack_top() const { return base_ + kThreadStack + kStack; }

void* ChildMemory::guardian_stack_top() const { return base_ + kGuardianStack + kStack - kGuardedRoom; }

sock_filter* ChildMemory::instructions() const { return reinterpret_cast<sock_filter*>(stack_top()); }

void ChildMemory::Wipe(size_t count) { explicit_bzero(base_ + kChildStack, kStack + count * sizeof(sock_filter)); }

}  // namespace seccomp
