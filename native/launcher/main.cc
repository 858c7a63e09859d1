// The program that this package has node:child_process start, for what only Node's own children get.
//
//   seccomp-launch NUMBERS PROGRAM ARGUMENTS…
// confines the Node that child_process.fork() starts. Only the thread that calls landlock_restrict_self(2) enters the
// domain, and Node has several threads before it runs JavaScript. So this program enters the domain before it executes
// Node. NUMBERS are the members of Options, separated by commas.
//
//   seccomp-launch DESCRIPTOR
// hands a descriptor over to its parent, with its environment: the socket of a stream, whose descriptor Node does not
// expose, or the end of a channel for messages, which the variables NODE_CHANNEL_* describe. The socket to the parent
// is DESCRIPTOR + 1. Ends when nothing holds the other end of DESCRIPTOR + 2.
//
//   seccomp-guardian NUMBERS…
// guards a process tree, see guardian/guardian.h. Its argument 0 tells that it is to be one.
//
// freestanding.cc has the functions of a C library that it calls: it is linked with no library.
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "guardian/guardian.h"
#include "guardian/protocol.h"
#include "landlock/ruleset.h"
#include "launcher/no_stack_protector.h"
#include "system/numbers.h"

namespace {

// Exit statuses, as of env(1).
constexpr int kFailed = 125;
constexpr int kNotExecutable = 126;
constexpr int kNotFound = 127;

// The longest path that execve(2) takes, with its NUL.
constexpr size_t kMaxPath = 4096;

// As in glibc, if there is no variable PATH.
constexpr std::string_view kDefaultPath = "/bin:/usr/bin";

// An errno, and its text in glibc.
struct ErrorText {
  int error;
  std::string_view text;
};
constexpr ErrorText kErrorTexts[] = {
    {E2BIG, "Argument list too long"},
    {EACCES, "Permission denied"},
    {EINVAL, "Invalid argument"},
    {EIO, "Input/output error"},
    {ELOOP, "Too many levels of symbolic links"},
    {EMFILE, "Too many open files"},
    {ENAMETOOLONG, "File name too long"},
    {ENFILE, "Too many open files in system"},
    {ENOENT, "No such file or directory"},
    {ENOEXEC, "Exec format error"},
    {ENOMEM, "Cannot allocate memory"},
    {ENOSYS, "Function not implemented"},
    {ENOTDIR, "Not a directory"},
    {EOPNOTSUPP, "Operation not supported"},
    {EPERM, "Operation not permitted"},
    {ETXTBSY, "Text file busy"},
};

// Writes to standard error. What cannot be written is lost.
void Print(std::string_view text) { static_cast<void>(write(STDERR_FILENO, text.data(), text.size())); }

void PrintErrorText(int error) {
  for (const ErrorText& each : kErrorTexts) {
    if (each.error != error) continue;
    Print(each.text);
    return;
  }
  const char digits[] = {static_cast<char>('0' + error / 100 % 10), static_cast<char>('0' + error / 10 % 10),
                         static_cast<char>('0' + error % 10)};
  Print("errno ");
  Print({digits, sizeof digits});
}

// Prints what failed with errno, and returns `status`.
int PrintError(const char* what, int status) {
  const int error = errno;
  Print("seccomp fork: ");
  Print(what);
  Print(": ");
  PrintErrorText(error);
  Print("; the program was not run\n");
  return status;
}

struct Options {
  seccomp::Domain domain;
  int ruleset = 0;                // In place of `domain`: the descriptor of a ruleset. 0: none.
  bool domain_required = false;   // Whether Node is not run if it cannot enter the domain.
  bool no_core = false;           // Whether Node dumps no core,
  bool no_core_required = false;  // and is not run if that cannot be prevented.
  bool no_new_privileges = false;
  bool no_io_uring = false;  // Whether io_uring_setup fails, so that Node's event loops do not use it.
};

// Parses nine numbers that are separated by commas.
bool Parse(std::string_view text, Options* options) {
  std::array<uint32_t, 9> numbers = {};
  for (size_t i = 0; i < numbers.size(); i++) {
    if (i > 0 && !seccomp::TakeCharacter(&text, ',')) return false;
    const auto number = seccomp::TakeNumber<uint32_t>(&text);
    if (!number.has_value()) return false;
    numbers[i] = *number;
  }
  if (!text.empty()) return false;
  const auto [handled, granted, scoped, ruleset, domain_required, no_core, no_core_required, no_new_privileges,
              no_io_uring] = numbers;
  options->domain = {handled, granted, scoped};
  options->ruleset = static_cast<int>(ruleset);
  options->domain_required = domain_required != 0;
  options->no_core = no_core != 0;
  options->no_core_required = no_core_required != 0;
  options->no_new_privileges = no_new_privileges != 0;
  options->no_io_uring = no_io_uring != 0;
  return true;
}

bool DisableCoreDumps() {
  rlimit core = {};
  if (syscall(SYS_prlimit64, 0L, long{RLIMIT_CORE}, nullptr, &core) != 0) return false;
  core.rlim_cur = 0;
  return syscall(SYS_prlimit64, 0L, long{RLIMIT_CORE}, &core, nullptr) == 0;
}

// Enters the domain. Returns false with errno set if that fails.
bool EnterDomain(const Options& options) {
  const seccomp::Domain& domain = options.domain;
  if (options.ruleset == 0 && (domain.handled | domain.scoped) == 0) return true;
  const int ruleset = options.ruleset != 0 ? options.ruleset : seccomp::OpenRuleset(domain);
  const int error = ruleset < 0 ? errno : seccomp::EnterDomain(ruleset);
  if (options.ruleset != 0) close(options.ruleset);  // Node would inherit it.
  errno = error;
  return error == 0;
}

// Attaches a filter under which io_uring_setup fails with ENOSYS, and everything else is allowed.
bool DenyIoUring() {
  constexpr uint32_t kIoUringSetup = 425;  // The number on every ABI that Node runs on.
  static sock_filter instructions[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kIoUringSetup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {sizeof instructions / sizeof instructions[0], instructions};
  return syscall(SYS_seccomp, long{SECCOMP_SET_MODE_FILTER}, 0L, &program) == 0;
}

// Returns nullptr, or with errno set the step that failed although it is required.
const char* Confine(const Options& options) {
  if (options.no_core && !DisableCoreDumps() && options.no_core_required) return "prlimit";
  if (options.no_new_privileges && syscall(SYS_prctl, long{PR_SET_NO_NEW_PRIVS}, 1L, 0L, 0L, 0L) != 0) return "prctl";
  if (!EnterDomain(options) && options.domain_required) return "Landlock";
  return options.no_io_uring && !DenyIoUring() ? "seccomp" : nullptr;
}

// The value of the variable PATH.
std::string_view SearchPath() {
  constexpr std::string_view kName = "PATH=";
  for (char** variable = environ; *variable != nullptr; variable++) {
    const std::string_view text = *variable;
    if (text.substr(0, kName.size()) == kName) return text.substr(kName.size());
  }
  return kDefaultPath;
}

// Executes a file; with /bin/sh if it has no format that the kernel knows. Returns with errno set if that fails. The
// pointer before `arguments` is overwritten.
void ExecuteFile(char* file, char** arguments) {
  execve(file, arguments, environ);
  if (errno != ENOEXEC) return;
  static char shell[] = "/bin/sh";
  char** shell_arguments = arguments - 1;
  char* program = arguments[0];
  shell_arguments[0] = shell;
  shell_arguments[1] = file;
  execve(shell, shell_arguments, environ);
  arguments[0] = program;
}

// execvp(3). Returns with errno set if there is no such program, or if it cannot be executed.
void Execute(char** arguments) {
  const std::string_view name = arguments[0];
  if (name.find('/') != std::string_view::npos) {
    ExecuteFile(arguments[0], arguments);
    return;
  }
  static char file[kMaxPath];
  int result = ENOENT;
  std::string_view rest = SearchPath();
  for (bool is_last = name.empty(); !is_last;) {
    const size_t end = rest.find(':');
    is_last = end == std::string_view::npos;
    const std::string_view folder = rest.substr(0, end);
    rest.remove_prefix(is_last ? rest.size() : end + 1);
    if (folder.size() + 1 + name.size() >= sizeof file) continue;
    size_t size = folder.copy(file, folder.size());
    if (size > 0) file[size++] = '/';  // An empty folder is the working directory.
    size += name.copy(file + size, name.size());
    file[size] = '\0';
    ExecuteFile(file, arguments);
    switch (errno) {
      case EACCES:  // Reported rather than that a later folder has no such file.
        result = EACCES;
        break;
      case ENOENT:
      case ENOTDIR:
      case ENODEV:
      case ESTALE:
      case ETIMEDOUT:
        break;
      default:
        return;
    }
  }
  errno = result;
}

// The most variables that Send takes. An environment of Node's own has about five.
constexpr size_t kMaxVariables = 63;

// Sends a descriptor and the environment: a NUL, since a message must not be empty, and each `NAME=value` with a NUL.
// NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
bool Send(int socket, int descriptor) {
  static char nul = '\0';
  std::array<iovec, 1 + kMaxVariables> parts = {};
  parts[0] = {&nul, sizeof nul};
  size_t count = 1;
  for (char** variable = environ; *variable != nullptr; variable++) {
    if (count == parts.size()) return false;
    parts[count++] = {*variable, strlen(*variable) + 1};
  }
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof descriptor)] = {};
  msghdr message = {};
  message.msg_iov = parts.data();
  message.msg_iovlen = count;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof descriptor);
  memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  return syscall(SYS_sendmsg, long{socket}, &message, long{MSG_NOSIGNAL}) >= 0;
}

int HandOver(std::string_view text) {
  const int descriptor = seccomp::TakeNumber<int>(&text).value_or(-1);
  if (!Send(descriptor + 1, descriptor)) return kFailed;
  close(descriptor);
  close(descriptor + 1);
  char byte = 0;
  while (read(descriptor + 2, &byte, sizeof byte) > 0) {
  }
  return 0;
}

int NumberOf(std::string_view text) { return seccomp::TakeNumber<int>(&text).value_or(-1); }

}  // namespace

int main(int count, char** arguments) {
  if (count == 6 && std::string_view(arguments[0]) == seccomp::kGuardianName) {
    return seccomp::GuardTree({NumberOf(arguments[1]), NumberOf(arguments[2]), NumberOf(arguments[3]),
                               NumberOf(arguments[4]) == 1, NumberOf(arguments[5])});
  }
  if (count == 2) return HandOver(arguments[1]);
  Options options = {};
  if (count < 3 || !Parse(arguments[1], &options)) {
    Print("seccomp-launch: only the npm package seccomp starts this program\n");
    return kFailed;
  }
  const char* failed = Confine(options);
  if (failed != nullptr) return PrintError(failed, kFailed);
  Execute(arguments + 2);
  return PrintError(arguments[2], errno == ENOENT ? kNotFound : kNotExecutable);
}
