// Tests of Mailbox. Run as `mailbox_test NAME`.
#include "supervisor/mailbox.h"

#include <cstdint>
#include <thread>
#include <vector>

#include "check.h"

namespace seccomp::test {
namespace {

seccomp_notif Notification(uint64_t id) {
  seccomp_notif call = {};
  call.id = id;
  call.pid = 7;
  call.data.nr = 39;
  call.data.arch = 0xc000003e;
  call.data.instruction_pointer = 0x1234;
  for (size_t i = 0; i < 6; i++) call.data.args[i] = 100 + i;
  return call;
}

// A mailbox, and how often its reader was woken up.
struct Counted {
  int woken = 0;
  Mailbox mailbox{[this] { woken++; }};
};

TEST(DescribesACallByItsWords) {
  Counted box;
  CHECK_EQUAL(box.mailbox.AddCall(3, Notification(5)), true);
  Mail mail;
  CHECK_EQUAL(box.mailbox.Take(1, &mail), true);
  const std::vector<uint64_t> expected = {3, 5, 7, 0xc000003e00000027, 0x1234, 100, 101, 102, 103, 104, 105};
  CHECK_EQUAL(mail.calls == expected, true);
}

TEST(WakesItsReaderOnceUntilItIsRearmed) {
  Counted box;
  box.mailbox.AddKind(1, 2);
  box.mailbox.AddConnected(3, 4);
  CHECK_EQUAL(box.woken, 1);
  Mail mail;
  box.mailbox.Take(1, &mail);
  CHECK_EQUAL(mail.kinds == std::vector<double>({1, 2}), true);
  CHECK_EQUAL(mail.connected == std::vector<double>({3, 4}), true);
  box.mailbox.AddEnd(5);
  CHECK_EQUAL(box.woken, 1);
  box.mailbox.Rearm();  // There is more mail.
  CHECK_EQUAL(box.woken, 2);
  box.mailbox.Take(1, &mail);
  CHECK_EQUAL(mail.kinds.empty() && mail.connected.empty(), true);
  CHECK_EQUAL(mail.ended == std::vector<double>({5}), true);
  box.mailbox.Rearm();
  CHECK_EQUAL(box.woken, 2);
  box.mailbox.AddEnd(6);
  CHECK_EQUAL(box.woken, 3);
}

TEST(DoesNotWakeAReaderThatReadsAnyway) {
  Counted box;
  box.mailbox.Disarm();
  box.mailbox.AddEnd(1);
  CHECK_EQUAL(box.woken, 0);
  Mail mail;
  box.mailbox.Take(1, &mail);
  box.mailbox.Rearm();
  CHECK_EQUAL(box.woken, 0);
  box.mailbox.AddEnd(1);
  CHECK_EQUAL(box.woken, 1);
}

// That no member is used without the lock is seen by TSan.
TEST(TakesWhatOtherThreadsAddMeanwhile) {
  Counted box;
  constexpr int kEnds = 1000;
  std::thread adder([&box] {
    for (int i = 0; i < kEnds; i++) box.mailbox.AddEnd(1);
  });
  Mail mail;
  for (size_t taken = 0; taken < kEnds; taken += mail.ended.size()) {
    box.mailbox.Disarm();
    box.mailbox.Take(1, &mail);
    box.mailbox.Rearm();
  }
  adder.join();
}

TEST(ReportsTheEndOfAListenerAfterItsCalls) {
  Counted box;
  for (const uint64_t id : {1, 2, 3}) CHECK_EQUAL(box.mailbox.AddCall(9, Notification(id)), true);
  box.mailbox.AddEnd(9);
  Mail mail;
  box.mailbox.Take(2, &mail);
  CHECK_EQUAL(mail.calls.size(), 2 * kCallWords);
  CHECK_EQUAL(mail.calls[kCallWords + 1], 2U);
  CHECK_EQUAL(mail.ended.empty(), true);
  box.mailbox.Rearm();
  CHECK_EQUAL(box.woken, 2);
  box.mailbox.Take(2, &mail);
  CHECK_EQUAL(mail.calls.size(), kCallWords);
  CHECK_EQUAL(mail.calls[1], 3U);
  CHECK_EQUAL(mail.ended.size(), 1U);
}

TEST(DropsMailOnceItIsClosed) {
  Counted box;
  box.mailbox.AddEnd(1);
  CHECK_EQUAL(box.mailbox.Close(), true);
  CHECK_EQUAL(box.mailbox.Close(), false);
  CHECK_EQUAL(box.mailbox.AddCall(1, Notification(1)), false);
  box.mailbox.AddKind(1, 1);
  box.mailbox.Rearm();
  Mail mail;
  mail.ended.push_back(1);
  CHECK_EQUAL(box.mailbox.Take(1, &mail), false);
  CHECK_EQUAL(mail.IsEmpty(), true);
  CHECK_EQUAL(box.woken, 1);
}

}  // namespace
}  // namespace seccomp::test

int main(int argc, char** argv) { return argc == 2 ? seccomp::test::RunTest(argv[1]) : 2; }
