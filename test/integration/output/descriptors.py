"""Runs a command with descriptors of one kind from 3 on: descriptors.py KIND COMMAND…

Prints the targets of the descriptors first, and then the output of the command.
"""
import os
import socket
import subprocess
import sys

kind, *command = sys.argv[1:]
reader, writer = os.pipe()
blocking = [reader, writer]
other_reader, other_writer = os.pipe()
other = [other_reader, other_writer]
for fd in other:
    os.set_blocking(fd, False)
given = {
    'write ends of one pipe': lambda: [writer, os.dup(writer), os.dup(writer)],
    'both ends of a pipe': lambda: blocking,  # As GNU make passes its jobserver.
    'both ends of a non-blocking pipe': lambda: other,
    'both ends and one more of a non-blocking pipe': lambda: [*other, os.dup(other_writer)],
    'an eventfd': lambda: [os.eventfd(0, 0)],
    'a non-blocking eventfd': lambda: [os.eventfd(0, os.EFD_NONBLOCK)],
    'a socket pair': lambda: [end.detach() for end in socket.socketpair()],
    'a file': lambda: [os.open(__file__, os.O_RDONLY)],
}[kind]()


def place():
    high = [os.dup2(fd, 100 + i) for i, fd in enumerate(given)]
    for i, fd in enumerate(high):
        os.dup2(fd, 3 + i)
        os.close(fd)


for i, fd in enumerate(given):
    print(3 + i, os.readlink(f'/proc/self/fd/{fd}'))
sys.stdout.flush()
places = [str(3 + i) for i in range(len(given))]
sys.exit(subprocess.run([*command, *places], preexec_fn=place, close_fds=False).returncode)
