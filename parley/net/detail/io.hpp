#pragma once

#include <chrono>
#include <string>
#include <sys/socket.h>

#include "parley/base/bytes.hpp"

namespace parley::net::detail {

// How long a socket whose writing side is shut waits for the peer to do the same.
inline constexpr auto kLinger = std::chrono::seconds(2);
// A socket reads that often in a row, then the others of its thread have their turn.
inline constexpr int kReadsInARow = 4;

// One buffer for all connections of a thread: an idle connection owns none. Valid until the next
// read on this thread.
MutableBytesView thread_buffer();

// Something waits in the socket's buffer, or it has ended.
bool socket_has_input(int socket);

// The IP address as text, an IPv4 address inside IPv6 as IPv4; empty for other families.
std::string address_text(const sockaddr_storage& address);

}  // namespace parley::net::detail
