"""Executes a program whose stdin is an epoll instance, and whose descriptor 60 is a non-blocking eventfd."""
import os
import select
import sys

epoll = select.epoll()
os.dup2(epoll.fileno(), 0, inheritable=True)
os.dup2(os.eventfd(0, os.EFD_NONBLOCK), 60, inheritable=True)
os.execvp(sys.argv[1], sys.argv[1:])
