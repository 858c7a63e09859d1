#include "supervisor/notified_thread.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "system/descriptor.h"
#include "system/linux_abi.h"
#include "system/numbers.h"

namespace seccomp {
namespace {

constexpr size_t kMaxRead = 65536;
constexpr size_t kMaxStatus = 65536;
// Programs with very many mappings have more text; modules beyond have no name.
constexpr size_t kMaxMaps = size_t{4} << 20;
constexpr size_t kPermissions = sizeof " r-xp" - 1;

std::string ProcPath(pid_t thread, const char* name) { return "/proc/" + std::to_string(thread) + "/" + name; }

std::string ReadAll(const Descriptor& file, size_t max_size) {
  std::string text;
  std::array<char, 16384> chunk = {};
  while (text.size() < max_size) {
    const ssize_t size = read(file.get(), chunk.data(), chunk.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    text.append(chunk.data(), static_cast<size_t>(size));
  }
  return text;
}

std::string Hexadecimal(uint64_t number) {
  std::string digits;
  do {
    digits.insert(digits.begin(), "0123456789abcdef"[number % 16]);
    number /= 16;
  } while (number > 0);
  return digits;
}

std::string Place(const std::string& file, uint64_t offset) { return file + "+0x" + Hexadecimal(offset); }

// Finds the module in the text of /proc/PID/maps, proc_pid_maps(5).
std::string ModuleIn(const std::string& maps, uint64_t address) {
  for (size_t line = 0; line < maps.size();) {
    const size_t end = std::min(maps.find('\n', line), maps.size());
    // START-END PERMISSIONS OFFSET DEVICE INODE PATH
    std::string_view rest = std::string_view(maps).substr(line, end - line);
    const uint64_t first = TakeNumber(&rest, 16).value_or(0);
    const uint64_t after = TakeCharacter(&rest, '-') ? TakeNumber(&rest, 16).value_or(0) : 0;
    if (first <= address && address < after) {
      rest.remove_prefix(std::min(rest.size(), kPermissions));
      const uint64_t offset = TakeNumber(&rest, 16).value_or(0);
      const size_t name = rest.find('/');
      if (name == std::string_view::npos) return {};
      return Place(std::string(rest.substr(name)), address - first + offset);
    }
    line = end + 1;
  }
  return "";
}

}  // namespace

// By /proc, where reading memory that userfaultfd(2) has not filled fails with EFAULT; process_vm_readv(2) would wait.
// Bytes before an unmapped page are read. As an offset, an address of no process would be negative.
// NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
std::string ReadMemory(pid_t thread, uint64_t address, size_t size) {
  if (address > static_cast<uint64_t>(INT64_MAX)) return {};
  const Descriptor memory(open(ProcPath(thread, "mem").c_str(), O_RDONLY | O_CLOEXEC));
  if (memory.get() < 0) return {};
  std::string bytes(std::min(size, kMaxRead), '\0');
  const ssize_t got = pread(memory.get(), bytes.data(), bytes.size(), static_cast<off_t>(address));
  bytes.resize(static_cast<size_t>(std::max<ssize_t>(got, 0)));
  return bytes;
}

std::string Executable(pid_t thread) {
  std::array<char, PATH_MAX> path = {};
  const ssize_t size = readlink(ProcPath(thread, "exe").c_str(), path.data(), path.size());
  return {path.data(), static_cast<size_t>(std::max<ssize_t>(size, 0))};
}

// NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
std::string ModuleAt(pid_t thread, uint64_t address) {
  const Descriptor maps(open(ProcPath(thread, "maps").c_str(), O_RDONLY | O_CLOEXEC));
  if (maps.get() < 0) return {};
  std::array<char, PATH_MAX> name = {};
  ProcmapQuery query = {};
  query.size = sizeof query;
  query.query_addr = address;
  query.vma_name_size = name.size();
  query.vma_name_addr = reinterpret_cast<uint64_t>(name.data());
  if (ioctl(maps.get(), kProcmapQuery, &query) == 0) {
    return name[0] == '/' ? Place(name.data(), address - query.vma_start + query.vma_offset) : "";
  }
  return errno == ENOTTY ? ModuleIn(ReadAll(maps, kMaxMaps), address) : "";
}

std::string StatusText(pid_t thread) {
  const Descriptor file(open(ProcPath(thread, "status").c_str(), O_RDONLY | O_CLOEXEC));
  return file.get() < 0 ? "" : ReadAll(file, kMaxStatus);
}

std::string StatusField(const std::string& status, const char* name) {
  const std::string begin = std::string("\n") + name + ":";
  const size_t at = status.find(begin);
  if (at == std::string::npos) return "";
  const size_t first = at + begin.size();
  return status.substr(first, status.find('\n', first) - first);
}

pid_t ProcessOf(pid_t thread) {
  // The first thread of a process has the ID of the process. This check takes a hundredth of the time of reading
  // status.
  if (syscall(SYS_tgkill, thread, thread, 0) == 0) return thread;
  const std::string field = StatusField(StatusText(thread), "Tgid");
  std::string_view rest = field;
  return TakeNumber<pid_t>(&rest).value_or(0);
}

}  // namespace seccomp
