#include "system/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "system/condition.h"
#include "system/numbers.h"
#include "system/threads.h"

namespace seccomp {
namespace {

constexpr double kSlice = 5;    // Milliseconds from one look at what is waited for to the next.
constexpr double kLate = 1;     // Milliseconds by which a thread is woken late if processors are lacking.
constexpr double kShort = 1;    // Milliseconds of a run that don't count, and of one whose patience is used up.
constexpr double kIdle = 2000;  // Milliseconds after which a thread that has nothing to do ends.

// Milliseconds that are used up by waiting, and come back with time.
class Budget {
 public:
  // `share`: those that come back in each millisecond.
  // NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
  Budget(double most, double share) : most_(most), share_(share), left_(most) {}
  void Refill(double elapsed) { left_ = std::min(most_, left_ + share_ * elapsed); }
  void Use(double milliseconds) { left_ = std::max(0.0, left_ - milliseconds); }
  double left() const { return left_; }

 private:
  const double most_, share_;
  double left_;
};

struct Job {
  explicit Job(std::function<void()> function) : work(std::move(function)) {}
  std::function<void()> work;
  bool has_begun = false;
  std::atomic<bool> is_done{false};
};

// The text of a file of a thread of this process; empty if it can't be read.
std::string ThreadFile(pid_t thread, const char* name) {
  const std::string path = "/proc/self/task/" + std::to_string(thread) + "/" + name;
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 256> text = {};
  // Await has given its mutex back. NOLINTNEXTLINE(clang-analyzer-unix.BlockInCriticalSection)
  const ssize_t size = file.get() < 0 ? -1 : read(file.get(), text.data(), text.size() - 1);
  return {text.data(), static_cast<size_t>(std::max<ssize_t>(size, 0))};
}

// Looks from time to time whether a thread lacks a processor: it could run, and has not done so since the last look.
// Then the machine is slow, and not what the thread does or waits for.
class Starvation {
 public:
  // `waited`: the milliseconds since the last look.
  // NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
  bool IsFound(pid_t thread, double waited) {
    // PID (NAME) STATE …; the names of this package's threads have no parenthesis.
    const std::string status = ThreadFile(thread, "stat");
    const size_t name_end = status.find(") ");
    const bool is_runnable = name_end != std::string::npos && status.compare(name_end + 2, 1, "R") == 0;
    // Its time on a processor in nanoseconds, and more: proc_pid_schedstat. 0 where the kernel does not count it.
    const std::string times = ThreadFile(thread, "schedstat");
    std::string_view digits = times;
    const uint64_t ran = TakeNumber<uint64_t>(&digits).value_or(0);
    const bool has_run = ran_ && static_cast<double>(ran - *ran_) > waited * 1e6 / 2;
    ran_ = ran;
    return is_runnable && !has_run;
  }

 private:
  std::optional<uint64_t> ran_;
};

}  // namespace

struct Worker::State {
  std::mutex mutex;   // Guards all members.
  Condition changed;  // There is work, some is done, or the Worker is gone.
  std::deque<std::shared_ptr<Job>> jobs;
  bool has_thread = false, stays = false, is_gone = false;
  pid_t thread = 0;  // 0: it has not begun yet.
  Budget patience{Worker::kPatience, Worker::kPatience / 1000.0};
  Budget reserve{10, 0.1};                       // Of runs whose patience is used up.
  Budget lenience{10 * Worker::kPatience, 0.1};  // For a lack of processors, which does not count.
  double refilled = Milliseconds();

  // The caller of these functions holds the mutex.
  int StartThreadIfNone(const std::shared_ptr<State>& self) {
    if (has_thread) return 0;
    thread = 0;
    const int error = StartThread("seccomp-worker", [self] { self->Work(); });
    has_thread = error == 0;
    return error;
  }

  void Work() {
    std::unique_lock<std::mutex> lock(mutex);
    thread = static_cast<pid_t>(syscall(SYS_gettid));
    const auto is_woken = [this] { return !jobs.empty() || is_gone; };
    for (;;) {
      while (!changed.WaitFor(&mutex, kIdle, is_woken) && stays) continue;
      if (jobs.empty()) break;
      const std::shared_ptr<Job> job = std::move(jobs.front());
      jobs.pop_front();
      job->has_begun = true;
      lock.unlock();
      job->work();
      job->is_done = true;
      job->work = nullptr;  // What it owns may take long to close.
      lock.lock();
      changed.NotifyAll();
    }
    has_thread = false;
  }

  // Waits until the job is done. Returns 0, or ETIMEDOUT. Time in which this thread itself is woken late, or the other
  // has no processor, does not count: the machine is slow then.
  int Await(const std::shared_ptr<Job>& job, std::unique_lock<std::mutex>* lock) {
    const double begin = Milliseconds();
    for (Budget* const budget : {&patience, &reserve, &lenience}) budget->Refill(begin - refilled);
    refilled = begin;
    const bool is_spent = patience.left() < kShort;
    const auto is_done = [&job] { return job->is_done.load(); };
    Starvation starvation;
    double slow = 0;
    for (double left = is_spent ? std::min(kShort, reserve.left()) : patience.left(), now = begin; left > 0;) {
      const double slice = std::min(left, kSlice);
      if (changed.WaitFor(&mutex, slice, is_done)) break;
      const double waited = Milliseconds() - now;
      now += waited;
      bool is_slow = waited > slice + kLate || thread == 0;
      if (!is_slow) {
        // Otherwise the thread could be seen to wait for the mutex.
        const pid_t looked_at = thread;
        lock->unlock();
        is_slow = starvation.IsFound(looked_at, waited);
        lock->lock();
      }
      if (is_slow && slow + waited <= lenience.left())
        slow += waited;
      else
        left -= waited;
    }
    const double waited = Milliseconds() - begin - slow;
    lenience.Use(slow);
    if (is_spent)
      reserve.Use(waited);
    else if (waited > kShort)
      patience.Use(waited);
    if (job->is_done) return 0;
    if (!job->has_begun) jobs.erase(std::remove(jobs.begin(), jobs.end(), job), jobs.end());
    return ETIMEDOUT;
  }
};

Worker::Worker() : state_(std::make_shared<State>()) {}

Worker::~Worker() {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->is_gone = true;
  state_->changed.NotifyAll();
}

int Worker::Start() {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->stays = true;
  return state_->StartThreadIfNone(state_);
}

int Worker::Run(std::function<void()> work) {
  std::unique_lock<std::mutex> lock(state_->mutex);
  const int error = state_->StartThreadIfNone(state_);
  if (error != 0) return error;
  const auto job = std::make_shared<Job>(std::move(work));
  state_->jobs.push_back(job);
  state_->changed.NotifyAll();
  return state_->Await(job, &lock);
}

void Worker::Post(std::function<void()> work) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->jobs.push_back(std::make_shared<Job>(std::move(work)));
  state_->changed.NotifyAll();
  // Without a thread it waits for the next start of one.
  static_cast<void>(state_->StartThreadIfNone(state_));
}

void Worker::Close(Descriptor descriptor) {
  if (descriptor.get() < 0) return;
  const auto owned = std::make_shared<Descriptor>(std::move(descriptor));
  Post([owned] { *owned = Descriptor(); });
}

}  // namespace seccomp
