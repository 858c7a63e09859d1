"""`subprocess-seccomp.py PROGRAM NAME…` measures Python's subprocess with a filter of libseccomp, which the child attaches: for
each line of input it starts PROGRAM once, and prints the nanoseconds. NAMEs are the allowed calls."""
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
