#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "parley/base/bytes.hpp"
#include "parley/base/error.hpp"
#include "parley/base/random.hpp"
#include "parley/base/time.hpp"
#include "parley/ws/rfc6455.hpp"

namespace parley::ws {

struct Options {
  Options() = default;

  // Bytes of one whole message; more is answered with close 1009.
  std::size_t max_message = 16 * 1024 * 1024;
  // Bytes waiting in poll_output(); a send that would pass it fails with too_large and sends
  // nothing.
  std::size_t max_output = 4 * 1024 * 1024;
  // A ping goes out when nothing was received for that long; zero: never.
  Duration ping_interval = Duration::zero();
  // No byte for that long: the connection is dropped as dead (Closed, 1006); zero: never.
  Duration idle_timeout = Duration::zero();
  // How long to wait for the peer's half of the close handshake.
  Duration close_timeout = std::chrono::seconds(5);
};

// What the peer did. Views are valid until the next call of a non-const member.
struct Event {
  enum class Kind {
    text,    // a whole text message, valid UTF-8
    binary,  // a whole binary message
    ping,    // was answered already
    pong,
    closing,  // the peer's close frame: code (1005: it had none) and reason in data
    closed,   // the end; nothing follows. `code` and `data` as the application should see them
  };
  Kind kind;
  BytesView data;
  std::uint16_t code = 0;

  std::string_view text() const { return as_text(data); }
};

// One WebSocket connection after its opening handshake (RFC 6455), for either role, without I/O,
// clock or thread. Call receive() or a command, then poll_event() until it is empty, then write
// poll_output() and call consume_output(); at next_timeout() call handle_timeout().
//
// A bad peer is an event, not an error: the connection sends the close frame that the RFC asks for
// and ends in `closed`. Not thread-safe; a connection belongs to one thread at a time.
class Connection {
 public:
  // `random` makes the masking keys of a client and must outlive the connection; a server does not
  // use it. It must be unpredictable on a public network (RFC 6455, 10.3).
  Connection(Role role, const Options& options, Random& random, TimePoint now);
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

  // Bytes from the peer. They are unmasked in place and must stay where they are until poll_event()
  // has returned nothing; what is left of an unfinished frame is then copied.
  void receive(MutableBytesView input, TimePoint now);
  // The transport ended (end of file or an error): `closed` follows, 1006 unless both close frames
  // had passed.
  void receive_end();
  void handle_timeout(TimePoint now);

  // Commands. Errors: invalid_state after a close began, too_large where max_output would be
  // passed, invalid_argument for bad UTF-8, a control payload over 125 bytes or a code that may not
  // be sent.
  Result<void> send_text(std::string_view text);
  Result<void> send_binary(BytesView data);
  // A frame made once for many receivers by prepare_text(); servers only.
  Result<void> send_prepared(BytesView frame);
  Result<void> ping(BytesView payload = {});
  // Begins the close handshake; 1005 sends a frame without a code. Further calls change nothing.
  // The peer's half is awaited for Options::close_timeout from `now`.
  Result<void> close(std::uint16_t code, std::string_view reason, TimePoint now);

  std::optional<Event> poll_event();
  // Bytes to write, in order; valid until the next call of a non-const member.
  BytesView poll_output() const;
  void consume_output(std::size_t written);
  std::optional<TimePoint> next_timeout() const;

  bool open() const;    // messages may be sent
  bool closed() const;  // the transport may be closed now; output that is left should be written
  // Close code and reason as received or decided; 0 while open.
  std::uint16_t close_code() const;
  const std::string& close_reason() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The bytes of one unmasked, unfragmented message for Connection::send_prepared; `text` must be
// valid UTF-8.
Bytes prepare_text(std::string_view text);
Bytes prepare_binary(BytesView data);

}  // namespace parley::ws
