#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/steady_timer.hpp>

#include "parley/net/detail/websocket_told.hpp"
#include "parley/net/transport.hpp"
#include "parley/net/websocket.hpp"

namespace parley::net::detail {

// A WebSocket's protocol, transport and queues. Kept alive by its handle and by pending operations.
struct WebSocketState : std::enable_shared_from_this<WebSocketState> {
  WebSocketState(std::shared_ptr<Transport> over, ws::Role role, const ws::Options& options,
                 ws::Agreement agreed);

  std::size_t queued() const;  // bytes that the kernel has not taken
  // Reads as far as the next message; what came behind it waits for the next call, so that messages
  // are answered before a close frame that follows them is.
  std::optional<Message> read_message();
  void read_ahead();  // into the inbox, as far as it goes
  void settle();      // after each change: writes output, sets the timer
  void sent();        // after each command that makes output
  void flush();
  void arm();
  void lose(const Error& error);  // the transport failed
  void leave();                   // the protocol is over and all is written
  void drop();                    // nothing more is read or written
  void set_left();                // the end is complete
  static Task<void> wait_until_left(std::shared_ptr<WebSocketState> self);
  static Task<void> linger(std::shared_ptr<WebSocketState> self);
  Result<void> admit(std::size_t size) const;
  Result<void> count_sent(Result<void> posted, std::size_t size, bool binary);
  Result<void> outcome() const;
  void tell_end();
  static Task<bool> take_input(std::shared_ptr<WebSocketState> self);  // false: the end
  static Task<bool> is_quiet(std::shared_ptr<WebSocketState> self);
  static Task<bool> probe(std::shared_ptr<WebSocketState> self, std::chrono::milliseconds limit);
  static Task<void> write_rest(std::shared_ptr<WebSocketState> self);

  std::shared_ptr<Transport> transport;
  ws::Connection connection;
  ws::Agreement agreement;
  std::size_t max_output;
  boost::asio::steady_timer timer;
  boost::asio::steady_timer drained;  // cancelled whenever output went out
  std::optional<TimePoint> armed;
  TrafficCounters traffic;
  std::uint32_t probes = 0;
  std::string pong;           // the last one's payload
  std::deque<Message> inbox;  // what was read ahead of an end
  Bytes held;                 // input that waits behind a message
  std::string in_flight;
  bool reading = false;
  bool writing = false;
  bool write_posted = false;
  bool ended = false;  // the protocol is over
  bool gone = false;   // the transport is closed, or is read to its end
  bool left = false;   // all was written, and a server has ended TCP where we are its client
  bool aborted = false;
  std::optional<Error> failure;
  std::unique_ptr<WebSocketTold> told;  // null: nobody listens
};

}  // namespace parley::net::detail
