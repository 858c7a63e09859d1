"""Runs a command with descriptors of many kinds from 3 on: descriptors.py COMMAND…

Prints the targets of the descriptors first, and then the output of the command.
"""
import os
import socket
import subprocess
import sys

command = sys.argv[1:]


def pipe(are_blocking):
    ends = os.pipe()
    for fd in ends:
        os.set_blocking(fd, are_blocking)
    return ends


def write_ends():
    writer = pipe(True)[1]
    return [writer, os.dup(writer), os.dup(writer)]


def ends_and_one_more():
    reader, writer = pipe(False)
    return [reader, writer, os.dup(writer)]


given = [
    *write_ends(),
    *pipe(True),  # As GNU make passes its jobserver.
    *pipe(False),
    *ends_and_one_more(),
    os.eventfd(0, 0),
    os.eventfd(0, os.EFD_NONBLOCK),
    *[end.detach() for end in socket.socketpair()],
    os.open(__file__, os.O_RDONLY),
    os.open('/dev/null', os.O_RDWR),
    *pipe(True),
]


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
