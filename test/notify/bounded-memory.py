"""Makes a call of uname with an address near the end of mapped memory, or at another special place: bounded-memory.py PLACE.

Prints the errno of the call, and the 96 bytes before the end of mapped memory.
"""
import ctypes
import mmap
import sys

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
libc.uname.argtypes = [ctypes.c_void_p]

PAGE = mmap.PAGESIZE
PROT_NONE = 0
PROTECTION = mmap.PROT_READ | mmap.PROT_WRITE


def pages(count):
    """The address of `count` pages that are full of the letter a, before one that is not mapped."""
    start = libc.mmap(None, (count + 1) * PAGE, PROTECTION, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
    libc.munmap(start + count * PAGE, PAGE)
    ctypes.memset(start, ord('a'), count * PAGE)
    return start


start = pages(3)
end = start + 3 * PAGE
protected = pages(1)
ctypes.memset(protected + 2, 0, 1)
libc.mprotect(protected, PAGE, PROT_NONE)
address = {
    'before the end': end - 96,
    'at the end': end,
    'long': start,
    'protected': protected,
    'kernel': 0xFFFFFFFF80000000,
}[sys.argv[1]]
result = libc.uname(address)
print(ctypes.get_errno() if result < 0 else 0, ctypes.string_at(end - 96, 96).decode())
