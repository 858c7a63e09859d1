"""Runs a command as the job of a shell, and continues it whenever it has stopped.

usage: as-job.py terminal|none COMMAND...
The session has a terminal, or none. When the command prints "ready" there, Ctrl-Z is typed.
Prints how often it has stopped, and its exit status. When it stops, all that it has started has to stop too.
"""

import os
import pty
import signal
import sys

stdin, *command = sys.argv[1:]


def fields(pid):
    """Of proc_pid_stat(5): the program's name, and the state."""
    with open(f"/proc/{pid}/stat") as file:
        name, rest = file.read().split("(", 1)[1].rsplit(") ", 1)
    return name, rest[0]


def descendants(pid):
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/children") as file:
            for child in file.read().split():
                yield child
                yield from descendants(child)


def is_stopped(pid):
    name, state = fields(pid)
    return state == "T" or name == "seccomp-guard"


def run_job():
    """In a process group of its own, whose parent is in the same session: only such a job is stopped by a terminal."""
    job = os.fork()
    if job == 0:
        os.setpgid(0, 0)
        if stdin == "terminal":
            signal.signal(signal.SIGTTOU, signal.SIG_IGN)
            os.tcsetpgrp(0, os.getpid())
            signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execvp(command[0], command)
    stops = 0
    while os.WIFSTOPPED(status := os.waitpid(job, os.WUNTRACED)[1]):
        while not all(map(is_stopped, descendants(job))):
            pass
        stops += 1
        os.killpg(job, signal.SIGCONT)
    print("result:", stops, os.waitstatus_to_exitcode(status), flush=True)


if stdin == "none":
    shell = os.fork()
    if shell == 0:
        os.setsid()
        run_job()
        os._exit(0)
    os.waitpid(shell, 0)
    sys.exit()

shell, terminal = pty.fork()
if shell == 0:
    run_job()
    os._exit(0)

text = b""
while b"result" not in text or not text.endswith(b"\n"):
    typed = b"ready" in text
    text += os.read(terminal, 4096)
    if b"ready" in text and not typed:
        os.write(terminal, b"\x1a")
print(text.decode()[text.decode().index("result") :].strip())
