#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "parley/base/error.hpp"
#include "parley/net/task.hpp"

namespace parley::gemini {

// What a Live session needs of a connection: messages of JSON text, in order. The session's own is
// a WebSocket; another one (LiveOptions::dial) may be a script, a recording or a relay. Belongs to
// the session's executor; one next() and one send() may be pending at a time.
class LiveSocket {
 public:
  virtual ~LiveSocket() = default;
  virtual Task<Result<void>> send(std::string text) = 0;
  // The next message; empty: the connection has ended, see outcome(). Must return when close() is
  // called.
  virtual Task<std::optional<std::string>> next() = 0;
  // After the end: success for an orderly one, else an Error with the close code and reason.
  virtual Result<void> outcome() const = 0;
  // Begins to end it; may be called again and after the end.
  virtual void close() = 0;
};

// Opens one. Errors are those of Live::connect().
using LiveDial = std::function<Task<Result<std::shared_ptr<LiveSocket>>>()>;

// Where a Live session stands. setup_pending: connected, setup sent, setupComplete awaited.
enum class LiveState { disconnected, connecting, setup_pending, ready, closing };
std::string_view to_string(LiveState state);

}  // namespace parley::gemini
