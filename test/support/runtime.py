"""Sends an agent the message of a runtime, or a malformed one: runtime.py PATH CASE. Prints the result of a call.

Without arguments, does so for each [PATH, CASE] on standard input, a line of JSON, in a new process, and prints what that
prints, as a line of JSON too.
"""
import ctypes
import json
import os
import socket
import struct
import sys
import traceback

libc = ctypes.CDLL(None, use_errno=True)


def listener():
    """The listener of a filter on this process that notifies it of sched_get_priority_max."""
    number = {'x86_64': 146, 'aarch64': 125, 'riscv64': 125}[os.uname().machine]
    code = struct.pack('HBBI' * 4, 0x20, 0, 0, 0, 0x15, 0, 1, number, 6, 0, 0, 0x7FC00000, 6, 0, 0, 0x7FFF0000)
    class Program(ctypes.Structure):
        _fields_ = [('length', ctypes.c_ushort), ('instructions', ctypes.c_char_p)]
    libc.prctl(38, 1, 0, 0, 0)
    return libc.syscall({'x86_64': 317}.get(os.uname().machine, 277), 1, 8, ctypes.byref(Program(4, code)))


def state(**changes):
    whole = {
        'ociVersion': '1.0.2',
        'fds': ['seccompFd'],
        'pid': os.getpid(),
        'state': {'ociVersion': '1.0.2', 'id': 'one', 'status': 'running', 'pid': os.getpid(), 'bundle': '/b', 'annotations': {'a': 'b'}},
    }
    return json.dumps({**whole, **changes}).encode()


def file():
    return os.open('/etc/passwd', os.O_RDONLY)


def call():
    print(libc.sched_get_priority_max(1), ctypes.get_errno(), flush=True)


def run(path, case):
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)

    def send(text, *fds):
        socket.send_fds(connection, [text], fds)
        for fd in fds:
            os.close(fd)

    if case == 'whole':
        send(state(metadata='of it'), listener())
        connection.close()
        call()
    elif case == 'kept open':
        send(state(), listener())
        call()
    elif case == 'in pieces, with other descriptors':
        text = state(fds=['other', 'seccompFd', 'third'])
        send(text[:20], file(), listener())
        connection.send(text[20:40])
        send(text[40:], file())
        call()
    elif case == 'all the time':
        send(state(), listener())
        for _ in range(5000):
            libc.sched_get_priority_max(1)
    elif case == 'nothing':
        pass
    elif case == 'no JSON':
        send(b'GET / HTTP/1.1\r\n\r\n', listener())
    elif case == 'half of it':
        send(state()[:50], listener())
    elif case == 'no object':
        send(b'[{}]', listener())
    elif case == 'no state':
        send(state(state=None), listener())
    elif case == 'no id':
        send(state(state={}), listener())
    elif case == 'a pid that is none':
        send(state(pid='1'), listener())
    elif case == 'metadata that is no text':
        send(state(metadata=7), listener())
    elif case == 'annotations that are no texts':
        send(state(state={'id': 'one', 'annotations': {'a': 1}}), listener())
    elif case == 'no descriptor':
        send(state())
    elif case == 'no name of it':
        send(state(fds=['other']), listener())
    elif case == 'a name too many':
        send(state(fds=['other', 'seccompFd']), listener())
    elif case == 'a file for a listener':
        send(state(), file())
    elif case == 'many descriptors':
        send(state(), *[file() for _ in range(200)])
    elif case == 'too much':
        try:
            for _ in range(300):
                connection.sendall(b'x' * 1024)
        except OSError:
            pass
    if case != 'kept open':
        connection.close()


def run_in_child(path, case):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(writer, 1)
        os.dup2(writer, 2)
        os.close(writer)
        try:
            run(path, case)
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        os._exit(0)
    os.close(writer)
    with open(reader) as output:
        print(json.dumps(output.read()), flush=True)
    os.waitpid(child, 0)


if len(sys.argv) > 1:
    run(*sys.argv[1:])
else:
    for line in sys.stdin:
        run_in_child(*json.loads(line))
