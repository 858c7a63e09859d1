#include "system/private_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <utility>

#include "system/condition.h"

namespace seccomp {
namespace {

// The removals that have begun. The process waits for them when it exits, but not for ever: it is to end.
class Removals {
 public:
  // Never destroyed: threads can outlive static objects.
  static Removals& Get() {
    static auto* const removals = new Removals;
    static const AtExit at_exit;
    return *removals;
  }

  void Change(int by) {
    const std::lock_guard<std::mutex> lock(mutex_);
    count_ += by;
    changed_.NotifyAll();
  }

 private:
  struct AtExit {
    AtExit() = default;
    AtExit(const AtExit&) = delete;
    AtExit& operator=(const AtExit&) = delete;
    ~AtExit() { Get().Await(); }
  };

  void Await() {
    const std::lock_guard<std::mutex> lock(mutex_);
    changed_.WaitFor(&mutex_, kLongestExit, [this] { return count_ == 0; });
  }

  static constexpr double kLongestExit = 10'000;  // Milliseconds.

  std::mutex mutex_;  // Guards the count.
  Condition changed_;
  int count_ = 0;
};

// One of them.
class Begun {
 public:
  Begun() { Removals::Get().Change(1); }
  ~Begun() { Removals::Get().Change(-1); }
  Begun(const Begun&) = delete;
  Begun& operator=(const Begun&) = delete;
};

constexpr std::string_view kPrefix = "seccomp-";
constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz234567";
constexpr size_t kRandomLetters = 24;  // 120 bits.
static_assert(kLetters.size() == 32);

// Returns 0 or an errno.
int RandomName(std::string* name) {
  std::array<uint8_t, kRandomLetters> bytes = {};
  // Up to 256 bytes are never interrupted or cut short, getrandom(2).
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return errno;
  *name = kPrefix;
  for (const uint8_t byte : bytes) *name += kLetters[byte % kLetters.size()];
  return 0;
}

// Gives a new directory its mode and owner, and finds out its identity.
Failure Prepare(const Descriptor& parent, const std::string& name, const std::optional<FileUser>& user,
                FileIdentity* identity) {
  Descriptor directory;
  struct stat file = {};
  const int error = OpenDirectory(parent.get(), name.c_str(), &directory, &file);
  if (error != 0) return {error, "openat"};
  if (fchmod(directory.get(), S_IRWXU) != 0) return {errno, "fchmod"};  // The umask may have taken rights away.
  if (user && fchown(directory.get(), user->uid, user->gid) != 0) return {errno, "fchown"};
  *identity = IdentityOf(file);
  return {};
}

}  // namespace

Failure PrivateDirectory::Make(const std::string& parent, const std::optional<FileUser>& user,
                               std::shared_ptr<PrivateDirectory>* directory) {
  auto made = std::make_shared<PrivateDirectory>();
  if (user && (user->uid != geteuid() || user->gid != getegid())) made->user_ = user;
  made->parent_ = Descriptor(open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (made->parent_.get() < 0) return {errno, "open"};
  const int error = RandomName(&made->name_);
  if (error != 0) return {error, "getrandom"};
  const int no_thread = made->worker_.Start();
  if (no_thread != 0) return {no_thread, "pthread_create"};
  if (mkdirat(made->parent_.get(), made->name_.c_str(), S_IRWXU) != 0) return {errno, "mkdir"};
  const Failure failure = Prepare(made->parent_, made->name_, made->user_, &made->identity_);
  if (failure.error != 0) {
    unlinkat(made->parent_.get(), made->name_.c_str(), AT_REMOVEDIR);
    return failure;
  }
  *directory = std::move(made);
  return {};
}

int PrivateDirectory::RemoveNow() {
  if (parent_.get() < 0) return 0;
  const int error = RemoveTree(parent_, name_, identity_, user_);
  if (error == 0) parent_ = Descriptor();
  return error;
}

void PrivateDirectory::Remove(std::function<void(int)> done) {
  worker_.Post([self = shared_from_this(), done = std::move(done), begun = std::make_shared<Begun>()] {
    done(self->RemoveNow());
  });
}

int PrivateDirectory::RemoveSoon() {
  const auto result = std::make_shared<int>(0);
  const int error = worker_.Run(
      [self = shared_from_this(), result, begun = std::make_shared<Begun>()] { *result = self->RemoveNow(); });
  return error == 0 ? *result : error;
}

}  // namespace seccomp
