"""Searches the memory of its parent for a text, as code that wants its secrets would. Prints what it found, or the error.

python3 read-parent.py TEXT-IN-HEXADECIMAL
"""

import os
import sys

# In hexadecimal, so that the text is not in the parent's memory by way of these arguments.
wanted = bytes.fromhex(sys.argv[1])


def is_found(start, end):
    try:
        memory.seek(start)
        return wanted in memory.read(end - start)
    except OSError:
        return False  # The region has no memory behind it.


try:
    memory = open(f"/proc/{os.getppid()}/mem", "rb", 0)
    regions = [line.split() for line in open(f"/proc/{os.getppid()}/maps")]
    writable = [region[0].split("-") for region in regions if region[1].startswith("rw")]
    found = any(is_found(int(start, 16), int(end, 16)) for start, end in writable)
    print("found" if found else "not found")
except OSError as error:
    print(error.strerror)
