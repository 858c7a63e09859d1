"""Runs commands with every kind of standard descriptors, and reports their output.

    driver.py < cases.json > results.json

A case is {"command": [...], "env": {...}, "cwd": "...", "stdio": [kind, kind, kind]}. Kinds:

  null, closed, file, pipe, socket, tcp, pty   a descriptor of this kind
  1, 0                                         a duplicate of that descriptor (`2>&1`)

A result is {"status": 3, "output": {"1": {…}}}, with one entry for each descriptor that can be written to: the
digest, the end and the size of the bytes without the filling (#), and the number of filling bytes.
"""
import concurrent.futures
import hashlib
import json
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import tempfile
import termios

INPUT = b'some input\n'


class End:
    """The two ends of a connection: the program's descriptor, and ours."""

    def __init__(self, kind):
        self.kind, self.ours, self.theirs, self.file = kind, None, None, None
        if kind == 'null':
            self.theirs = os.open('/dev/null', os.O_RDWR)
        elif kind == 'file':
            self.file = tempfile.TemporaryFile()
            self.theirs = os.dup(self.file.fileno())
        elif kind == 'pipe':
            self.ours, self.theirs = os.pipe()
        elif kind == 'pipe of input':
            self.theirs, writer = os.pipe()
            os.write(writer, INPUT)
            os.close(writer)
        elif kind in ('socket', 'tcp'):
            self.ours, self.theirs = [end.detach() for end in pair(kind)]
        elif kind == 'pty':
            self.ours, self.theirs = pty.openpty()
            mode = termios.tcgetattr(self.theirs)
            mode[3] &= ~termios.ECHO
            termios.tcsetattr(self.theirs, termios.TCSANOW, mode)

    def give_input(self):
        """What can be read there: some bytes and the end."""
        if self.kind == 'file':
            self.file.write(INPUT)
            self.file.seek(0)
        elif self.kind == 'pty':
            os.write(self.ours, INPUT + b'\x04')
        elif self.kind in ('socket', 'tcp'):
            end = socket.socket(fileno=os.dup(self.ours))
            end.sendall(INPUT)
            end.shutdown(socket.SHUT_WR)
            end.close()


def pair(kind):
    if kind == 'socket':
        return socket.socketpair()
    server = socket.create_server(('127.0.0.1', 0))
    client = socket.create_connection(server.getsockname())
    accepted, _ = server.accept()
    server.close()
    return client, accepted


def place(ends):
    """In the child: puts the descriptors in their places. 3 and up are closed by subprocess."""
    high = [None if end is None or end.theirs is None else os.dup2(end.theirs, 100 + i) for i, end in enumerate(ends)]
    for i, fd in enumerate(high):
        if fd is None:
            os.close(i)
        else:
            os.dup2(fd, i)
            os.close(fd)


def read_all(ends):
    """Everything that is written, until nobody can write any more."""
    data = {end.ours: b'' for end in ends}
    pending = set(data)
    while pending:
        for fd in select.select(list(pending), [], [])[0]:
            try:
                chunk = os.read(fd, 65536)
            except OSError:  # EIO: nobody has this terminal open any more.
                chunk = b''
            data[fd] += chunk
            if not chunk:
                pending.discard(fd)
    return data


def run(case):
    kinds = case['stdio']
    first = 'pipe of input' if kinds[0] == 'pipe' else kinds[0]
    ends = [End(first)]
    ends[0].give_input()
    for kind in kinds[1:]:
        ends.append(ends[int(kind)] if kind in ('0', '1') else End(kind))
    process = subprocess.Popen(
        case['command'],
        cwd=case['cwd'],
        env=case['env'],
        start_new_session=True,
        preexec_fn=lambda: place(ends),
    )
    distinct = list(dict.fromkeys(ends))
    for end in distinct:
        if end.theirs is not None:
            os.close(end.theirs)
    data = read_all([end for end in distinct if end.ours is not None])
    status = process.wait()
    output = {}
    for end in distinct:
        if end.file is not None:
            end.file.seek(0)
            output[str(ends.index(end))] = summary(end.file.read())
        elif end.ours is not None:
            output[str(ends.index(end))] = summary(data[end.ours])
            os.close(end.ours)
    return {'status': status, 'output': output}


def summary(written):
    text = written.replace(b'#', b'')
    digest = hashlib.sha256(text).hexdigest()
    return {'size': len(text), 'digest': digest, 'end': text[-200:].decode('latin1'), 'filling': len(written) - len(text)}


cases = json.load(sys.stdin)
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
    json.dump(list(pool.map(run, cases)), sys.stdout)
