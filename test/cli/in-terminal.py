"""Runs a command in a terminal of its own, sends it one signal when it is ready, and then SIGTERM.

usage: in-terminal.py terminal|null key|kill SIGINT|SIGQUIT COMMAND...
The command's stdin is the terminal or /dev/null. The signal is sent by a key, or by kill(2).
Prints how many the command got, and its exit status.
"""

import os
import pty
import signal
import sys

stdin, way, name, *command = sys.argv[1:]
number = signal.Signals[name]
KEYS = {signal.SIGINT: b"\x03", signal.SIGQUIT: b"\x1c"}

pid, terminal = pty.fork()
if pid == 0:
    if stdin == "null":
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
    os.execvp(command[0], command)

text = b""


def read_until(word):
    global text
    while word not in text:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # EIO: the command has ended.
            part = b""
        if part == b"":
            sys.exit(f"no {word.decode()} in {text.decode()}")
        text += part


read_until(b"ready")
if way == "key":
    os.write(terminal, KEYS[number])
else:
    os.kill(pid, number)
read_until(b"got")
os.kill(pid, signal.SIGTERM)
read_until(b"end")
_, status = os.waitpid(pid, 0)
print(text.decode().count("got"), os.waitstatus_to_exitcode(status))
