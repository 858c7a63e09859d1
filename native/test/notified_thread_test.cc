// Tests of what is read of a notified thread. The thread is one of this process. Run as `notified_thread_test NAME`.
#include "supervisor/notified_thread.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <condition_variable>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>

#include "check.h"
#include "system/linux_abi.h"

namespace seccomp::test {
namespace {

// Memory whose last byte is followed by an unmapped page.
class Mapping {
 public:
  explicit Mapping(size_t size) : size_(size), page_(static_cast<size_t>(sysconf(_SC_PAGESIZE))) {
    base_ =
        static_cast<char*>(mmap(nullptr, size_ + page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    munmap(base_ + size_, page_);
    for (size_t i = 0; i < size_; i++) base_[i] = static_cast<char>('a' + i % 26);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() { munmap(base_, size_); }

  // What is read of `size` bytes that begin `before_end` bytes before the end.
  std::string Read(size_t before_end, size_t size) const {
    return ReadMemory(getpid(), reinterpret_cast<uint64_t>(base_ + size_ - before_end), size);
  }
  std::string Last(size_t count) const { return {base_ + size_ - count, count}; }

 private:
  size_t size_, page_;
  char* base_;
};

TEST(ReadsMemoryUpToTheEndOfItsMapping) {
  const Mapping mapping(size_t{64} * 1024);
  CHECK_EQUAL(mapping.Read(5, 4096), mapping.Last(5));
  CHECK_EQUAL(mapping.Read(5000, 9000), mapping.Last(5000));
  CHECK_EQUAL(mapping.Read(4096, 4097), mapping.Last(4096));
  CHECK_EQUAL(mapping.Read(8192, 8192), mapping.Last(8192));
  CHECK_EQUAL(mapping.Read(4097, 4096), mapping.Last(4097).substr(0, 4096));
  CHECK_EQUAL(mapping.Read(1, 0), "");
  CHECK_EQUAL(mapping.Read(0, 1), "");
  CHECK_EQUAL(ReadMemory(getpid(), 0, 100), "");
}

TEST(ReadsUpToALimit) {
  const Mapping mapping(size_t{256} * 1024);
  for (const size_t before_end : {size_t{131072}, size_t{131071}, size_t{129025}})
    CHECK_EQUAL(mapping.Read(before_end, 100000), mapping.Last(before_end).substr(0, 65536));
}

TEST(ReadsNothingOfAThreadThatDoesNotExist) {
  const char text[] = "text";
  CHECK_EQUAL(ReadMemory(1 << 30, reinterpret_cast<uint64_t>(text), 4), "");
  CHECK_EQUAL(Executable(1 << 30), "");
  CHECK_EQUAL(ModuleAt(1 << 30, reinterpret_cast<uint64_t>(text)), "");
  CHECK_EQUAL(StatusText(1 << 30), "");
  CHECK_EQUAL(ProcessOf(1 << 30), 0);
}

TEST(NamesTheExecutable) {
  CHECK_EQUAL(Executable(getpid()), std::filesystem::read_symlink("/proc/self/exe").string());
}

// A file of three pages, of which the last two are mapped.
class MappedFile {
 public:
  MappedFile() : page_(static_cast<size_t>(sysconf(_SC_PAGESIZE))) {
    path_ = std::filesystem::temp_directory_path() / ("notified_thread_test " + std::to_string(getpid()));
    std::ofstream(path_) << std::string(3 * page_, 'x');
    const int file = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    base_ = mmap(nullptr, 3 * page_, PROT_READ, MAP_PRIVATE, file, static_cast<off_t>(page_));
    close(file);
    munmap(static_cast<char*>(base_) + 2 * page_, page_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile() {
    munmap(base_, 2 * page_);
    std::filesystem::remove(path_);
  }

  // The module at an offset in the mapping, and what is expected.
  std::string ModuleAtOffset(size_t offset) const {
    return ModuleAt(getpid(), reinterpret_cast<uint64_t>(base_) + offset);
  }
  std::string Expected(size_t offset) const {
    std::ostringstream text;
    text << path_.string() << "+0x" << std::hex << page_ + offset;
    return text.str();
  }
  size_t size() const { return 2 * page_; }

 private:
  size_t page_;
  std::filesystem::path path_;
  void* base_;
};

void CheckModules() {
  const MappedFile file;
  for (const size_t offset : {size_t{0}, size_t{1}, size_t{0x1fe}, file.size() - 1})
    CHECK_EQUAL(file.ModuleAtOffset(offset), file.Expected(offset));
  CHECK_EQUAL(file.ModuleAtOffset(file.size()), "");
  const Mapping anonymous(4096);
  CHECK_EQUAL(ModuleAt(getpid(), reinterpret_cast<uint64_t>(anonymous.Last(1).data())), "");
  CHECK_EQUAL(ModuleAt(getpid(), 1), "");
}

TEST(NamesTheFileAtAnAddressAndTheOffsetInTheFile) { CheckModules(); }

TEST(NamesTheFileWithoutTheIoctlOfNewerKernels) {
  const auto upper_word_first = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
  sock_filter instructions[] = {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 3, SYS_ioctl},
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, args) + 8 + (upper_word_first ? 4 : 0)},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, static_cast<uint32_t>(kProcmapQuery)},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | ENOTTY},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
  };
  const sock_fprog filter = {6, instructions};
  CHECK_EQUAL(prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L), 0);
  CHECK_EQUAL(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter), 0);
  CheckModules();
}

TEST(ReadsFilesOfProcByAnyDescriptor) {
  close(0);  // The files get the number.
  CHECK_EQUAL(ModuleAt(getpid(), reinterpret_cast<uint64_t>(&ModuleAt)).empty(), false);
  CHECK_EQUAL(StatusText(getpid()).empty(), false);
}

TEST(FindsFieldsOfTheStatus) {
  const std::string status = "Name:\ta\nUid:\t1\t2\nNSpid:\t7\nLast:\t9";
  CHECK_EQUAL(StatusField(status, "Uid"), "\t1\t2");
  CHECK_EQUAL(StatusField(status, "Last"), "\t9");
  CHECK_EQUAL(StatusField(status, "pid"), "");
  CHECK_EQUAL(StatusField(StatusText(getpid()), "Pid"), "\t" + std::to_string(getpid()));
}

TEST(FindsTheProcessOfAThread) {
  std::mutex mutex;
  std::condition_variable changed;
  pid_t id = 0;
  bool may_end = false;
  std::thread thread([&] {
    std::unique_lock<std::mutex> lock(mutex);
    id = static_cast<pid_t>(syscall(SYS_gettid));
    changed.notify_all();
    changed.wait(lock, [&] { return may_end; });
  });
  {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return id != 0; });
    CHECK_EQUAL(id == getpid(), false);
    CHECK_EQUAL(ProcessOf(id), getpid());
    CHECK_EQUAL(ProcessOf(getpid()), getpid());
    may_end = true;
    changed.notify_all();
  }
  thread.join();
}

}  // namespace
}  // namespace seccomp::test

int main(int argc, char** argv) { return argc == 2 ? seccomp::test::RunTest(argv[1]) : 2; }
