// Tests of Worker. Run as `worker_test NAME`.
#include "system/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>

#include "check.h"

namespace seccomp::test {
namespace {

// Work that waits until its pipe is written to or closed.
struct Gate {
  Gate() {
    int ends[2] = {-1, -1};
    CHECK_EQUAL(pipe(ends), 0);
    reading = std::make_shared<Descriptor>(ends[0]);
    writing = Descriptor(ends[1]);
  }
  std::function<void()> Waiting() const {
    return [reading = reading] {
      char byte = 0;
      CHECK_EQUAL(read(reading->get(), &byte, 1), 0);
    };
  }
  std::shared_ptr<Descriptor> reading;
  Descriptor writing;
};

TEST(DoesWorkOnAThreadOfItsOwn) {
  Worker worker;
  pid_t thread = gettid();
  CHECK_EQUAL(worker.Run([&thread] { thread = gettid(); }), 0);
  CHECK_EQUAL(thread == gettid(), false);
  const pid_t first = thread;
  CHECK_EQUAL(worker.Run([&thread] { thread = gettid(); }), 0);
  CHECK_EQUAL(thread, first);
}

TEST(GivesUpAndDoesNoWorkThatHasNotBegun) {
  Worker worker;
  Gate gate;
  const auto runs = std::make_shared<int>(0);
  CHECK_EQUAL(worker.Run(gate.Waiting()), ETIMEDOUT);
  CHECK_EQUAL(worker.Run([runs] { ++*runs; }), ETIMEDOUT);
  gate.writing = Descriptor();
  int error = ETIMEDOUT;
  while (error == ETIMEDOUT) error = worker.Run([runs] { *runs += 10; });
  CHECK_EQUAL(error, 0);
  CHECK_EQUAL(*runs % 10, 0);
}

TEST(OneThatIsLostHarmsNoOther) {
  Worker lost;
  Worker good;
  const Gate gate;
  CHECK_EQUAL(lost.Run(gate.Waiting()), ETIMEDOUT);
  int runs = 0;
  for (int i = 0; i < 1000; i++) CHECK_EQUAL(good.Run([&runs] { runs++; }), 0);
  CHECK_EQUAL(runs, 1000);
}

TEST(ClosesDescriptorsInTurn) {
  Gate gate;
  int pair[2];
  CHECK_EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  {
    Worker worker;
    worker.Post(gate.Waiting());
    worker.Close(Descriptor(pair[0]));
    worker.Close(Descriptor());
  }
  char byte = 0;
  CHECK_EQUAL(recv(pair[1], &byte, 1, MSG_DONTWAIT), -1);
  gate.writing = Descriptor();
  CHECK_EQUAL(recv(pair[1], &byte, 1, 0), 0);  // The Worker is gone, and its work is done.
  close(pair[1]);
}

}  // namespace
}  // namespace seccomp::test

int main(int argc, char** argv) { return argc == 2 ? seccomp::test::RunTest(argv[1]) : 2; }
