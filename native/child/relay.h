// Passes on what a child reads and writes: before Linux 6.16, and over a channel for messages.
#pragma once

#include <cstdint>
#include <vector>

#include "system/descriptor.h"
#include "system/failure.h"

namespace seccomp {

// The descriptors that a child passes over its socket are closed on the thread that reads the socket, which may take as
// long as the child wants. So a thread of the child's own reads it and passes the bytes on: only this thread waits.
struct Relayed {
  Descriptor childs;  // This process's end of the child's socket.
  Descriptor ours;    // The end of another pair, whose other end replaces that one.
  uint64_t cookie;    // Of that other end.
};

// Replaces `socket`, this process's end of a child's socket, by one that carries only bytes, once StartRelay is called.
Failure OpenRelayed(Descriptor* socket, std::vector<Relayed>* relayed);

// Starts the thread that passes on what these sockets carry, until all are closed. Does nothing if there are none.
Failure StartRelay(std::vector<Relayed> relayed);

// Ends reading from this process's end of a child's socket: the child can write nothing more, what it wrote before can
// still be read, followed by the end. Returns 0 or an errno.
int EndReadingFrom(int socket);

}  // namespace seccomp
