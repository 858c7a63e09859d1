#include "napi/notify/mailbox_reader.h"

#include <errno.h>
#include <poll.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "supervisor/supervisor.h"

namespace seccomp {
namespace {

// Returns nullptr if the environment is being torn down: libuv calls callbacks even then, and JavaScript cannot run any
// more. node-addon-api is not used here, since it ends the process if it cannot throw.
napi_value ToArray(napi_env env, const std::vector<double>& numbers) {
  napi_value array = nullptr;
  if (napi_create_array_with_length(env, numbers.size(), &array) != napi_ok) return nullptr;
  for (uint32_t i = 0; i < numbers.size(); i++) {
    napi_value number = nullptr;
    if (napi_create_double(env, numbers[i], &number) != napi_ok) return nullptr;
    if (napi_set_element(env, array, i, number) != napi_ok) return nullptr;
  }
  return array;
}

}  // namespace

std::shared_ptr<MailboxReader> MailboxReader::Open(Napi::Env env, const Napi::Function& on_mail, int* error) {
  auto words = Napi::BigUint64Array::New(env, kMaxCalls * kCallWords);
  if (words.IsEmpty()) {  // This worker is being terminated.
    *error = -ECANCELED;
    return nullptr;
  }
  auto reader = std::make_shared<MailboxReader>();
  const auto close = [](MailboxReader* ending) { ending->Close(); };
  *error = reader->wakeup_.Open(env, reader.get(), close, uv_async_init, OnWakeup);
  if (*error != 0) return nullptr;
  *error = reader->after_poll_.Open(env, reader.get(), close, uv_check_init);
  if (*error != 0) return nullptr;
  reader->mailbox_ = std::make_shared<Mailbox>([handle = reader->wakeup_.get()] { uv_async_send(handle); });
  reader->self_ = reader;
  reader->env_ = env;
  reader->on_mail_ = Napi::Persistent(on_mail);
  reader->words_ = Napi::Persistent(words.As<Napi::Object>());
  reader->words_data_ = words.Data();
  return reader;
}

Failure MailboxReader::Prepare(const Supervision& supervision, ReadyThread* thread) {
  return supervision.passes_all ? Failure{} : Supervisor::Get().Prepare(supervision, thread);
}

Failure MailboxReader::Serve(const std::shared_ptr<Listener>& listener, ReadyThread* thread) {
  if (!listener->passes_all()) return Supervisor::Get().Serve(listener, thread);
  return Poll(listener) ? Failure{} : Supervisor::Get().Serve(listener);
}

bool MailboxReader::Poll(const std::shared_ptr<Listener>& listener) {
  if (self_ == nullptr) return false;
  Polled& polled = polled_[listener->id()];
  polled.reader = this;
  polled.listener = listener;
  const auto close = [](Polled* ending) { ending->reader->Close(); };
  if (polled.handle.Open(env_, &polled, close, uv_poll_init, listener->descriptor()) != 0) {
    polled_.erase(listener->id());
    return false;
  }
  uv_poll_start(polled.handle.get(), UV_READABLE, OnReadable);  // Cannot fail: it is initialized and not closing.
  return true;
}

void MailboxReader::OnReadable(uv_poll_t* handle, int status, int /*events*/) {
  // libuv stops polling after POLLERR, which only means that a signal interrupted the kernel's look at the listener.
  if (status < 0) uv_poll_start(handle, UV_READABLE, OnReadable);
  Polled* const polled = decltype(polled->handle)::OwnerOf(handle);
  polled->reader->Receive(polled, status == 0);
}

// Receives all calls that have been made. Before Linux 5.19 the kernel gives the newest first, so a call that is left
// could wait as long as another thread goes on making calls. `is_ready`: there is a call, or all processes have ended.
void MailboxReader::Receive(Polled* polled, bool is_ready) {
  mailbox_->Disarm();
  uv_check_start(after_poll_.get(), OnAfterPoll);
  const std::shared_ptr<Listener> listener = polled->listener;
  bool may_receive = is_ready && Listener::ReceiveEnds();
  for (size_t i = 0; i < kMaxCalls; i++) {
    if (!may_receive) {
      pollfd state = {listener->descriptor(), POLLIN, 0};
      if (poll(&state, 1, 0) <= 0) return;
      if ((state.revents & POLLIN) == 0) {
        if ((state.revents & POLLHUP) == 0) return;
        polled_.erase(listener->id());
        listener->Close();
        return;
      }
    }
    listener->Serve(&notification_);
    may_receive = false;
  }
}

void MailboxReader::OnAfterPoll(uv_check_t* handle) {
  uv_check_stop(handle);
  decltype(after_poll_)::OwnerOf(handle)->Read();
}

void MailboxReader::OnWakeup(uv_async_t* handle) { decltype(wakeup_)::OwnerOf(handle)->Read(); }

void MailboxReader::Read() {
  const std::shared_ptr<MailboxReader> self = self_;  // JavaScript may close the mailbox.
  Mail mail;
  if (mailbox_->Take(kMaxCalls, &mail) && (mail.IsEmpty() || Deliver(mail))) mailbox_->Rearm();
}

bool MailboxReader::Deliver(const Mail& mail) {
  const Napi::Env env(env_);
  const Napi::HandleScope scope(env);
  const Napi::AsyncContext context(env, "seccomp.Mailbox");
  std::copy(mail.calls.begin(), mail.calls.end(), words_data_);
  napi_value size = nullptr;
  napi_create_uint32(env, static_cast<uint32_t>(mail.calls.size()), &size);
  const napi_value arguments[] = {ToArray(env, mail.kinds), words_.Value(), size, ToArray(env, mail.ended),
                                  ToArray(env, mail.connected)};
  // If one cannot be made, the environment is torn down. The calls stay unanswered until OnTeardown denies them.
  for (napi_value argument : arguments) {
    if (argument == nullptr) return false;
  }
  const Napi::Function on_mail = on_mail_.Value();
  napi_make_callback(env, context, on_mail, on_mail, std::size(arguments), arguments, nullptr);
  if (env.IsExceptionPending()) napi_fatal_exception(env, env.GetAndClearPendingException().Value());
  return true;
}

void MailboxReader::Close() {
  if (self_ == nullptr) return;
  const std::shared_ptr<MailboxReader> self = std::move(self_);
  mailbox_->Close();
  on_mail_.Reset();
  words_.Reset();
  // The mailbox is closed, so the Supervisor denies the calls of processes that go on.
  while (!polled_.empty()) {
    const std::shared_ptr<Listener> listener = polled_.begin()->second.listener;
    polled_.erase(polled_.begin());
    // The calls of a listener that nobody serves would wait forever; those of a closed listener fail.
    if (Supervisor::Get().Serve(listener).error != 0) listener->Close();
  }
  Supervisor::Get().DenyCallsOf(mailbox_.get());
  after_poll_.Close();
  wakeup_.Close();
}

}  // namespace seccomp
