#pragma once

#include "parley/net/detail/socket_item.hpp"
#include "parley/net/server_socket.hpp"

namespace parley::net {

struct SocketGroup::Impl {
  std::vector<detail::SocketItem*> members;
};

// Keeps both sides of a membership true.
struct GroupAccess {
  static void leave_all(detail::SocketItem& item);
  static void leave(SocketGroup::Impl& group, detail::SocketItem& item);
  static void join(SocketGroup::Impl& group, detail::SocketItem& item);
};

namespace detail {
// Sends, and does with a reader that has no room what the host's options say.
bool publish_to(SocketItem& item, const ws::PreparedMessage& message);
using net::GroupAccess;
}  // namespace detail

}  // namespace parley::net
