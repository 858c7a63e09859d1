"""Python's subprocess with libseccomp's filter put on in the child: for each line of input one start of PROGRAM, and the
nanoseconds that it took in a line of output. `subprocess-seccomp.py PROGRAM NAME…`; the names are of calls to allow."""
import errno
import subprocess
import sys
import time

import seccomp

filter = seccomp.SyscallFilter(seccomp.ERRNO(errno.EPERM))
for name in sys.argv[2:]:
    try:
        filter.add_rule(seccomp.ALLOW, name)
    except (RuntimeError, ValueError, OSError):
        pass  # A name that this libseccomp does not have.

for _ in sys.stdin:
    start = time.monotonic_ns()
    subprocess.run([sys.argv[1]], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, preexec_fn=filter.load, check=True)
    print(time.monotonic_ns() - start, flush=True)
