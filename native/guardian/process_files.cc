#include "guardian/process_files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>

#include "launcher/no_stack_protector.h"
#include "system/numbers.h"
#include "system/raw_call.h"

namespace seccomp {
namespace {

// A directory entry of getdents64(2).
struct [[gnu::packed]] DirectoryEntry {
  uint64_t inode;
  int64_t offset;
  uint16_t size;
  uint8_t type;
  char name[1];
};

// Opens NAME/FILE of a directory for reading. Returns a descriptor, or -errno.
long Open(long directory, std::string_view name, std::string_view file, int flags) {
  std::array<char, 64> path = {};
  if (name.size() + 1 + file.size() >= path.size()) return -ENAMETOOLONG;
  size_t length = name.copy(path.data(), name.size());
  if (!file.empty()) path[length++] = '/';
  file.copy(path.data() + length, file.size());
  return RawCall(SYS_openat, directory, Pointer(path.data()), O_RDONLY | O_CLOEXEC | flags);
}

void SkipField(std::string_view* text) {
  while (!text->empty() && text->front() == ' ') text->remove_prefix(1);
  while (!text->empty() && text->front() != ' ') text->remove_prefix(1);
}

}  // namespace

std::optional<ProcessStat> ParseStat(std::string_view text) {
  // The program's name, field 2, is in parentheses and may contain any character.
  const size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos || text.size() < name_end + 4) return std::nullopt;
  const char state = text[name_end + 2];
  text.remove_prefix(name_end + 3);
  const auto parent = TakeNumber<int32_t>(&text);
  if (!parent) return std::nullopt;
  for (int field = 5; field < 14; field++) SkipField(&text);
  uint64_t ticks = 0;
  for (int field = 14; field < 18; field++) {  // utime, stime, cutime and cstime.
    const auto time = TakeNumber(&text);
    if (!time) return std::nullopt;
    ticks += *time;
  }
  for (int field = 18; field < 20; field++) SkipField(&text);
  const auto threads = TakeNumber(&text);
  if (!threads) return std::nullopt;
  // A process whose first thread has ended is shown as a zombie while others run.
  return ProcessStat{*parent, (state != 'Z' && state != 'X') || *threads > 1, *threads, ticks};
}

std::optional<uint64_t> ParseStatm(std::string_view text) {
  if (!TakeNumber(&text)) return std::nullopt;
  return TakeNumber(&text);
}

ProcessFile::ProcessFile(long directory, std::string_view name, std::string_view file)
    : size_(Open(directory, name, file, 0)) {
  if (size_ < 0) return;
  const long descriptor = size_;
  size_ = RawCall(SYS_read, descriptor, Pointer(text_.data()), static_cast<long>(text_.size()));
  RawCall(SYS_close, descriptor);
}

bool ProcessFile::is_gone() const { return size_ == -ENOENT || size_ == -ESRCH; }

NumberedEntries::NumberedEntries(long directory, std::string_view name, std::string_view file)
    : descriptor_(Open(directory, name, file, O_DIRECTORY)), size_(descriptor_ < 0 ? descriptor_ : 0) {}

NumberedEntries::~NumberedEntries() {
  if (descriptor_ >= 0) RawCall(SYS_close, descriptor_);
}

const char* NumberedEntries::Next() {
  while (error() == 0) {
    if (at_ >= size_) {
      at_ = 0;
      size_ = RawCall(SYS_getdents64, descriptor_, Pointer(entries_.data()), static_cast<long>(entries_.size()));
      if (size_ <= 0) return nullptr;
    }
    const auto* entry = reinterpret_cast<const DirectoryEntry*>(entries_.data() + at_);
    at_ += entry->size;
    if (entry->name[0] >= '1' && entry->name[0] <= '9') return entry->name;
  }
  return nullptr;
}

}  // namespace seccomp
