"""What a program that nobody has read tries: prints the names of what it achieved, as JSON, for test/adversary/untrusted.test.ts."""
import ctypes
import json
import os
import resource
import socket
import sys

with open("plan.json") as file:
    plan = json.load(file)
parent = plan["parent"]
libc = ctypes.CDLL(None, use_errno=True)
IPC_CREAT = 0o1000
KEY = 0x5ECC


def succeeds(action):
    try:
        return action() is not False
    except OSError:
        return False


def reads(path):
    with open(path, "rb") as opened:
        return len(opened.read(16)) > 0


def writes(path):
    with open(path, "w") as opened:
        opened.write("x")


def connects(family, address):
    with socket.socket(family) as made:
        made.settimeout(5)
        made.connect(address)


def connects_abstract():
    name = "\0" + plan["abstract"]
    return any(succeeds(lambda: connects(socket.AF_UNIX, each)) for each in [name, name.ljust(108, "\0")])  # As libuv names it.


def sends():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.sendto(b"x", ("127.0.0.1", plan["port"]))


def limits():
    before = resource.prlimit(parent, resource.RLIMIT_NOFILE)
    resource.prlimit(parent, resource.RLIMIT_NOFILE, before)


def makes(call, remove, *arguments):
    made = getattr(libc, call)(KEY, *arguments)
    if made < 0:
        return False
    getattr(libc, remove)(made, 0, 0)  # IPC_RMID is 0, and semctl reads it as its third argument.


def outlives():
    if os.fork() > 0:
        return False  # The test looks for the process itself.
    os.setsid()
    if os.fork() > 0:
        os._exit(0)
    for descriptor in range(3):
        os.close(descriptor)
    os.execvp("sleep", [plan["mark"], "1000"])


ACTIONS = {
    "read a secret": lambda: reads(plan["secret"]),
    "read a directory beside its own": lambda: len(os.listdir(os.path.dirname(plan["secret"]))) > 0,
    "write its directory": lambda: writes("written"),
    "remove its input": lambda: os.rename("input", "moved"),
    "write beside its own directory": lambda: writes(plan["secret"] + ".new"),
    "write a file in /tmp": lambda: writes(plan["outside"]),
    "see a variable": lambda: plan["variable"] in os.environ,
    "read the environment of its parent": lambda: reads(f"/proc/{parent}/environ"),
    "read the memory map of its parent": lambda: reads(f"/proc/{parent}/maps"),
    "list the descriptors of its parent": lambda: len(os.listdir(f"/proc/{parent}/fd")) > 0,
    "signal its parent": lambda: os.kill(parent, 0),
    "limit its parent": limits,
    "slow its parent": lambda: os.setpriority(os.PRIO_PROCESS, parent, os.getpriority(os.PRIO_PROCESS, parent)),
    "slow all processes of its user": lambda: os.setpriority(os.PRIO_USER, 0, os.getpriority(os.PRIO_PROCESS, 0)),
    "move its parent to a CPU": lambda: os.sched_setaffinity(parent, os.sched_getaffinity(parent)),
    "lower the I/O priority of its parent": lambda: libc.syscall(plan["ioprio_set"], 1, parent, 2 << 13 | 4) == 0,
    "share memory by a key": lambda: makes("shmget", "shmctl", 4096, IPC_CREAT | 0o600),
    "send messages by a key": lambda: makes("msgget", "msgctl", IPC_CREAT | 0o600),
    "share semaphores by a key": lambda: makes("semget", "semctl", 1, IPC_CREAT | 0o600),
    "share memory by a name": lambda: writes("/dev/shm/seccomp-untrusted"),
    "connect by TCP": lambda: connects(socket.AF_INET, ("127.0.0.1", plan["port"])),
    "send a datagram": sends,
    "connect a Unix socket": lambda: connects(socket.AF_UNIX, plan["socket"]),
    "connect an abstract socket": connects_abstract,
    "listen": lambda: socket.create_server(("127.0.0.1", 0)).close(),
    "dump core": lambda: resource.getrlimit(resource.RLIMIT_CORE)[1] != 0,
}

achieved = [name for name, action in ACTIONS.items() if name not in plan["without"] and succeeds(action)]
if plan["outlives"]:
    outlives()
json.dump(achieved, sys.stdout)
