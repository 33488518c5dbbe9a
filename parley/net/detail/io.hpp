#pragma once

#include "parley/base/bytes.hpp"

namespace parley::net::detail {

// One buffer for all connections of a thread: an idle connection owns none. Valid until the next
// read on this thread.
MutableBytesView thread_buffer();

// Something waits in the socket's buffer, or it has ended.
bool socket_has_input(int socket);

}  // namespace parley::net::detail
