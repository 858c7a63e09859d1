"""send.py PATH USER GROUP: connects to a socket as this user, sends a text with a descriptor, and prints the process's ID."""

import os
import socket
import sys

path, user, group = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
os.setgroups([])
os.setresgid(group, group, group)
os.setresuid(user, user, user)
with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
    connection.connect(path)
    socket.send_fds(connection, [b"text"], [os.open("/dev/null", os.O_RDONLY)])
print(os.getpid())
