// Sockets of the file system, unix(7). All of them are non-blocking stream sockets.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "system/descriptor.h"
#include "system/failure.h"

namespace seccomp {

// Connects to the socket at `path`. EAGAIN: its queue of connections is full.
Failure ConnectToPath(const std::string& path, Descriptor* socket);

// Listens at `path`, where nothing may exist yet; only the user of this process can connect. Returns 0 or an errno.
int ListenAtPath(const std::string& path, Descriptor* socket);

// The most bytes and the most descriptors that one connection receives.
constexpr size_t kMaxReceivedBytes = 65536;
constexpr size_t kMaxReceivedDescriptors = 16;

// Receives what has arrived on a connection: bytes, at most as many as `buffer` has, and descriptors, of which those
// beyond kMaxReceivedDescriptors are closed. Returns the number of bytes, 0 at the end, or -errno. Sets `is_truncated`
// if descriptors were lost because there were too many at once, or more than this process may have.
ssize_t ReceiveDescriptors(const Descriptor& socket, std::string* buffer, std::vector<Descriptor>* descriptors,
                           bool* is_truncated, int flags = 0);

// Returns a number that no other socket has had since boot; 0: unknown. socket(7), SO_COOKIE, Linux 4.6.
uint64_t CookieOf(int socket);

}  // namespace seccomp
