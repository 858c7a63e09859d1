// Tests of what a guardian reads in /proc. Run as `process_files_test NAME`.
#include "guardian/process_files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "test/check.h"

namespace seccomp::test {
namespace {

// The fields after the name and the state, of which 4 (parent), 14 to 17 (CPU time) and 20 (threads) are read.
const std::string kRest =
    " 4242 7 7 0 -1 4194560 88 9 10 11 100 20 3000 40000 20 0 5 0 123 456 789 18446744073709551615";

ProcessStat Parsed(const std::string& text) {
  const auto stat = ParseStat(text);
  CHECK_EQUAL(stat.has_value(), true);
  return stat.value_or(ProcessStat());
}

TEST(ReadsParentThreadsAndTime) {
  const ProcessStat stat = Parsed("17 (sh) S" + kRest);
  CHECK_EQUAL(stat.parent, 4242);
  CHECK_EQUAL(stat.threads, 5U);
  CHECK_EQUAL(stat.cpu_ticks, 100U + 20U + 3000U + 40000U);
}

TEST(TakesAnyNameOfAProgram) {
  for (const char* name : {"", " ", ")", "a) Z 1 2 3 (b", ") S 1 1 1 1 1 1 1", "((", "\n", "1 2 3 4"}) {
    const ProcessStat stat = Parsed("17 (" + std::string(name) + ") S" + kRest);
    CHECK_EQUAL(stat.parent, 4242);
    CHECK_EQUAL(stat.threads, 5U);
    CHECK_EQUAL(stat.cpu_ticks, 43120U);
  }
}

TEST(TellsWhetherAThreadRuns) {
  const std::string last = " 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 123";
  CHECK_EQUAL(Parsed("17 (sh) R" + last).is_running, true);
  CHECK_EQUAL(Parsed("17 (sh) Z" + last).is_running, false);
  CHECK_EQUAL(Parsed("17 (sh) X" + last).is_running, false);
  CHECK_EQUAL(Parsed("17 (sh) Z" + kRest).is_running, true);  // Its first thread has ended.
}

TEST(RefusesOtherTexts) {
  for (const char* text :
       {"", "17", "17 (sh", "17 (sh)", "17 (sh) ", "17 (sh) S", "17 (sh) S x", "17 (sh) S 1 7 7 0",
        "17 (sh) S 1 7 7 0 -1 0 0 0 0 0 1 1 1 x 20 0 5", "17 (sh) S 1 7 7 0 -1 0 0 0 0 0 1 1 1 1 20 0"}) {
    CHECK_EQUAL(ParseStat(text).has_value(), false);
  }
}

TEST(ReadsResidentPages) {
  CHECK_EQUAL(ParseStatm("3000 1200 900 5 0 700 0\n").value_or(0), 1200U);
  CHECK_EQUAL(ParseStatm("0 0 0 0 0 0 0\n").value_or(1), 0U);
  for (const char* text : {"", "3000", "3000 ", "x 1", "3000 x"}) CHECK_EQUAL(ParseStatm(text).has_value(), false);
}

TEST(ReadsFilesOfARunningProcess) {
  prctl(PR_SET_NAME, ") Z 1 2 (");
  const ProcessFile stat(AT_FDCWD, "/proc/self", "stat");
  CHECK_EQUAL(Parsed(std::string(stat.text())).parent, getppid());
  CHECK_EQUAL(Parsed(std::string(stat.text())).threads, 1U);
  const ProcessFile statm(AT_FDCWD, "/proc/self", "statm");
  CHECK_EQUAL(ParseStatm(statm.text()).value_or(0) > 0, true);
  const ProcessFile gone(AT_FDCWD, "/proc/4194305", "stat");
  CHECK_EQUAL(gone.is_gone(), true);
  CHECK_EQUAL(gone.text().empty(), true);
  const ProcessFile other(AT_FDCWD, "/proc/self", "task");  // A directory: EISDIR.
  CHECK_EQUAL(other.is_gone(), false);
  CHECK_EQUAL(other.text().empty(), true);
}

TEST(ListsProcesses) {
  NumberedEntries processes(AT_FDCWD, "/proc", "");
  const std::string own = std::to_string(getpid());
  int found = 0;
  while (const char* name = processes.Next()) {
    if (name == own) found++;
  }
  CHECK_EQUAL(found, 1);
  CHECK_EQUAL(processes.error(), 0);
  NumberedEntries missing(AT_FDCWD, "/proc", "nothing");
  CHECK_EQUAL(missing.Next() == nullptr, true);
  CHECK_EQUAL(missing.error(), -ENOENT);
}

// The room for a path is 64 bytes, and its end is a NUL.
TEST(RefusesNamesThatAreTooLong) {
  CHECK_EQUAL(ProcessFile(AT_FDCWD, std::string(58, '1'), "stat").is_gone(), true);
  CHECK_EQUAL(ProcessFile(AT_FDCWD, std::string(59, '1'), "stat").is_gone(), false);
  CHECK_EQUAL(NumberedEntries(AT_FDCWD, std::string(62, '1'), "").error(), -ENOENT);
  CHECK_EQUAL(NumberedEntries(AT_FDCWD, std::string(63, '1'), "").error(), -ENAMETOOLONG);
}

TEST(ListsNumbersOnly) {
  std::string directory = std::filesystem::temp_directory_path() / "XXXXXX";
  CHECK_EQUAL(mkdtemp(directory.data()) != nullptr, true);
  for (const char* name : {"0", "/", ":", "a", "self"}) std::ofstream(directory + "/" + name);
  for (int number = 1; number < 1000; number++) std::ofstream(directory + "/" + std::to_string(number));
  int sum = 0;
  {
    const int opened = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    NumberedEntries entries(opened, ".", "");
    while (const char* name = entries.Next()) sum += std::stoi(name);
    CHECK_EQUAL(entries.error(), 0);
    CHECK_EQUAL(entries.Next() == nullptr, true);
    close(opened);
  }
  std::filesystem::remove_all(directory);
  CHECK_EQUAL(sum, 999 * 1000 / 2);
}

}  // namespace
}  // namespace seccomp::test

int main(int argc, char** argv) { return argc == 2 ? seccomp::test::RunTest(argv[1]) : 2; }
