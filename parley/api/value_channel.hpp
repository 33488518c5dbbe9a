#pragma once

#include <memory>
#include <optional>

#include "parley/api/batcher.hpp"
#include "parley/base/error.hpp"
#include "parley/json/free_form.hpp"
#include "parley/json/limits.hpp"
#include "parley/json/payload.hpp"
#include "parley/net/task.hpp"
#include "parley/net/websocket.hpp"

namespace parley::api {

struct ChannelOptions {
  ChannelOptions() = default;
  // What the messages are on the wire: text messages for json, binary ones for the others. Both
  // sides must know it, by a subprotocol for example. Packing (permessage-deflate, level 6) is the
  // WebSocket's own: net::ConnectOptions::protocol.
  json::PayloadCodec codec = json::PayloadCodec::json;
  // Sends values together, as one array; off.
  std::optional<BatchOptions> batching;
  // An array that comes is a batch: next() gives its elements one by one.
  bool unbatch = false;
  json::Limits limits;  // of what comes
};

// A WebSocket whose messages are JSON values, in text or in a binary form, and in batches where it
// is asked for. Belongs to the WebSocket's thread. Destroying it drops the connection, and what
// waits for a batch.
class ValueChannel {
 public:
  ValueChannel(net::WebSocket socket, ChannelOptions options);
  ValueChannel(ValueChannel&&) noexcept;
  ValueChannel& operator=(ValueChannel&&) noexcept;
  ~ValueChannel();

  // The next value; empty: the end, see outcome(). One at a time.
  Task<std::optional<json::Value>> next();
  // As net::WebSocket::outcome(); invalid_response where a message is no such payload (the
  // connection is closed with 1003 or 1007 then).
  Result<void> outcome() const;

  // Returns when the value is in the WebSocket's hands, or, with batching, when it waits for its
  // batch. Errors: those of net::WebSocket::send(), also where an earlier batch failed.
  Task<Result<void>> send(json::Value value);
  // Sends what waits now.
  Task<Result<void>> flush();
  // flush(), then the close handshake: read next() to its end.
  Task<Result<void>> close();

  // Batches that went out, and values in them.
  std::uint64_t batches() const;
  std::uint64_t values() const;
  net::WebSocket& socket();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace parley::api
