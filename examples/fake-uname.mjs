// Runs a program to which uname(2) and clock_gettime(2) return the name of another machine and the year 2000. The
// program calls clock_gettime by syscall(2), since most programs read the time from the vDSO, without a system call.
import { spawn } from 'seccomp';

const notify = {
  uname(call) {
    const names = Buffer.alloc(6 * 65); // struct utsname: six strings of 65 bytes each.
    for (const [i, text] of ['Linux', 'somewhere', '1.0', '#1', 'abacus'].entries()) names.write(text, i * 65);
    call.writeBytes(0, names);
    return call.return(0);
  },
  clock_gettime(call) {
    const time = Buffer.alloc(16); // struct timespec: seconds and nanoseconds, 8 bytes each.
    time.writeBigInt64LE(BigInt(Date.UTC(2000, 0, 1) / 1000));
    call.writeBytes(1, time);
    return call.return(0);
  },
};

const script = `
import ctypes, os, time
number = {'x64': 228, 'arm64': 113}['${process.arch}']
time_of_day = (ctypes.c_long * 2)()
ctypes.CDLL(None).syscall(number, 0, time_of_day)
print(os.uname().nodename, os.uname().machine, time.gmtime(time_of_day[0]).tm_year)`;

spawn('python3', ['-c', script], { defaultAction: 'SCMP_ACT_ALLOW' }, { stdio: 'inherit', notify });
