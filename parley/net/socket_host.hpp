#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "parley/net/server_socket.hpp"
#include "parley/net/task.hpp"
#include "parley/net/transport.hpp"

namespace parley::net {

namespace detail {
struct HostState;
class SocketWatcher;
}  // namespace detail

// What happens to a member of a SocketGroup that does not read fast enough.
struct SlowReader {
  SlowReader() = default;
  bool close = true;  // false: it misses messages
  std::uint16_t code = ws::close_code::try_again_later;
  std::string reason = "slow_consumer";
};

struct SocketHostOptions {
  SocketHostOptions() = default;
  ws::Options protocol;
  SlowReader slow_reader;
};

// Drives the WebSocket connections of a server without a coroutine or a buffer for each: an idle
// plain connection costs about 230 bytes. Timeouts are kept to 50 ms. Belongs to one io_context,
// run by one thread.
class SocketHost {
 public:
  // `handler` must outlive the host.
  SocketHost(Executor executor, const SocketHostOptions& options, SocketHandler& handler);
  // Drops what is left, without calls to the handler.
  ~SocketHost();
  SocketHost(const SocketHost&) = delete;
  SocketHost& operator=(const SocketHost&) = delete;

  // Takes over a connection whose handshake is done; `early` are bytes that came behind it. Calls
  // on_open(), and on_message() for what came. `held` is released when the connection has ended.
  // `watched_by` is what watches the socket so far, if anything does. False where the system
  // refuses to watch it.
  bool adopt(detail::RawSocket socket, const ws::Agreement& agreement,
             std::unique_ptr<ServerSocket::Data> data, std::string_view early,
             std::shared_ptr<void> held = nullptr, detail::SocketWatcher* watched_by = nullptr);

  std::size_t size() const;
  // Sends to all connections, as SocketGroup::publish() does.
  std::size_t publish(const ws::PreparedMessage& message);
  // Begins the close handshake with all, waits up to `grace` for them, and drops the rest.
  Task<void> drain(std::uint16_t code, std::string reason, std::chrono::milliseconds grace);

 private:
  std::shared_ptr<detail::HostState> state_;
};

}  // namespace parley::net
