#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "parley/base/bytes.hpp"
#include "parley/base/error.hpp"
#include "parley/base/random.hpp"
#include "parley/base/time.hpp"
#include "parley/ws/context.hpp"
#include "parley/ws/deflate.hpp"
#include "parley/ws/handshake.hpp"
#include "parley/ws/prepared.hpp"
#include "parley/ws/rfc6455.hpp"

namespace parley::ws {

// What the peer did. Views are valid until the next call of a non-const member.
struct Event {
  enum class Kind {
    text,    // a text message, valid UTF-8
    binary,  // a binary message
    ping,    // was answered already
    pong,
    closing,  // the peer's close frame: code (1005: it had none) and reason in data
    closed,   // the end; nothing follows. `code` and `data` as the application should see them
  };
  Kind kind = Kind::closed;
  BytesView data;
  std::uint16_t code = 0;
  // A whole message has both. With Options::stream_messages a message may come in parts; a part may
  // end inside a code point, and the last may be empty.
  bool first = true;
  bool last = true;

  std::string_view text() const { return as_text(data); }
};

// One WebSocket connection after its opening handshake (RFC 6455, RFC 7692), for either role,
// without I/O, clock or thread. Call receive() or a command, then poll_event() until it is empty,
// then write poll_output() and call consume_output(); at next_timeout() call handle_timeout().
//
// A bad peer is an event, not an error: the connection sends the close frame that the RFC asks for
// and ends in `closed`. Not thread-safe; a connection belongs to one thread at a time.
class Connection {
 public:
  // One of many connections of a thread; `context` must outlive it.
  Connection(Role role, Context& context, const Agreement& agreement, TimePoint now);
  // A connection with a context of its own; see Context about `random`.
  Connection(Role role, const Options& options, Random& random, TimePoint now,
             const Agreement& agreement = Agreement());
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

  // Commands. Errors: invalid_state after a close began, or inside a message of send_part();
  // too_large where max_output would be passed; invalid_argument for bad UTF-8, a control payload
  // over 125 bytes or a code that may not be sent. A command that fails has sent nothing.
  Result<void> send_text(std::string_view text, Compress compress = Compress::automatic);
  Result<void> send_binary(BytesView data, Compress compress = Compress::automatic);
  // A text that is known to be valid UTF-8, as the text of an Event is.
  Result<void> send_valid_text(std::string_view text, Compress compress = Compress::automatic);
  // A message in parts, each a frame of its own; the kind and `compress` of the first part count.
  // A text's parts may be cut anywhere; together they must be valid UTF-8.
  Result<void> send_part(MessageKind kind, BytesView part, bool last,
                         Compress compress = Compress::automatic);
  // Servers only. Compressed where both sides agreed on it and it is shorter so.
  Result<void> send_prepared(const PreparedMessage& message);
  Result<void> ping(BytesView payload = {});
  // Begins the close handshake; 1005 sends a frame without a code. Further calls change nothing.
  // The peer's half is awaited for Options::close_timeout from `now`.
  Result<void> close(std::uint16_t code, std::string_view reason, TimePoint now);

  std::optional<Event> poll_event();
  // What poll_event() has not read yet of the bytes given to receive(). To keep it for later, copy
  // it and give the copy to receive().
  BytesView unread_input() const;
  // Bytes to write, in order; valid until the next call of a non-const member.
  BytesView poll_output() const;
  void consume_output(std::size_t written);
  // What is waiting now stays as it is until it is consumed, as TLS needs it for a write that is to
  // be tried again. Without it, a newer pong may take the place of an older one.
  void pin_output();
  std::optional<TimePoint> next_timeout() const;

  Role role() const;
  const Options& options() const;
  // The smoothed time from a ping to its pong; empty before the first, or without pong_timeout.
  std::optional<Duration> round_trip() const;

  bool open() const;    // messages may be sent
  bool closed() const;  // the transport may be closed now; output that is left should be written
  // Which limit in time ended the connection: idle (no byte, no pong) or close (no answer to our
  // close frame); none: it was something else.
  Stage timed_out() const;
  // Close code and reason as received or decided; 0 while open.
  std::uint16_t close_code() const;
  const std::string& close_reason() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace parley::ws
