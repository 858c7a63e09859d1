// Tests of Listener with calls that another process makes. Run as `listener_test NAME`.
#include "supervisor/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/time_types.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "check.h"
#include "supervisor/connection.h"
#include "supervisor/connector.h"
#include "supervisor/supervisor.h"

namespace seccomp::test {

// Called before each connect(2), on its thread.
static std::function<void()>& BeforeConnect() {
  static std::function<void()> function;
  return function;
}

// Whether uname(2) reports Linux 6.10.
static bool& IsOldKernel() {
  static bool is_old = false;
  return is_old;
}

}  // namespace seccomp::test

// In the place of those of the C library.
// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): reserved names.
extern "C" int uname(utsname* system) noexcept {
  const auto result = static_cast<int>(syscall(SYS_uname, system));
  if (seccomp::test::IsOldKernel()) strcpy(system->release, "6.10.99");
  return result;
}
// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): reserved names.
extern "C" int connect(int socket, const sockaddr* address, socklen_t size) {
  if (seccomp::test::BeforeConnect()) seccomp::test::BeforeConnect()();
  return static_cast<int>(syscall(SYS_connect, socket, address, size));
}

namespace seccomp::test {
namespace {

// A call that no library makes, of which the caller's filter notifies.
constexpr long kCall = SYS_sched_get_priority_max;

// What the caller shares with this process.
struct Shared {
  std::atomic<int> listener{-1};
  std::atomic<long> result{0};
  std::atomic<int> error{0};
  std::atomic<bool> has_returned{false};
};

// A process that makes one call, and a listener that receives it in this process. The two share their descriptors, so
// the number of the listener is valid in both.
class Caller {
 public:
  Caller() {
    void* const memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    shared_ = new (memory) Shared();
    pid_ = static_cast<pid_t>(syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0L, 0L, 0L, 0L));
    CHECK_EQUAL(pid_ >= 0, true);  // kill(2) would send a signal for -1 to all processes.
    if (pid_ == 0) MakeCall(shared_);
    while (shared_->listener < 0) sched_yield();
  }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;
  ~Caller() {
    kill(pid_, SIGKILL);
    Await();
    munmap(shared_, sizeof *shared_);
  }

  pid_t pid() const { return pid_; }
  Descriptor TakeListener() const { return Descriptor(shared_->listener); }
  // Waits for the end of the process.
  void Await() const { waitpid(pid_, nullptr, 0); }
  void Kill() const {
    kill(pid_, SIGKILL);
    siginfo_t status = {};
    waitid(P_PID, static_cast<id_t>(pid_), &status, WEXITED | WNOWAIT);
  }
  bool HasReturned() const { return shared_->has_returned; }
  // The result of the call: its return value, or -errno.
  long Result() const {
    Await();
    return shared_->result < 0 ? -shared_->error : shared_->result.load();
  }

 private:
  [[noreturn]] static void MakeCall(Shared* shared) {
    sock_filter instructions[] = {
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
        {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, kCall},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_USER_NOTIF},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
    };
    const sock_fprog filter = {4, instructions};
    prctl(PR_SET_PDEATHSIG, static_cast<long>(SIGKILL), 0L, 0L, 0L);  // This process holds the listener open too.
    prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
    shared->listener =
        static_cast<int>(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter));
    const long result = syscall(kCall, 0L);
    shared->error = errno;
    shared->result = result;
    shared->has_returned = true;
    _exit(0);
  }

  Shared* shared_;
  pid_t pid_ = 0;
};

std::shared_ptr<Supervision> Answering(uint32_t answer) {
  auto supervision = std::make_shared<Supervision>();
  CHECK_EQUAL(supervision->answers.Load({{BPF_RET | BPF_K, 0, 0, answer}}), true);
  return supervision;
}

// A listener of one caller, whose one call it has served.
class Served {
 public:
  explicit Served(const std::shared_ptr<Supervision>& supervision)
      : mailbox_(std::make_shared<Mailbox>([] {})),
        listener_(std::make_shared<Listener>(caller_.TakeListener(), supervision, mailbox_)) {
    CHECK_EQUAL(listener_->Serve(&notification_), true);
    CHECK_EQUAL(listener_->served(), 1U);
  }
  explicit Served(uint32_t answer = SECCOMP_RET_USER_NOTIF) : Served(Answering(answer)) {}
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;
  // A listener holds the connections of calls that wait, and these hold their listener.
  ~Served() { listener_->DenyWaiting(); }

  Caller& caller() { return caller_; }
  Listener& listener() { return *listener_; }
  const std::shared_ptr<Listener>& shared() { return listener_; }
  uint64_t call() { return notification_.get()->id; }
  Mail TakeMail() {
    Mail mail;
    CHECK_EQUAL(mailbox_->Take(100, &mail), true);
    return mail;
  }
  int Answer(int error, int64_t value = 0, uint32_t flags = 0) {
    return listener_->Answer({call(), value, -error, flags});
  }

 private:
  Caller caller_;
  Notification notification_;
  std::shared_ptr<Mailbox> mailbox_;
  std::shared_ptr<Listener> listener_;
};

TEST(AnswersByTheProgram) {
  Served denied(SECCOMP_RET_ERRNO | 77);
  CHECK_EQUAL(denied.caller().Result(), -77);
  Served highest(SECCOMP_RET_ERRNO | 0xffff);
  CHECK_EQUAL(highest.caller().Result(), -4095);
  Served allowed(SECCOMP_RET_ALLOW);
  CHECK_EQUAL(allowed.caller().Result() == -ENOSYS, false);
  Served logged(SECCOMP_RET_LOG);
  CHECK_EQUAL(logged.caller().Result() == -ENOSYS, false);
  Served killed(SECCOMP_RET_KILL_PROCESS | 5);
  CHECK_EQUAL(killed.caller().Result(), -EPERM);
}

TEST(ReportsTheKindsOfDeniedCallsAndOfAllowedOnesThatNameNoFiles) {
  Served denied(SECCOMP_RET_ERRNO | 77);
  const std::vector<double> expected = {static_cast<double>(denied.listener().id()), 0};
  CHECK_EQUAL(denied.TakeMail().kinds == expected, true);
  CHECK_EQUAL(denied.listener().kinds().At(0).value_or(CallKind()).thread, denied.caller().pid());
  Served allowed(SECCOMP_RET_ALLOW);
  CHECK_EQUAL(allowed.TakeMail().kinds.size(), 2U);
  CHECK_EQUAL(allowed.listener().kinds().At(0).value_or(CallKind()).answer, uint32_t{SECCOMP_RET_ALLOW});
  const auto counting = Answering(SECCOMP_RET_ALLOW);
  counting->counts_all = true;
  Served counted(counting);
  CHECK_EQUAL(counted.TakeMail().IsEmpty(), true);
  CHECK_EQUAL(counted.listener().kinds().At(0).has_value(), true);
}

TEST(PassesACallToItsReader) {
  Served served;
  const std::vector<uint64_t> words = served.TakeMail().calls;
  CHECK_EQUAL(words.size(), kCallWords);
  CHECK_EQUAL(words[0], served.listener().id());
  CHECK_EQUAL(words[1], served.call());
  CHECK_EQUAL(words[2], static_cast<uint64_t>(served.caller().pid()));
  CHECK_EQUAL(words[3] & 0xffffffff, static_cast<uint64_t>(kCall));
  CHECK_EQUAL(served.caller().HasReturned(), false);
}

TEST(AnswersACallOnce) {
  Served served;
  CHECK_EQUAL(served.listener().IsWaiting(served.call()), 0);
  CHECK_EQUAL(served.listener().IsWaiting(served.call() + 1), ENOENT);
  CHECK_EQUAL(served.Answer(0, 1234), 0);
  CHECK_EQUAL(served.Answer(EPERM), ENOENT);
  CHECK_EQUAL(served.listener().IsWaiting(served.call()), ENOENT);
  CHECK_EQUAL(served.caller().Result(), 1234);
}

TEST(AnswersWhateverAnEarlierCallHasLeftInErrno) {
  Served served;
  errno = EINTR;
  CHECK_EQUAL(served.Answer(0, 1234), 0);
  CHECK_EQUAL(served.caller().Result(), 1234);
}

TEST(AnswersWithAnErrnoOrContinues) {
  Served denied;
  CHECK_EQUAL(denied.Answer(EBADFD), 0);
  CHECK_EQUAL(denied.caller().Result(), -EBADFD);
  Served continued;
  CHECK_EQUAL(continued.Answer(0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE), 0);
  CHECK_EQUAL(continued.caller().Result(), 0);  // The highest priority of SCHED_OTHER.
}

TEST(KnowsThatACallerHasDied) {
  Served served;
  served.caller().Kill();
  CHECK_EQUAL(served.listener().IsWaiting(served.call()), ENOENT);
  CHECK_EQUAL(served.listener().Begin(served.call(), nullptr), ENOENT);
  int added = 0;
  CHECK_EQUAL(served.listener().AddDescriptor(served.call(), STDERR_FILENO, false, &added), ENOENT);
  Served other;
  other.caller().Kill();
  CHECK_EQUAL(other.Answer(0), ENOENT);
}

TEST(AddsADescriptorThatIsTheResultOfTheCall) {
  for (const bool close_on_exec : {false, true}) {
    Served served;
    int added = -1;
    CHECK_EQUAL(served.listener().AddDescriptor(served.call(), STDERR_FILENO, close_on_exec, &added), 0);
    CHECK_EQUAL(served.caller().Result(), added);
    // The caller shares its descriptors with this process.
    CHECK_EQUAL(fcntl(added, F_GETFD), close_on_exec ? FD_CLOEXEC : 0);
    CHECK_EQUAL(served.listener().IsWaiting(served.call()), ENOENT);
    CHECK_EQUAL(served.listener().AddDescriptor(served.call(), STDERR_FILENO, false, &added), ENOENT);
    CHECK_EQUAL(served.Answer(0), ENOENT);
  }
}

// Lets a request of io_uring end on this thread some microseconds later, as libuv's do.
class Interruption {
 public:
  Interruption() : ring_(static_cast<int>(syscall(SYS_io_uring_setup, 4, &params_))) {
    if (ring_.get() < 0) return;
    queue_ = Map(params_.sq_off.array + 4 * sizeof(uint32_t), IORING_OFF_SQ_RING);
    entries_ = reinterpret_cast<io_uring_sqe*>(Map(4 * sizeof(io_uring_sqe), IORING_OFF_SQES));
  }
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  ~Interruption() = default;
  bool is_possible() const { return ring_.get() >= 0; }

  void After(int64_t nanoseconds) {
    time_ = {0, nanoseconds};
    io_uring_sqe& entry = *entries_;
    memset(&entry, 0, sizeof entry);
    entry.opcode = IORING_OP_TIMEOUT;
    entry.addr = reinterpret_cast<uint64_t>(&time_);
    entry.len = 1;
    auto* const tail = reinterpret_cast<uint32_t*>(queue_ + params_.sq_off.tail);
    reinterpret_cast<uint32_t*>(queue_ + params_.sq_off.array)[*tail % 4] = 0;
    __atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
    CHECK_EQUAL(syscall(SYS_io_uring_enter, ring_.get(), 1, 0, 0, nullptr, 0), 1);
  }

 private:
  char* Map(size_t size, off_t offset) const {
    return static_cast<char*>(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring_.get(), offset));
  }

  io_uring_params params_ = {};
  const Descriptor ring_;
  char* queue_ = nullptr;
  io_uring_sqe* entries_ = nullptr;
  __kernel_timespec time_ = {};
};

TEST(AddsADescriptorWhileARequestOfIoUringEnds) {
  for (int i = 0; i < 300; i++) {
    Served served;
    Interruption interruption;
    if (!interruption.is_possible()) Skip("io_uring is not allowed");
    interruption.After(int64_t{500} * (i % 60));
    int added = -1;
    CHECK_EQUAL(served.listener().AddDescriptor(served.call(), STDERR_FILENO, false, &added), 0);
    CHECK_EQUAL(served.caller().Result(), added);
    close(added);
  }
}

TEST(KeepsACallWaitingToWhichADescriptorCannotBeAdded) {
  Served served;
  int added = -1;
  CHECK_EQUAL(served.listener().AddDescriptor(served.call(), 999, false, &added), EBADF);
  rlimit files = {};
  const rlimit none = {0, 0};
  prlimit(served.caller().pid(), RLIMIT_NOFILE, &none, &files);
  CHECK_EQUAL(served.listener().AddDescriptor(served.call(), STDERR_FILENO, false, &added), EMFILE);
  CHECK_EQUAL(served.listener().IsWaiting(served.call()), 0);
  CHECK_EQUAL(served.Answer(EIO), 0);
  CHECK_EQUAL(served.caller().Result(), -EIO);
}

TEST(DeniesWaitingCalls) {
  Served served;
  served.listener().DenyWaiting();
  CHECK_EQUAL(served.caller().Result(), -EPERM);
  CHECK_EQUAL(served.Answer(0), ENOENT);
}

TEST(DeniesACallThatNobodyWillAnswer) {
  const Caller caller;
  const auto mailbox = std::make_shared<Mailbox>([] {});
  mailbox->Close();
  Listener listener(caller.TakeListener(), Answering(SECCOMP_RET_USER_NOTIF), mailbox);
  Notification notification;
  CHECK_EQUAL(listener.Serve(&notification), true);
  CHECK_EQUAL(caller.Result(), -EPERM);
}

TEST(FailsTheCallsOfAListenerThatIsClosed) {
  Served served;
  static_cast<void>(served.TakeMail());
  served.listener().Close();
  CHECK_EQUAL(served.caller().Result(), -ENOSYS);  // The kernel's answer if nothing holds the listener.
  CHECK_EQUAL(served.TakeMail().ended == std::vector<double>({static_cast<double>(served.listener().id())}), true);
  CHECK_EQUAL(served.Answer(0), ENOENT);
  CHECK_EQUAL(served.listener().descriptor(), -1);
}

TEST(ReceivesNothingOfACallerThatWasKilledBefore) {
  const Caller caller;
  Listener listener(caller.TakeListener(), Answering(SECCOMP_RET_USER_NOTIF), std::make_shared<Mailbox>([] {}));
  caller.Kill();
  Notification notification;
  CHECK_EQUAL(listener.Serve(&notification), false);
  CHECK_EQUAL(listener.served(), 0U);
}

TEST(ReceivesOneCallAfterTheOtherIntoTheSameMemory) {
  Notification notification;
  for (int i = 0; i < 2; i++) {
    const Caller caller;
    Listener listener(caller.TakeListener(), Answering(SECCOMP_RET_ERRNO | 77), std::make_shared<Mailbox>([] {}));
    CHECK_EQUAL(listener.Serve(&notification), true);
    CHECK_EQUAL(caller.Result(), -77);
  }
}

TEST(ListenersHaveDifferentIds) {
  Served one;
  Served other;
  CHECK_EQUAL(one.listener().id() == other.listener().id(), false);
}

// --- The supervisor --------------------------------------------------------------------------------------------------

std::shared_ptr<Supervision> FindingFiles(std::shared_ptr<Supervision> supervision) {
  supervision->paths[0];
  return supervision;
}

void CheckServedUntilItsCallersHaveEnded() {
  const auto answering = [] { return Answering(SECCOMP_RET_ERRNO | 77); };
  for (const auto& supervision : {answering(), FindingFiles(answering())}) {
    const Caller caller;
    const auto mailbox = std::make_shared<Mailbox>([] {});
    auto listener = std::make_shared<Listener>(caller.TakeListener(), supervision, mailbox);
    const std::weak_ptr<Listener> served = listener;
    const auto id = static_cast<double>(listener->id());
    CHECK_EQUAL(Supervisor::Get().Serve(std::move(listener)).error, 0);
    CHECK_EQUAL(caller.Result(), -77);
    while (!served.expired()) sched_yield();
    Mail mail;
    CHECK_EQUAL(mailbox->Take(1, &mail), true);
    CHECK_EQUAL(mail.ended == std::vector<double>({id}), true);
  }
}

TEST(IsServedUntilItsCallersHaveEnded) { CheckServedUntilItsCallersHaveEnded(); }

// Which may only ask for a call after poll(2) has reported one.
TEST(IsServedOnOldKernelsToo) {
  IsOldKernel() = true;
  CheckServedUntilItsCallersHaveEnded();
  CHECK_EQUAL(Listener::ReceiveEnds(), false);
}

// A listener whose caller waits for an answer, which the supervisor serves.
class Supervised {
 public:
  explicit Supervised(const std::shared_ptr<Supervision>& supervision = Answering(SECCOMP_RET_USER_NOTIF))
      : listener_(std::make_shared<Listener>(caller_.TakeListener(), supervision, mailbox_)) {
    CHECK_EQUAL(Supervisor::Get().Serve(listener_).error, 0);
    for (Mail mail; mail.calls.empty(); sched_yield()) CHECK_EQUAL(mailbox_->Take(1, &mail), true);
  }
  const Caller& caller() const { return caller_; }
  const Mailbox* mailbox() const { return mailbox_.get(); }
  // Waits until the end of the listener is reported.
  void AwaitEnd() const {
    for (Mail mail; mail.ended.empty(); sched_yield()) CHECK_EQUAL(mailbox_->Take(1, &mail), true);
  }

 private:
  Caller caller_;
  std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>([] {});
  std::shared_ptr<Listener> listener_;
};

TEST(DeniesTheCallsOfOneMailbox) {
  const Supervised one;
  const Supervised other;
  Supervisor::Get().DenyCallsOf(other.mailbox());
  CHECK_EQUAL(other.caller().Result(), -EPERM);
  CHECK_EQUAL(one.caller().HasReturned(), false);
  Supervisor::Get().DenyCallsOf(one.mailbox());
  CHECK_EQUAL(one.caller().Result(), -EPERM);
  one.AwaitEnd();
  other.AwaitEnd();
}

// How many threads this process has.
size_t Threads() {
  size_t count = 0;
  for (const auto& each : std::filesystem::directory_iterator("/proc/self/task")) count += each.path().empty() ? 0 : 1;
  return count;
}

TEST(HasAThreadOfItsOwnIfItFindsFiles) {
  const Supervised first;
  const size_t before = Threads();
  const Supervised second;
  CHECK_EQUAL(Threads(), before);
  const Supervised finding(FindingFiles(Answering(SECCOMP_RET_USER_NOTIF)));
  CHECK_EQUAL(Threads(), before + 1);
}

// Attaches a filter to this process under which it starts no thread.
void DenyThreads() {
  sock_filter instructions[] = {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
      {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, SYS_clone},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_clone3},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | EPERM},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
  };
  const sock_fprog filter = {5, instructions};
  CHECK_EQUAL(prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L), 0);
  CHECK_EQUAL(prctl(PR_SET_SECCOMP, static_cast<long>(SECCOMP_MODE_FILTER), &filter, 0L, 0L), 0);
}

TEST(IsNotKeptIfThereIsNoThreadForIt) {
  const pid_t pid = fork();
  if (pid == 0) {
    const Caller caller;
    const Caller finding;
    DenyThreads();
    const auto refused = [](const Caller& each, const std::shared_ptr<Supervision>& supervision) {
      auto listener = std::make_shared<Listener>(each.TakeListener(), supervision, std::make_shared<Mailbox>([] {}));
      const std::weak_ptr<Listener> kept = listener;
      const Failure failure = Supervisor::Get().Serve(std::move(listener));
      CHECK_EQUAL(failure.error, EPERM);
      CHECK_EQUAL(std::string(failure.call), "pthread_create");
      CHECK_EQUAL(kept.expired(), true);
      CHECK_EQUAL(each.Result(), -ENOSYS);
    };
    refused(caller, Answering(SECCOMP_RET_ALLOW));
    refused(finding, FindingFiles(Answering(SECCOMP_RET_ALLOW)));
    _exit(0);  // LeakSanitizer would start a thread.
  }
  int status = 0;
  CHECK_EQUAL(waitpid(pid, &status, 0), pid);
  CHECK_EQUAL(status, 0);
}

// --- Connections of a call -------------------------------------------------------------------------------------------

// A connection of the call, of a socket of this process in the caller's place.
template <typename Address>
std::shared_ptr<Connection> NewConnection(Served* served, double number, Descriptor socket, const Address& address,
                                          socklen_t size = sizeof(Address)) {
  static std::vector<Descriptor> sockets;
  ConnectionRequest request;
  request.listener = served->shared();
  request.call = served->call();
  request.thread = getpid();
  request.descriptor = socket.get();
  memcpy(&request.address, &address, size);
  request.size = size;
  sockets.push_back(std::move(socket));
  return std::make_shared<Connection>(number, std::move(request));
}

// A connection to nothing, with this number.
std::shared_ptr<Connection> Refused(Served* served, double number) {
  sockaddr_in nowhere = {};
  nowhere.sin_family = AF_INET;
  nowhere.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  nowhere.sin_port = htons(1);
  return NewConnection(served, number, Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), nowhere);
}

// Waits until the listener's Worker has done what it was given.
void Settle(Served* served) {
  while (served->listener().worker().Run([] {}) != 0) sched_yield();
}

TEST(AttachesOneConnectionToACall) {
  Served served;
  CHECK_EQUAL(served.listener().Begin(served.call(), Refused(&served, 5)), 0);
  CHECK_EQUAL(served.listener().Begin(served.call(), Refused(&served, 5)), EALREADY);
  CHECK_EQUAL(served.Answer(EPERM), 0);
  CHECK_EQUAL(served.listener().Begin(served.call(), Refused(&served, 5)), ENOENT);
}

TEST(MakesNoConnectionForACallThatWasAnswered) {
  Served served;
  const auto connection = Refused(&served, 5);
  CHECK_EQUAL(served.listener().Begin(served.call(), connection), 0);
  CHECK_EQUAL(served.Answer(EPERM), 0);
  static_cast<void>(served.TakeMail());
  connection->Run();
  CHECK_EQUAL(served.TakeMail().connected == std::vector<double>({5, ENOENT}), true);
}

// A socket of this process that accepts TCP connections.
struct Server {
  Server() : socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (socket.get() < 0) std::abort();
    CHECK_EQUAL(bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
    CHECK_EQUAL(listen(socket.get(), 4), 0);
    CHECK_EQUAL(getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  }
  sockaddr_in address = {};
  Descriptor socket;
};

bool IsConnected(const Descriptor& socket) {
  sockaddr_storage peer = {};
  socklen_t size = sizeof peer;
  return getpeername(socket.get(), reinterpret_cast<sockaddr*>(&peer), &size) == 0;
}

// Begins to connect a socket to the server in the caller's place.
std::shared_ptr<Connection> BeginConnection(Served* served, const Server& server, Descriptor socket) {
  auto connection = NewConnection(served, 5, std::move(socket), server.address);
  CHECK_EQUAL(served->listener().Begin(served->call(), connection), 0);
  static_cast<void>(served->TakeMail());
  return connection;
}

// Whether a connection that was made stays when `answer` answers its call.
template <typename Function>
bool StaysAfter(int type, Function answer) {
  const Server server;
  Served served;
  Descriptor socket(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  const Descriptor copy(dup(socket.get()));
  const auto connection = BeginConnection(&served, server, std::move(socket));
  connection->Run();
  const std::vector<double> reported = served.TakeMail().connected;
  CHECK_EQUAL(reported.size(), 2U);
  CHECK_EQUAL(reported[1] == 0 || reported[1] == EINPROGRESS, true);
  CHECK_EQUAL(answer(&served), 0);
  Settle(&served);
  return IsConnected(copy);
}

bool Stays(int type, int error, uint32_t flags) {
  return StaysAfter(type, [error, flags](Served* served) { return served->Answer(error, 0, flags); });
}

TEST(UndoesAConnectionUnlessTheAnswerIsItsResult) {
  CHECK_EQUAL(Stays(SOCK_STREAM, 0, 0), true);
  CHECK_EQUAL(Stays(SOCK_STREAM, EPERM, 0), false);
  CHECK_EQUAL(Stays(SOCK_STREAM, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE), false);
  CHECK_EQUAL(Stays(SOCK_STREAM | SOCK_NONBLOCK, EACCES, 0), false);
  CHECK_EQUAL(Stays(SOCK_DGRAM, 0, 0), true);
  CHECK_EQUAL(Stays(SOCK_DGRAM, EPERM, 0), false);
}

TEST(UndoesAConnectionThatIsMadeWhileItsCallIsAnswered) {
  for (const int answer : {0, EPERM}) {
    const Server server;
    Served served;
    Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const Descriptor copy(dup(socket.get()));
    const auto connection = BeginConnection(&served, server, std::move(socket));
    std::atomic<bool> is_answered{false};
    BeforeConnect() = [&] {
      if (!is_answered.exchange(true)) CHECK_EQUAL(served.Answer(answer), 0);
    };
    connection->Run();
    Settle(&served);  // The Worker calls connect(2) too, to undo the connection.
    BeforeConnect() = nullptr;
    CHECK_EQUAL(served.TakeMail().connected == std::vector<double>({5, ENOENT}), true);
    CHECK_EQUAL(IsConnected(copy), false);
  }
}

TEST(UndoesAConnectionThatIsNotMadeYetIfADescriptorIsTheAnswer) {
  const auto adds = [](Served* served) {
    int added = -1;
    return served->listener().AddDescriptor(served->call(), STDERR_FILENO, true, &added);
  };
  CHECK_EQUAL(StaysAfter(SOCK_STREAM | SOCK_NONBLOCK, adds), false);
}

TEST(ReportsWhyAConnectionFails) {
  sockaddr_in closed = {};
  {
    const Server server;
    closed = server.address;
  }
  Served served;
  const auto connection =
      NewConnection(&served, 5, Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), closed);
  CHECK_EQUAL(served.listener().Begin(served.call(), connection), 0);
  connection->Run();
  CHECK_EQUAL(served.TakeMail().connected == std::vector<double>({5, ECONNREFUSED}), true);
}

sockaddr_un LocalAddress(const std::string& path, socklen_t* size) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  CHECK_EQUAL(path.size() < sizeof address.sun_path, true);
  memcpy(address.sun_path, path.data(), path.size());
  *size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  return address;
}

// Connects to a local socket. Returns the reported result: 0 or an errno.
double ConnectToPath(const std::string& path) {
  Served served;
  socklen_t size = 0;
  const sockaddr_un address = LocalAddress(path, &size);
  const auto connection =
      NewConnection(&served, 5, Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), address, size);
  CHECK_EQUAL(served.listener().Begin(served.call(), connection), 0);
  static_cast<void>(served.TakeMail());
  std::thread([&connection] { connection->Run(); }).join();  // The thread keeps what it has of the caller.
  const std::vector<double> connected = served.TakeMail().connected;
  CHECK_EQUAL(connected.size(), 2U);
  return connected[1];
}

TEST(ConnectsToLocalSocketsButNotByLinksThatDifferForEachProcess) {
  std::string directory = std::filesystem::temp_directory_path() / "listener_test.XXXXXX";
  CHECK_EQUAL(mkdtemp(directory.data()) != nullptr, true);
  const std::string path = directory + "/socket";
  const std::string abstract = std::string(1, '\0') + path;
  for (const std::string& each : {path, abstract}) {
    socklen_t size = 0;
    const sockaddr_un address = LocalAddress(each, &size);
    const Descriptor server(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (server.get() < 0) std::abort();
    CHECK_EQUAL(bind(server.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
    CHECK_EQUAL(ConnectToPath(each), ECONNREFUSED);
    CHECK_EQUAL(listen(server.get(), 4), 0);
    CHECK_EQUAL(ConnectToPath(each), 0);
    if (each == path) CHECK_EQUAL(ConnectToPath("/proc/self/root" + path), ELOOP);
  }
  std::filesystem::remove_all(directory);
  CHECK_EQUAL(ConnectToPath(path), ENOENT);
}

TEST(DuplicatesASocketWithItsTraits) {
  const Server server;
  Descriptor copy;
  SocketTraits traits = {};
  CHECK_EQUAL(DuplicateSocket(getpid(), server.socket.get(), &copy, &traits), 0);
  CHECK_EQUAL(traits.domain, AF_INET);
  CHECK_EQUAL(traits.type, SOCK_STREAM);
  CHECK_EQUAL(traits.protocol, IPPROTO_TCP);
  sockaddr_in address = {};
  socklen_t size = sizeof address;
  CHECK_EQUAL(getsockname(copy.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  CHECK_EQUAL(address.sin_port, server.address.sin_port);
  const Descriptor file(open("/dev/null", O_RDONLY | O_CLOEXEC));
  CHECK_EQUAL(DuplicateSocket(getpid(), file.get(), &copy, &traits), ENOTSOCK);
  CHECK_EQUAL(DuplicateSocket(getpid(), -1, &copy, &traits), EBADF);
  CHECK_EQUAL(DuplicateSocket(999'999'999, STDERR_FILENO, &copy, &traits), ESRCH);
}

// Holds threads until it is opened.
class Hold {
 public:
  void Pass() {
    std::unique_lock<std::mutex> lock(mutex_);
    most_ = std::max(most_, ++inside_);
    changed_.notify_all();
    changed_.wait(lock, [this] { return is_open_; });
    inside_--;
  }
  // Waits until so many are held.
  void Await(size_t count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this, count] { return inside_ >= count; });
  }
  // Lets all go, and returns how many were held at most.
  size_t Open() {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
    return most_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t inside_ = 0, most_ = 0;
  bool is_open_ = false;
};

// Waits until so many connections were reported, and returns their numbers.
std::set<double> AwaitRefused(Served* served, size_t count) {
  std::set<double> numbers;
  for (size_t reported = 0; reported < count; sched_yield()) {
    const std::vector<double> connected = served->TakeMail().connected;
    for (size_t i = 0; i + 1 < connected.size(); i += 2, reported++) {
      numbers.insert(connected[i]);
      CHECK_EQUAL(connected[i + 1], ECONNREFUSED);
    }
  }
  return numbers;
}

TEST(ConnectsForEachListenerUpToALimitAtATime) {
  Served one;
  Served other;
  static_cast<void>(one.TakeMail());
  static_cast<void>(other.TakeMail());
  Hold hold;
  BeforeConnect() = [&hold] { hold.Pass(); };
  constexpr size_t kLimit = Connector::kMaxPerListener;
  std::set<double> numbers;
  for (size_t i = 0; i < 2 * kLimit + 1; i++) {
    numbers.insert(static_cast<double>(i));
    Connector::Get().Add(Refused(&one, static_cast<double>(i)));
  }
  hold.Await(kLimit);
  Connector::Get().Add(Refused(&other, 100));  // Does not wait for those.
  hold.Await(kLimit + 1);
  CHECK_EQUAL(hold.Open(), kLimit + 1);
  CHECK_EQUAL(AwaitRefused(&one, numbers.size()) == numbers, true);
  CHECK_EQUAL(AwaitRefused(&other, 1) == std::set<double>({100}), true);
  Connector::Get().Add(Refused(&one, 200));  // After the others have ended.
  CHECK_EQUAL(AwaitRefused(&one, 1) == std::set<double>({200}), true);
}

TEST(ReportsThatThereIsNoThreadForAConnection) {
  const pid_t pid = fork();
  if (pid == 0) {
    Served served;
    static_cast<void>(served.TakeMail());
    DenyThreads();
    Connector::Get().Add(Refused(&served, 7));
    CHECK_EQUAL(served.TakeMail().connected == std::vector<double>({7, EPERM}), true);
    served.listener().DenyWaiting();
    _exit(0);  // LeakSanitizer would start a thread.
  }
  int status = 0;
  CHECK_EQUAL(waitpid(pid, &status, 0), pid);
  CHECK_EQUAL(status, 0);
}

// The result of connecting a socket of a family to an address of another one.
// NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
double ResultFor(int domain, sa_family_t family, std::optional<SocketTraits> expected = std::nullopt) {
  Served served;
  sockaddr_in6 address = {};
  address.sin6_family = family;
  ConnectionRequest request;
  const Descriptor socket(::socket(domain, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  request.listener = served.shared();
  request.call = served.call();
  request.thread = getpid();
  request.descriptor = socket.get();
  request.expected = expected;
  memcpy(&request.address, &address, sizeof address);
  request.size = sizeof address;
  static_cast<void>(served.TakeMail());
  Connection(5, std::move(request)).Run();
  return served.TakeMail().connected[1];
}

TEST(ConnectsSocketsToAddressesOfTheirFamilyOnly) {
  for (const int domain : {AF_INET, AF_INET6, AF_UNIX}) {
    for (const int family : {AF_INET, AF_INET6, AF_UNIX, AF_UNSPEC}) {
      const bool is_for =
          family == domain || (domain == AF_INET6 && family == AF_INET) || (family == AF_UNSPEC && domain != AF_UNIX);
      CHECK_EQUAL(ResultFor(domain, static_cast<sa_family_t>(family)) == EAFNOSUPPORT, !is_for);
    }
  }
}

TEST(ConnectsNoSocketButTheOneThatWasSeen) {
  CHECK_EQUAL(ResultFor(AF_INET, AF_UNSPEC, SocketTraits{AF_INET, SOCK_DGRAM, IPPROTO_UDP}), 0);
  CHECK_EQUAL(ResultFor(AF_INET, AF_UNSPEC, SocketTraits{AF_INET, SOCK_DGRAM, IPPROTO_TCP}), EBADF);
  CHECK_EQUAL(ResultFor(AF_INET, AF_UNSPEC, SocketTraits{AF_INET, SOCK_STREAM, IPPROTO_UDP}), EBADF);
}

}  // namespace
}  // namespace seccomp::test

int main(int argc, char** argv) { return argc == 2 ? seccomp::test::RunTest(argv[1]) : 2; }
