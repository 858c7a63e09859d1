#include "guardian/weigh.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sysinfo.h>
#include <sys/syscall.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "child/digits.h"
#include "guardian/clock.h"
#include "guardian/process_files.h"
#include "launcher/no_stack_protector.h"
#include "system/raw_call.h"

namespace seccomp {
namespace {

// USER_HZ, the unit of times in /proc/PID/stat on every CPU that Node runs on.
constexpr uint64_t kTicksPerSecond = 100;
constexpr uint64_t kMillisecondsPerTick = 1000 / kTicksPerSecond;

// The most threads of a process whose first thread has ended that are looked at. Those that have ended stay only if
// they are traced.
constexpr int kMostEndedThreads = 4096;

int64_t Now() { return Nanoseconds() / 1'000'000; }

// The low 16 bits of the number of all threads. 0 if the kernel does not tell it.
uint16_t ThreadsOfSystem() {
  struct sysinfo info = {};
  RawCall(SYS_sysinfo, Pointer(&info));
  return info.procs;
}

// Returns the resident pages of a process, or of one of its threads: 0 if it has ended, nullopt if that can't be told.
std::optional<uint64_t> PagesOf(long directory, std::string_view name) {
  const ProcessFile file(directory, name, "statm");
  return file.is_gone() ? 0 : ParseStatm(file.text());
}

// The same, for a process whose first thread has ended: the kernel shows the memory of that thread, which is none. Any
// other thread shows all.
std::optional<uint64_t> PagesOfThreads(long proc, std::string_view name) {
  NumberedEntries threads(proc, name, "task");
  int count = 0;
  while (const char* thread = threads.Next()) {
    const auto pages = PagesOf(threads.descriptor(), thread);
    if (pages != 0) return pages;
    if (++count == kMostEndedThreads) return std::nullopt;
  }
  const long error = threads.error();
  return error == 0 || error == -ENOENT || error == -ESRCH ? std::optional<uint64_t>(0) : std::nullopt;
}

}  // namespace

Verdict Scales::Compare(const Weight& weight, int64_t now) {
  const bool was_above = is_memory_above_;
  is_memory_above_ = limits_.pages != 0 && weight.pages > limits_.pages;
  if (is_memory_above_ && was_above) return kMemoryPassed;
  if (limits_.processes != 0 && weight.threads > limits_.processes) return kProcessesPassed;
  return limits_.cpu != 0 && IsCpuTimeAbove(weight, now) ? kCpuPassed : kWithinLimits;
}

bool Scales::IsCpuTimeAbove(const Weight& weight, int64_t now) {
  const uint64_t ticks = weight.cpu_ticks;
  if (ticks > last_ticks_) used_ticks_ += ticks - last_ticks_;
  last_ticks_ = ticks;
  if (count_ == 0 || now - At(count_ - 1).time >= kLookInterval) At(count_++) = {now, used_ticks_};
  while (count_ > 1 && At(1).time <= now - kCpuWindow) {
    first_++;
    count_--;
  }
  const CpuSample& begin = At(0);
  const int64_t span = now - begin.time < kCpuWindow ? kCpuWindow : now - begin.time;
  const uint64_t used = (used_ticks_ - begin.ticks) * kMillisecondsPerTick;
  return used * static_cast<uint64_t>(kCpuWindow) > limits_.cpu * static_cast<uint64_t>(span);
}

Verdict Weigher::WeighIfDue() {
  const int64_t begin = Now();
  const bool is_due = begin >= due_;
  const int64_t growth = begin >= count_due_ ? Growth() : 0;
  const bool has_multiplied = growth > threads_left_ / 2;
  if (!is_due && !has_multiplied) return kWithinLimits;
  if (has_multiplied) {
    const int64_t processes = CountProcesses();
    if (processes > static_cast<int64_t>(limits_.processes)) return kProcessesPassed;
    const int64_t started = processes - processes_;
    if (!is_due && started <= threads_left_ && growth - started <= threads_left_ / 2) {
      PlanCount(begin);
      return kWithinLimits;
    }
  }
  Weight weight;
  const bool is_known = Weigh(&weight);
  const int64_t now = Now();
  const int64_t left = threads_left_;
  NoteCount(weight, begin);
  // The system may have grown by processes of this tree that were missed. The next list finds them.
  if (has_multiplied && growth - (left - threads_left_) > left / 2)
    list_due_ = std::min(list_due_, now + kLookInterval);
  if (!is_known) return kNotWeighed;
  // Memory and CPU time are compared at their intervals only.
  if (!is_due) return weight.threads > limits_.processes ? kProcessesPassed : kWithinLimits;
  const Verdict verdict = scales_.Compare(weight, now);
  due_ = now + scales_.pause();
  return verdict;
}

// Reads no process's files. Where many others want the processor, the guardian may get it for less than a
// millisecond, and the next time after one second.
int64_t Weigher::CountProcesses() {
  const auto most = static_cast<int64_t>(limits_.processes) + 1;
  int64_t count = 0;
  NumberedEntries proc(AT_FDCWD, "/proc", "");
  members_.Begin(false, Now());
  while (count < most && members_.Next(&proc) != 0) count++;
  return count;
}

int64_t Weigher::Growth() const { return static_cast<int16_t>(ThreadsOfSystem() - system_threads_); }

void Weigher::NoteCount(const Weight& weight, int64_t begin) {
  if (limits_.processes == 0) return;
  PlanCount(begin);
  system_threads_ = ThreadsOfSystem();
  const uint64_t left = weight.threads < limits_.processes ? limits_.processes - weight.threads : 0;
  threads_left_ = static_cast<int64_t>(left);
  processes_ = weight.processes;
}

void Weigher::PlanCount(int64_t begin) {
  // A count takes long where there are many processes. The pause before the next one is at least as long.
  const int64_t now = Now();
  count_due_ = now + std::max(kCountInterval, now - begin);
}

void Weigher::Restart(int64_t pause) {
  scales_.ForgetMemory();
  due_ = Now() + pause;
}

int64_t Weigher::Remaining() const {
  const int64_t now = Now();
  if (now >= due_) return 0;
  return std::min(due_ - now, std::max(count_due_ - now, kCountInterval));
}

bool Weigher::Weigh(Weight* weight) {
  const int64_t now = Now();
  const bool lists = now >= list_due_;
  if (lists) list_due_ = now + kListInterval;
  NumberedEntries proc(AT_FDCWD, "/proc", "");
  members_.Begin(lists, now);
  while (const int32_t id = members_.Next(&proc)) {
    if (!Add(proc.descriptor(), weight, id)) return false;
    weight->processes++;
    if (IsEnough(*weight)) return true;
  }
  return members_.is_known();
}

bool Weigher::Add(long proc, Weight* weight, int32_t id) const {
  const Digits digits(id);
  const std::string_view name(digits.text(), digits.size());
  if (limits_.pages != 0) {
    auto pages = PagesOf(proc, name);
    if (pages == 0) pages = PagesOfThreads(proc, name);
    if (!pages) return false;
    weight->pages += *pages;
  }
  if (limits_.processes == 0 && limits_.cpu == 0) return true;
  const ProcessFile file(proc, name, "stat");
  if (file.is_gone()) return true;
  const auto stat = ParseStat(file.text());
  if (!stat) return false;
  weight->threads += stat->threads;
  weight->cpu_ticks += stat->cpu_ticks;
  return true;
}

// Whether the rest need not be weighed.
bool Weigher::IsEnough(const Weight& weight) const {
  return (limits_.processes != 0 && weight.threads > limits_.processes) ||
         (limits_.cpu == 0 && limits_.processes == 0 && weight.pages > limits_.pages);
}

}  // namespace seccomp
