"""Makes a few system calls that Docker's default profile denies, and prints the kernel's answers. None takes effect.

python3 examples/blocked.py                                              without a profile
npx --no seccomp run -p docker-default -- python3 examples/blocked.py    under Docker's default profile
"""

import ctypes
import errno
import os
import platform

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWUSER = 0x10000000
NUMBERS = {
    "x86_64": {"bpf": 321, "keyctl": 250},
    "s390x": {"bpf": 351, "keyctl": 280},
    "ppc64le": {"bpf": 361, "keyctl": 271},
}.get(platform.machine(), {"bpf": 280, "keyctl": 219})

# Each call but the last has an invalid flag, pointer, descriptor or command, so that it fails even where it is allowed.
CALLS = {
    "unshare": lambda: libc.unshare(CLONE_NEWUSER | 1),
    "mount": lambda: libc.mount(1, 1, 1, 0, 0),
    "setns": lambda: libc.setns(-1, 0),
    "bpf": lambda: libc.syscall(NUMBERS["bpf"], -1, 0, 0),
    "keyctl": lambda: libc.syscall(NUMBERS["keyctl"], -1),
    "getpid": os.getpid,
}

for name, call in CALLS.items():
    ctypes.set_errno(0)
    answer = "allowed" if call() >= 0 else errno.errorcode[ctypes.get_errno()]
    print(f"{name:8} {answer}")
