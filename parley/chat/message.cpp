#include "parley/chat/message.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/json/codec.hpp"

namespace parley::chat {
namespace {

using Read = std::expected<wire::ClientMessage, Complaint>;

std::unexpected<Complaint> refuse(std::string_view code, std::string message,
                                  std::string detail = "") {
  Complaint complaint(code, std::move(message));
  complaint.detail = std::move(detail);
  return std::unexpected(std::move(complaint));
}

std::string printable(std::string_view text) {
  std::string clean = strip_control(first_scalars(text, 40));
  std::ranges::replace(clean, '\n', ' ');
  return clean;
}

// What must be right before a message has a type to be read as; empty: it is.
std::optional<Complaint> envelope_mistake(json::Cursor root) {
  using json::Kind;
  if (root.kind() != Kind::object) {
    Complaint complaint("bad_json", "Invalid JSON format");
    complaint.detail = "the top level must be an object";
    return complaint;
  }
  const auto type = root.find("type");
  if (!type || type->is_null()) return Complaint("bad_request", "The field type is required");
  if (type->kind() != Kind::string)
    return Complaint("bad_request", "The field type must be a string");
  if (root.equals("type", "chat") && !root.has("message"))
    return Complaint("message_required", "Message is required");
  return std::nullopt;
}

Read checked(wire::ClientMessage message, std::size_t max_message) {
  if (const auto* unknown = std::get_if<json::Unknown>(&message))
    return refuse("unknown_type", "Unknown message type: " + printable(unknown->name));
  auto* chat = std::get_if<wire::ChatMessage>(&message);
  if (chat == nullptr) return message;
  chat->message = std::string(trim(chat->message));
  if (chat->message.empty()) return refuse("message_required", "Message is required");
  if (const auto length = count_scalars(chat->message); length > max_message)
    return refuse("too_large", fmt::format("Message is too long: {} characters, the limit is {}",
                                           length, max_message));
  return message;
}

}  // namespace

Read read_client_message(std::string_view frame, std::size_t max_message) {
  wire::ClientMessage message;
  std::optional<Complaint> mistake;
  bool is_json = false;
  const auto look = [&](json::Cursor root) {
    is_json = true;
    mistake = envelope_mistake(root);
    if (!mistake) root.read(message);
  };
  const auto read = json::inspect(frame, look, json::Limits());
  if (!is_json) return refuse("bad_json", "Invalid JSON format", read.error().message());
  if (mistake) return std::unexpected(std::move(*mistake));
  if (!read) return refuse("bad_request", "Invalid message: " + read.error().message());
  return checked(std::move(message), max_message);
}

Complaint complaint_of(const Error& error) {
  const bool server = error.kind() == ErrorKind::storage || error.kind() == ErrorKind::internal;
  std::string_view code = "provider_error";
  if (error.kind() == ErrorKind::rate_limited) code = "quota";
  if (error.kind() == ErrorKind::timeout) code = "provider_timeout";
  if (error.kind() == ErrorKind::storage) code = "not_durable";
  Complaint complaint(code,
                      fmt::format("{}: {}", server ? "Server error" : "Error generating response",
                                  error.message()));
  complaint.retryable = error.retryable() || error.kind() == ErrorKind::storage;
  if (const auto wait = error.retry_after()) complaint.retry_after_ms = wait->count();
  return complaint;
}

std::vector<Message> make_context(std::vector<Message> messages, const std::string& question_id) {
  const auto question = std::ranges::find(messages, question_id, &Message::id);
  if (question == messages.end()) return {};
  Message asked = *question;
  std::erase_if(messages, [&asked](const Message& message) {
    const bool later = message.role == Role::user && message.seq >= asked.seq;
    return message.status == Status::failed || later;
  });
  messages.push_back(std::move(asked));
  return messages;
}

}  // namespace parley::chat
