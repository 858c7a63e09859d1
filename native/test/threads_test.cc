// Tests of the addon's own threads. Run as `threads_test NAME`.
#include "system/threads.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <mutex>
#include <string>
#include <thread>

#include "check.h"

namespace seccomp::test {
namespace {

// The status of the calling thread, proc_pid_status(5).
std::string Field(const std::string& name) {
  std::ifstream status("/proc/self/task/" + std::to_string(syscall(SYS_gettid)) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.compare(0, name.size() + 1, name + ":") == 0) return line.substr(name.size() + 2);
  }
  return "(none)";
}

// Runs a function on a thread by StartThread, and waits for its end.
void OnThread(const char* name, const std::function<void()>& run) {
  std::mutex mutex;
  std::condition_variable changed;
  bool has_run = false;
  CHECK_EQUAL(StartThread(name,
                          [&] {
                            run();
                            const std::lock_guard<std::mutex> lock(mutex);
                            has_run = true;
                            changed.notify_all();
                          }),
              0);
  std::unique_lock<std::mutex> lock(mutex);
  changed.wait(lock, [&] { return has_run; });
}

// SIGKILL and SIGSTOP cannot be blocked. libc's own, from the first real-time signal of the kernel, must not be:
// setuid(3) waits until each thread has handled one.
TEST(AThreadHasItsNameAndBlocksAllSignalsButThoseOfLibc) {
  const std::string ours = Field("SigBlk");
  std::string name;
  std::string blocked;
  OnThread("fifteen letters", [&] {
    name = Field("Name");
    blocked = Field("SigBlk");
  });
  CHECK_EQUAL(name, "fifteen letters");
  const uint64_t of_libc = (uint64_t{1} << (SIGRTMIN - 1)) - (uint64_t{1} << 31);
  CHECK_EQUAL(std::stoull(blocked, nullptr, 16), 0xfffffffffffbfeffU & ~of_libc);
  CHECK_EQUAL(Field("SigBlk"), ours);
}

uint64_t VirtualPages() {
  uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages;
}

// A stack has eight megabytes. libc keeps forty for later threads.
TEST(AThreadLeavesNoStackBehind) {
#ifdef __SANITIZE_THREAD__
  seccomp::test::Skip("ThreadSanitizer has a thread of its own");
#endif
  const auto run_thread = [] {
    OnThread("short-lived", [] {});
    while (std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}) > 1) sched_yield();
  };
  run_thread();
  const uint64_t before = VirtualPages();
  for (int i = 0; i < 40; i++) run_thread();
  CHECK_EQUAL((VirtualPages() - before) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) < (uint64_t{100} << 20), true);
}

// A pipe from which nothing can be read.
class EmptyPipe {
 public:
  EmptyPipe() { CHECK_EQUAL(pipe2(ends_, O_CLOEXEC), 0); }
  EmptyPipe(const EmptyPipe&) = delete;
  EmptyPipe& operator=(const EmptyPipe&) = delete;
  ~EmptyPipe() {
    close(ends_[0]);
    close(ends_[1]);
  }
  // The errno of a read.
  int Read() const {
    char byte = 0;
    return read(ends_[0], &byte, 1) < 0 ? errno : 0;
  }

 private:
  int ends_[2] = {-1, -1};
};

TEST(AnInterruptionEndsOneCallAfterTheOther) {
  OnThread("interrupted", [] {
    const EmptyPipe pipe;
    const Interruption interruption;
    interruption.Every(1);
    for (int i = 0; i < 3; i++) CHECK_EQUAL(pipe.Read(), EINTR);
  });
}

TEST(AnyThreadMayInterrupt) {
  const Interruption* interruption = nullptr;
  std::mutex mutex;
  std::condition_variable changed;
  std::thread other([&] {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return interruption != nullptr; });
    interruption->Every(1);
  });
  {
    const Interruption ours;
    {
      const std::lock_guard<std::mutex> lock(mutex);
      interruption = &ours;
      changed.notify_all();
    }
    CHECK_EQUAL(EmptyPipe().Read(), EINTR);
    other.join();
  }
}

void OnSignal(int) {}

TEST(AnInterruptionTakesASignalThatThisProcessDoesNotUse) {
  struct sigaction used = {};
  used.sa_handler = OnSignal;
  sigaction(SIGRTMAX, &used, nullptr);
  struct sigaction ignored = {};
  ignored.sa_handler = SIG_IGN;
  sigaction(SIGRTMAX - 1, &ignored, nullptr);
  const Interruption interruption;
  const auto disposition = [](int signal) {
    struct sigaction action = {};
    sigaction(signal, nullptr, &action);
    return action.sa_handler;
  };
  CHECK_EQUAL(disposition(SIGRTMAX) == OnSignal, true);
  CHECK_EQUAL(disposition(SIGRTMAX - 1) == SIG_IGN, true);
  CHECK_EQUAL(disposition(SIGRTMAX - 2) == SIG_DFL, false);
  CHECK_EQUAL(disposition(SIGRTMAX - 3) == SIG_DFL, true);
}

}  // namespace
}  // namespace seccomp::test

int main(int argc, char** argv) { return argc == 2 ? seccomp::test::RunTest(argv[1]) : 2; }
