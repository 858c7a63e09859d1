"""Executes a program that inherits what an event loop has: epoll instances (0 and 63), an eventfd (60) and a pipe (61, 62)."""
import os
import select
import sys

epoll = select.epoll()
event = os.eventfd(0, os.EFD_NONBLOCK)
ends = os.pipe2(os.O_NONBLOCK)
for number, descriptor in {0: epoll.fileno(), 60: event, 61: ends[0], 62: ends[1], 63: epoll.fileno()}.items():
    os.dup2(descriptor, number, inheritable=True)
os.execvp(sys.argv[1], sys.argv[1:])
