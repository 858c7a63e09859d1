// Reads a thread that waits in a notified call: its memory, and its files in /proc.
//
// If the thread has died and its ID was reused, these functions read another process. So a result is valid only if
// SECCOMP_IOCTL_NOTIF_ID_VALID succeeds afterwards.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace seccomp {

// Returns up to `size` bytes at `address`, at most 64 KiB: fewer if the mapping ends before, none if nothing is mapped
// there or this process may not read it. Linux 3.2, process_vm_readv(2).
std::string ReadMemory(pid_t thread, uint64_t address, size_t size);

// Returns the path of the program that the thread runs; empty if unknown.
std::string Executable(pid_t thread);

// Returns the file that is mapped at `address` and the offset in that file, as in `/usr/lib/libc.so.6+0x10e1a7`; empty
// if unknown.
std::string ModuleAt(pid_t thread, uint64_t address);

// Returns the text of /proc/PID/status; empty if this process may not read it.
std::string StatusText(pid_t thread);
// Returns the value of the field `name` of such a text; empty if there is none.
std::string StatusField(const std::string& status, const char* name);

// Returns the thread-group ID, or 0 if unknown.
pid_t ProcessOf(pid_t thread);

}  // namespace seccomp
