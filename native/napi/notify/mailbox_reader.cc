#include "napi/notify/mailbox_reader.h"

#include <errno.h>

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
  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  auto wakeup = std::make_unique<Wakeup>();
  *error = uv_async_init(loop, &wakeup->handle, [](uv_async_t* handle) {
    const std::shared_ptr<MailboxReader> reader = static_cast<Wakeup*>(handle->data)->reader;
    reader->OnWakeup();
  });
  if (*error != 0) return nullptr;
  uv_unref(reinterpret_cast<uv_handle_t*>(&wakeup->handle));
  auto reader = std::make_shared<MailboxReader>();
  reader->mailbox_ = std::make_shared<Mailbox>([handle = &wakeup->handle] { uv_async_send(handle); });
  reader->env_ = env;
  reader->on_mail_ = Napi::Persistent(on_mail);
  reader->words_ = Napi::Persistent(words.As<Napi::Object>());
  reader->words_data_ = words.Data();
  wakeup->handle.data = wakeup.get();
  wakeup->reader = reader;
  napi_add_async_cleanup_hook(env, OnTeardown, wakeup.get(), &wakeup->hook);
  reader->wakeup_ = wakeup.release();
  return reader;
}

void MailboxReader::OnWakeup() {
  Mail mail;
  if (mailbox_->Take(kMaxCalls, &mail) && Deliver(mail)) mailbox_->Rearm();
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

// Called when a worker ends while its children run. Denies the calls that the worker's handlers would have answered.
void MailboxReader::OnTeardown(napi_async_cleanup_hook_handle /*hook*/, void* data) {
  const std::shared_ptr<MailboxReader> reader = static_cast<Wakeup*>(data)->reader;
  reader->Close();
}

void MailboxReader::Close() {
  if (!mailbox_->Close()) return;
  on_mail_.Reset();
  words_.Reset();
  Supervisor::Get().DenyCallsOf(mailbox_.get());
  Wakeup* const wakeup = std::exchange(wakeup_, nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&wakeup->handle), [](uv_handle_t* handle) {
    const std::unique_ptr<Wakeup> closed(static_cast<Wakeup*>(handle->data));
    napi_remove_async_cleanup_hook(closed->hook);
  });
}

}  // namespace seccomp
