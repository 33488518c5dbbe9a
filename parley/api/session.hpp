#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "parley/api/endpoint_rules.hpp"
#include "parley/api/session_flow.hpp"
#include "parley/api/target.hpp"
#include "parley/base/event.hpp"
#include "parley/base/secret.hpp"
#include "parley/json/cursor.hpp"
#include "parley/net/reconnect_policy.hpp"
#include "parley/net/websocket.hpp"

namespace parley::api {

// What becomes of a message for which the inbox has no room.
enum class Overflow {
  block,        // nothing more is read: the server is held up by TCP
  drop_oldest,  // the oldest message in the inbox goes, and is counted
  fail,         // the session ends with too_large
};

// A session whose connection was lost goes on with another one (SessionOptions::reconnect).
struct Reconnected {
  Reconnected() = default;
  std::uint64_t times = 0;  // how often so far
};

class TokenSource;

struct SessionOptions {
  SessionOptions() = default;

  // Credentials; an empty key is looked for in the environment variables of the definition.
  Secret key;
  std::string user;  // for basic authentication
  bool use_environment = true;
  // False: a parameter of the connection is the credential, and no key goes beside it.
  bool send_key = true;
  // In place of the key: Authorization: Bearer, with a token that is good for some time yet, for
  // each connection. One that is answered with 401 is dropped.
  std::shared_ptr<TokenSource> tokens;
  // Another server than the definition's: "ws://127.0.0.1:8090".
  std::string base_url;
  // Another path than the endpoint's, of a service that speaks the same; empty: the endpoint's.
  std::string path;
  http::Headers headers;  // further fields of the upgrade request

  net::ConnectOptions connect;  // TLS trust, proxies, Origin
  // Where empty, the definition's.
  std::optional<std::chrono::milliseconds> connect_timeout;   // each step, to the upgrade's answer
  std::optional<std::chrono::milliseconds> greeting_timeout;  // greeting; answer to initialize
  std::optional<std::chrono::milliseconds> idle_timeout;      // nothing received, pongs included
  std::optional<std::chrono::milliseconds> close_timeout;     // for the close handshake
  std::optional<std::chrono::milliseconds> keepalive_every;   // zero: no keepalive
  std::optional<bool> compression;                            // permessage-deflate is offered
  std::optional<std::size_t> max_message;  // bytes; a larger one closes with 1009
  // After the close message: without a message for that long the connection is closed.
  std::chrono::milliseconds drain_timeout{30'000};

  std::size_t inbox_messages = 64;  // that wait for next(), at least 1
  std::size_t inbox_bytes = 4 * 1024 * 1024;
  Overflow overflow = Overflow::block;
  // A server message that cannot be understood ends the session, unless this says (true) that it
  // has taken note: then it comes as one that the definition does not know, empty, where the
  // definition has such, and else not at all. The error's detail "body" is the message's beginning.
  std::function<bool(const Error&)> on_unreadable;
  bool skip_unknown = false;  // server messages that the definition does not know are only counted

  // Nothing is connected again unless a policy says so. The initialize message is sent anew; what
  // else must be said again, `on_reconnect` says, before next() goes on.
  net::ReconnectPolicy reconnect;
  std::function<void(const Reconnected&)> on_reconnect;
  // "api.session_start" {api, endpoint}, "_open" where it is connected, "_stop" {code, messages_in,
  // messages_out} or "_exception"; those of net::ReconnectingWebSocket; and those of
  // net::ConnectOptions::events, unless `connect` has a sink of its own. See docs/telemetry.md.
  EventSink events;
};

struct SessionCounters {
  SessionCounters() = default;
  std::uint64_t messages_in = 0, messages_out = 0;
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::uint64_t keepalives = 0, auto_replies = 0;
  std::uint64_t dropped = 0;  // by Overflow::drop_oldest
  std::uint64_t unknown = 0;  // messages that the definition does not know
  std::uint64_t reconnects = 0;
};

namespace detail {
struct SessionState;
}

// A session without types: what all generated sessions share. Belongs to its executor's thread.
// Reads ahead into the inbox, so that pings, keepalives and automatic replies are served while
// nobody calls next(). Destroying it closes the connection with 1001 and does not wait.
class SessionCore {
 public:
  // Errors: missing_credentials, those of net::connect_websocket(), timeout at stage connect or
  // setup (no greeting), protocol_violation (a subprotocol that is required was not agreed on).
  static Task<Result<SessionCore>> open(const EndpointRules& rules, Target target,
                                        SessionOptions options);
  SessionCore(SessionCore&&) noexcept;
  SessionCore& operator=(SessionCore&&) noexcept;
  ~SessionCore();

  // One client message, already encoded. Errors: invalid_state, disconnected, too_large.
  Task<Result<void>> send(std::size_t message, std::string text);
  Task<Result<void>> send_bytes(std::size_t message, Bytes data);
  // Waits until the server has answered initialize, where the definition says so. Errors: timeout
  // at stage setup, disconnected, service (a fatal message came instead).
  Task<Result<void>> ready();
  // A message and its answer. Errors: those of send(), timeout; then nothing waits any more.
  Task<Result<net::Message>> request(std::size_t message, std::string text, std::string id);
  // The next message as it came; empty: the end, see outcome(). One at a time.
  Task<std::optional<net::Message>> next();
  // Waits until next() need not wait, at most `limit`; zero: not at all. False: it still must. Not
  // while next() is pending.
  Task<bool> wait(std::chrono::milliseconds limit);
  // Ends the session for a message that could not be understood.
  void refuse(Error error);
  // The typed layer knows which message it was. False: refused.
  bool note_received(std::size_t message);
  void note_unknown();
  bool skips_unknown() const;
  // False: nobody has taken note of it, and the session is to end.
  bool note_unreadable(const Error& why);

  // The closing phase without a close message: the close handshake begins.
  void begin_close();
  // Success for an orderly end, by the definition's close codes; else what went wrong.
  Result<void> outcome() const;

  Phase phase() const;
  const SessionCounters& counters() const;
  std::uint64_t new_request_id();
  // The key, where the definition wants it in the first message.
  const Secret& message_key() const;
  const std::string& subprotocol() const;
  // A second handle to the same session, for a sink and a stream.
  SessionCore share() const;

 private:
  explicit SessionCore(std::shared_ptr<detail::SessionState> state);
  SessionCore(const SessionCore& other, int) : handle_(other.handle_) {}
  struct Handle;
  std::shared_ptr<Handle> handle_;
};

}  // namespace parley::api
