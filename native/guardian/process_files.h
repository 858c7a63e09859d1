// The files of /proc that a guardian reads, without a C library: its program is linked with none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace seccomp {

// What /proc/PID/stat says of a process: proc_pid_stat(5).
struct ProcessStat {
  int32_t parent;
  bool is_running;     // Whether one of its threads has not ended.
  uint64_t threads;    // Those that have ended and were not reaped included.
  uint64_t cpu_ticks;  // CPU time of the process, and of those of its descendants that were waited for.
};

// Parses a text of /proc/PID/stat; nullopt if it has another form.
std::optional<ProcessStat> ParseStat(std::string_view text);

// Returns the resident pages that a text of /proc/PID/statm tells, proc_pid_statm(5); nullopt if it has another form.
std::optional<uint64_t> ParseStatm(std::string_view text);

// A file of /proc, or its beginning.
class ProcessFile {
 public:
  // Reads the file NAME/FILE of an open directory.
  ProcessFile(long directory, std::string_view name, std::string_view file);

  // Whether the process had ended, or has done so meanwhile.
  bool is_gone() const;
  // Empty if the file could not be read.
  std::string_view text() const { return {text_.data(), size_ > 0 ? static_cast<size_t>(size_) : 0}; }

 private:
  long size_;  // Or -errno.
  std::array<char, 512> text_ = {};
};

// The entries of a directory whose names are numbers.
class NumberedEntries {
 public:
  // Opens the directory NAME/FILE of an open directory; NAME itself if FILE is empty.
  NumberedEntries(long directory, std::string_view name, std::string_view file);
  ~NumberedEntries();
  NumberedEntries(const NumberedEntries&) = delete;
  NumberedEntries& operator=(const NumberedEntries&) = delete;

  // Returns the name of the next entry, which is valid until the next call; nullptr at the end, and after an error.
  const char* Next();
  // The directory's descriptor, or -errno.
  long descriptor() const { return descriptor_; }
  // 0, or the -errno with which the directory could not be opened or read.
  long error() const { return size_ < 0 ? size_ : 0; }

 private:
  long descriptor_;
  long size_;  // Of the entries that were read, or -errno.
  long at_ = 0;
  std::array<char, 4096> entries_ = {};
};

}  // namespace seccomp
