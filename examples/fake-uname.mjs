// A child that is told another machine's name and the year 2000. Calls that go through the vDSO, as most programs' do for the
// time, are no syscalls: so this asks by syscall(2).
import { spawn } from 'seccomp';

const notify = {
  uname(call) {
    const names = Buffer.alloc(6 * 65); // struct utsname: six texts of 65 bytes.
    for (const [i, text] of ['Linux', 'somewhere', '1.0', '#1', 'abacus'].entries()) names.write(text, i * 65);
    call.write(0, names);
    return { value: 0 };
  },
  clock_gettime(call) {
    const time = Buffer.alloc(16); // struct timespec: seconds and nanoseconds.
    time.writeBigInt64LE(BigInt(Date.UTC(2000, 0, 1) / 1000));
    call.write(1, time);
    return { value: 0 };
  },
};

const script = `
import ctypes, os, time
number = {'x64': 228, 'arm64': 113}['${process.arch}']
time_of_day = (ctypes.c_long * 2)()
ctypes.CDLL(None).syscall(number, 0, time_of_day)
print(os.uname().nodename, os.uname().machine, time.gmtime(time_of_day[0]).tm_year)`;

spawn('python3', ['-c', script], { defaultAction: 'SCMP_ACT_ALLOW' }, { stdio: 'inherit', notify });
