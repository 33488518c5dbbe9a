#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/base/event.hpp"
#include "parley/chat/record.hpp"

namespace parley::chat {

// What the hub wants done. The server carries effects out in their order.

// One frame for some connections. Text of the protocol, made once for all of them.
struct Send {
  std::vector<std::string> connections;
  std::shared_ptr<const std::string> frame;
  bool droppable = false;  // may be left out where a reader is slow: typing and presence
};
struct Close {
  std::string connection;
  std::uint16_t code;
  std::string reason;
};
// Commit, then call Hub::committed(ticket, …). Transactions are committed in the order they come.
struct Append {
  std::uint64_t ticket;
  Transaction transaction;
};
// Ask the model: read the session's messages, make_context(), stream the answer into
// Hub::generation_text() and end it by generation_done() or generation_failed().
struct StartGeneration {
  std::string generation_id;
  std::string session_id;
  std::string question_id;
  std::string model;
};
// Drop the model's stream at once; nothing more about it is wanted.
struct CancelGeneration {
  std::string generation_id;
};
// Answers a REST request: the session's id, or why not.
struct Reply {
  std::uint64_t token;
  Result<std::string> result;
};
// For logs: connected, disconnected, message, generating, chunk, complete, failed.
struct Notice {
  Event event;
};

using Effect = std::variant<Send, Close, Append, StartGeneration, CancelGeneration, Reply, Notice>;

}  // namespace parley::chat
