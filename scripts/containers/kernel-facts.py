#!/usr/bin/env python3
"""Prints the seccomp features of this kernel, the filters of this process, and the calls that these filters deny."""

import ctypes
import errno
import gzip
import os
import platform

# Calls that container engines are known to deny, and that with these arguments affect only this process: number on x86_64,
# number in include/uapi/asm-generic/unistd.h (arm64, riscv64 …), arguments.
PROBES = {
    "add_key": (248, 217, (0, 0, 0, 0, 0)),
    "bpf": (321, 280, (-1, 0, 0)),
    "clone3": (435, 435, (0, 0)),
    "io_uring_setup": (425, 425, (0, 0)),
    "keyctl": (250, 219, (-1, 0, 0, 0, 0)),
    "mount": (165, 40, (0, 0, 0, 0, 0)),
    "perf_event_open": (298, 241, (0, 0, 0, 0, 0)),
    "personality": (135, 92, (0x0040000,)),
    "pivot_root": (155, 41, (0, 0)),
    "ptrace": (101, 117, (-1, 0, 0, 0)),
    "setns": (308, 268, (-1, 0)),
    "unshare": (272, 97, (0,)),
    "userfaultfd": (323, 282, (-1,)),
}


def kernel_config():
    """Returns the kernel's CONFIG_SECCOMP* lines and their file, or None and the reason why there are none."""
    release = platform.release()
    for path in ("/proc/config.gz", f"/boot/config-{release}"):
        try:
            opened = gzip.open(path, "rt") if path.endswith(".gz") else open(path)
            with opened as config:
                return [line.strip() for line in config if line.startswith("CONFIG_SECCOMP")], path
        except OSError:
            continue
    return None, f"neither /proc/config.gz nor /boot/config-{release} is visible here"


def status():
    wanted = ("NoNewPrivs", "Seccomp", "Seccomp_filters", "CapEff")
    with open("/proc/self/status") as lines:
        return [line.strip().replace("\t", " ") for line in lines if line.split(":")[0] in wanted]


def probe(arguments, number):
    libc = ctypes.CDLL(None, use_errno=True)
    result = libc.syscall(ctypes.c_long(number), *(ctypes.c_long(argument) for argument in arguments))
    return "succeeds" if result >= 0 else errno.errorcode[ctypes.get_errno()]


def main():
    print(f"kernel: {platform.release()} {platform.machine()}, uid {os.getuid()}")
    lines, where = kernel_config()
    print(f"config: {where}" if lines is None else f"config: {', '.join(lines)} ({where})")
    try:
        with open("/proc/sys/kernel/seccomp/actions_avail") as actions:
            print(f"actions: {actions.read().strip()}")
    except OSError:
        print("actions: /proc/sys/kernel/seccomp/actions_avail is not there: is CONFIG_SECCOMP_FILTER off?")
    print(f"status: {', '.join(status())}")
    column = 0 if platform.machine() == "x86_64" else 1
    for name, facts in PROBES.items():
        print(f"call: {name} {probe(facts[2], facts[column])}", flush=True)
    if lines is not None and "CONFIG_SECCOMP_FILTER=y" not in lines:
        raise SystemExit(f"kernel-facts.py: this kernel has no seccomp filters ({where}): nothing here can be tested on it")


main()
