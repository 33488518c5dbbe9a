#include "parley/chat/message.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "parley/base/text.hpp"

namespace parley::chat {
namespace {

using Read = std::expected<ClientMessage, Complaint>;

std::unexpected<Complaint> refuse(std::string_view code, std::string message,
                                  std::string detail = "") {
  Complaint complaint(code, std::move(message));
  complaint.detail = std::move(detail);
  return std::unexpected(std::move(complaint));
}

// A member that is a string, null or absent.
std::expected<std::optional<std::string>, Complaint> text_field(const json::Object& object,
                                                                std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || value->is_null()) return std::optional<std::string>();
  if (!value->is_string())
    return refuse("bad_request", fmt::format("The field {} must be a string", name));
  return std::optional<std::string>(std::string(value->get_string()));
}

Read read_chat(const json::Object& object, std::size_t max_message) {
  auto message = text_field(object, "message");
  if (!message) return std::unexpected(std::move(message.error()));
  auto session = text_field(object, "session_id");
  if (!session) return std::unexpected(std::move(session.error()));
  Chat chat;
  const std::string text = message->value_or("");
  chat.message = trim(text);
  chat.session_id = std::move(*session);
  if (chat.message.empty()) return refuse("message_required", "Message is required");
  if (const auto length = count_scalars(chat.message); length > max_message)
    return refuse("too_large", fmt::format("Message is too long: {} characters, the limit is {}",
                                           length, max_message));
  return chat;
}

std::string printable(std::string_view text) {
  std::string clean = strip_control(first_scalars(text, 40));
  std::ranges::replace(clean, '\n', ' ');
  return clean;
}

}  // namespace

Read read_client_message(std::string_view frame, std::size_t max_message) {
  auto value = json::parse(frame);
  if (!value) return refuse("bad_json", "Invalid JSON format", value.error().message());
  if (!value->is_object())
    return refuse("bad_json", "Invalid JSON format", "the top level must be an object");
  const auto& object = value->get_object();
  auto type = text_field(object, "type");
  if (!type) return std::unexpected(std::move(type.error()));
  if (!*type) return refuse("bad_request", "The field type is required");
  if (**type == "chat") return read_chat(object, max_message);
  if (**type == "typing_start") return TypingStart{};
  if (**type == "typing_stop") return TypingStop{};
  if (**type == "ping") return Ping{};
  if (**type == "create_session") {
    auto model = text_field(object, "model_id");
    if (!model) return std::unexpected(std::move(model.error()));
    return CreateSession{std::move(*model)};
  }
  if (**type == "join_session") {
    auto session = text_field(object, "session_id");
    if (!session) return std::unexpected(std::move(session.error()));
    if (!*session) return refuse("bad_request", "The field session_id is required");
    return JoinSession{std::move(**session)};
  }
  return refuse("unknown_type", "Unknown message type: " + printable(**type));
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
