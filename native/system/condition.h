// Waiting for what another thread does, for some time.
#pragma once

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include <mutex>

namespace seccomp {

// The time since some moment, by the clock that nobody sets.
inline double Milliseconds() {
  timespec now = {};
  static_cast<void>(clock_gettime(CLOCK_MONOTONIC, &now));  // Cannot fail: Linux always has this clock.
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

// std::condition_variable waits by the clock that can be set, or needs glibc 2.30.
class Condition {
 public:
  Condition() {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&condition_, &attributes);
    pthread_condattr_destroy(&attributes);
  }
  ~Condition() { pthread_cond_destroy(&condition_); }
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;

  void NotifyAll() { pthread_cond_broadcast(&condition_); }

  // Waits until `is_true` is, or for some milliseconds. Returns whether it is. The caller holds the mutex.
  template <typename IsTrue>
  bool WaitFor(std::mutex* mutex, double milliseconds, IsTrue is_true) {
    const double end = Milliseconds() + milliseconds;
    const auto seconds = static_cast<time_t>(end / 1e3);
    const timespec until = {seconds, static_cast<long>((end - static_cast<double>(seconds) * 1e3) * 1e6)};
    int error = 0;
    while (!is_true() && error != ETIMEDOUT)
      error = pthread_cond_timedwait(&condition_, mutex->native_handle(), &until);
    return is_true();
  }

 private:
  pthread_cond_t condition_ = {};
};

}  // namespace seccomp
