// What is read of a thread that waits in a call: from /proc and its memory.
//
// Each of these may see another process, if the thread has died and its number was given away: what was read counts
// only if the call is still waited for afterwards (SECCOMP_IOCTL_NOTIF_ID_VALID).
#ifndef SECCOMP_NATIVE_CALLER_H_
#define SECCOMP_NATIVE_CALLER_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace seccomp {

// Bytes at `address`, up to `size`: fewer where the memory ends before; none if there is none, or we may not.
// Linux 3.2, process_vm_readv(2).
std::string ReadMemory(pid_t thread, uint64_t address, size_t size);

// The program that it runs; empty if we may not know.
std::string Executable(pid_t thread);

// `/usr/lib/libc.so.6+0x10e1a7`: the file that was mapped at `address`, and the place in that file; empty if unknown.
std::string ModuleAt(pid_t thread, uint64_t address);

// The text of /proc/PID/status, empty if we may not know, and the rest of the line of it that begins with `name`.
std::string StatusText(pid_t thread);
std::string StatusField(const std::string& status, const char* name);

// The process that it is of; 0: not known.
pid_t ProcessOf(pid_t thread);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_CALLER_H_
