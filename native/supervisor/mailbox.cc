#include "supervisor/mailbox.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

namespace seccomp {

template <typename Function>
bool Mailbox::Add(Function add) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (is_closed_) return false;
    add(&mail_);
    if (std::exchange(is_woken_, true)) return true;
  }
  WakeUp();
  return true;
}

void Mailbox::AddKind(uint64_t listener, uint32_t kind) {
  Add([=](Mail* mail) {
    mail->kinds.push_back(static_cast<double>(listener));
    mail->kinds.push_back(kind);
  });
}

void Mailbox::AddEnd(uint64_t listener) {
  Add([=](Mail* mail) { mail->ended.push_back(static_cast<double>(listener)); });
}

// NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
void Mailbox::AddConnected(double connection, int error) {
  Add([=](Mail* mail) {
    mail->connected.push_back(connection);
    mail->connected.push_back(error);
  });
}

bool Mailbox::AddCall(uint64_t listener, const seccomp_notif& call) {
  return Add([&](Mail* mail) {
    const uint64_t words[] = {listener, call.id, call.pid,
                              uint64_t{call.data.arch} << 32 | static_cast<uint32_t>(call.data.nr),
                              call.data.instruction_pointer};
    static_assert(std::size(words) + std::size(seccomp_data{}.args) == kCallWords);
    mail->calls.insert(mail->calls.end(), std::begin(words), std::end(words));
    mail->calls.insert(mail->calls.end(), std::begin(call.data.args), std::end(call.data.args));
  });
}

void Mailbox::Disarm() {
  const std::lock_guard<std::mutex> lock(mutex_);
  is_woken_ = true;
}

bool Mailbox::Take(size_t max_calls, Mail* mail) {
  *mail = {};
  const std::lock_guard<std::mutex> lock(mutex_);
  if (is_closed_) return false;
  const auto end =
      mail_.calls.begin() + static_cast<std::ptrdiff_t>(std::min(mail_.calls.size(), max_calls * kCallWords));
  mail->calls.assign(mail_.calls.begin(), end);
  mail_.calls.erase(mail_.calls.begin(), end);
  mail->kinds.swap(mail_.kinds);
  mail->connected.swap(mail_.connected);
  // The end of a listener is reported after all its calls.
  if (mail_.calls.empty()) mail->ended.swap(mail_.ended);
  return true;
}

void Mailbox::Rearm() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_woken_ = !is_closed_ && !mail_.IsEmpty();
    if (!is_woken_) return;
  }
  WakeUp();
}

bool Mailbox::Close() {
  const std::scoped_lock lock(wake_mutex_, mutex_);
  wake_up_ = nullptr;
  mail_ = {};
  return !std::exchange(is_closed_, true);
}

void Mailbox::WakeUp() {
  const std::lock_guard<std::mutex> lock(wake_mutex_);
  if (wake_up_ != nullptr) wake_up_();
}

}  // namespace seccomp
