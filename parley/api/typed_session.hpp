#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "parley/api/session.hpp"
#include "parley/base/secret.hpp"
#include "parley/json/cursor.hpp"
#include "parley/json/types.hpp"
#include "parley/json/writer.hpp"

// What generated sessions share beyond SessionCore: the way from bytes to a variant of messages.
namespace parley::api {

template <class Message>
struct MessageCodec {
  bool binary_json = false;                // JSON may come in binary frames
  Message (*from_bytes)(Bytes) = nullptr;  // null: no message is binary
  int (*which)(const Message&) = nullptr;  // index of the rule; -1: unknown
};

// Runs a task beside its caller; what it gives is dropped.
void start(const Executor& executor, Task<Result<void>> task);
Task<Executor> current_executor();

Error undecodable(const net::Message& raw, Error why);
Error wrong_frame(const net::Message& raw);
Bytes to_bytes(std::string data);

// One message from its frame. Errors: invalid_response with the JSON path; protocol_violation for a
// frame of the wrong kind.
template <class Message>
Result<Message> decode_message(net::Message raw, const MessageCodec<Message>& codec) {
  if (raw.binary && codec.from_bytes) return codec.from_bytes(to_bytes(std::move(raw.data)));
  if (raw.binary && !codec.binary_json) return fail(wrong_frame(raw));
  auto message = json::decode_text<Message>(raw.data, json::trusted_limits());
  if (!message) return fail(undecodable(raw, std::move(message.error())));
  return message;
}

// The next message; empty: the end. A message that cannot be understood ends the session.
template <class Message>
Task<std::optional<Message>> next_message(SessionCore& core, const MessageCodec<Message>& codec) {
  for (;;) {
    auto raw = co_await core.next();
    if (!raw) co_return std::nullopt;
    auto message = decode_message(std::move(*raw), codec);
    if (!message && core.note_unreadable(message.error())) {
      if constexpr (std::is_constructible_v<Message, json::Unknown>)
        co_return Message(json::Unknown());
      else
        continue;
    }
    if (!message) {
      core.refuse(std::move(message.error()));
      co_return std::nullopt;
    }
    const int which = codec.which(*message);
    if (which < 0) {
      core.note_unknown();
      if (core.skips_unknown()) continue;
    } else if (!core.note_received(static_cast<std::size_t>(which))) {
      co_return std::nullopt;
    }
    co_return std::move(*message);
  }
}

}  // namespace parley::api
