#include "parley/chat/detail/frames.hpp"

#include "parley/base/text.hpp"

namespace parley::chat::detail {

wire::Connected connected(const std::string& connection, const std::string& framework,
                          const std::string& model, WallTime now) {
  wire::ServerInfo info;
  info.model = model;
  info.framework = framework;
  info.features = {"streaming", "multi_turn", "sessions", "typing", "broadcast", "history"};
  wire::Connected out;
  out.connection_id = connection;
  out.message = "Connected to " + framework;
  out.server_info = std::move(info);
  out.timestamp = to_iso8601(now);
  return out;
}

wire::SessionCreated session_created(const Session& session, const std::string& connection,
                                     WallTime now) {
  wire::SessionCreated out;
  out.session_id = session.id;
  out.model = session.model;
  out.connection_id = connection;
  out.timestamp = to_iso8601(now);
  return out;
}

wire::SessionJoined session_joined(const Session& session, const std::string& connection,
                                   WallTime now) {
  wire::SessionJoined out;
  out.session_id = session.id;
  out.model = session.model;
  out.connection_id = connection;
  out.message_count = session.message_count();
  out.timestamp = to_iso8601(now);
  return out;
}

wire::Status status(std::string message, std::int64_t context, const std::string& session,
                    WallTime now) {
  wire::Status out;
  out.message = std::move(message);
  out.context_messages = context;
  out.session_id = session;
  out.timestamp = to_iso8601(now);
  return out;
}

wire::ResponseStart response_start(const std::string& session, const std::string& answer,
                                   const std::string& asker, WallTime now) {
  wire::ResponseStart out;
  out.session_id = session;
  out.message_id = answer;
  out.request_connection_id = asker;
  out.streaming = true;
  out.timestamp = to_iso8601(now);
  return out;
}

wire::Chunk chunk(const std::string& session, std::string_view text, int number, bool final,
                  WallTime now) {
  wire::Chunk out;
  out.text = text;
  out.chunk_number = number;
  out.is_final = final;
  out.session_id = session;
  out.timestamp = to_iso8601(now);
  return out;
}

wire::SessionUpdate session_update(wire::UpdateType::Known update, const std::string& session,
                                   WallTime now) {
  return wire::SessionUpdate(update, session, to_iso8601(now));
}

wire::SessionUpdate message_added(const Session& session, const Message& message,
                                  std::size_t preview, WallTime now) {
  auto out = session_update(wire::UpdateType::message_added, session.id, now)
                 .with_message_count(session.message_count())
                 .with_message_id(message.id)
                 .with_role(message.role == Role::user ? "user" : "model")
                 .with_connection_id(message.author)
                 .with_last_message_preview(std::string(first_scalars(message.content, preview)));
  if (message.status == Status::failed) out.status = "failed";
  return out;
}

wire::SessionUpdate user_typing(const std::string& session, const std::string& connection,
                                bool typing, WallTime now) {
  return session_update(wire::UpdateType::user_typing, session, now)
      .with_connection_id(connection)
      .with_typing(typing);
}

wire::Pong pong(const std::string& connection, WallTime now) {
  return wire::Pong(connection, to_iso8601(now));
}

wire::ErrorMessage error_message(const Complaint& complaint, std::string request, WallTime now) {
  wire::ErrorMessage out;
  out.message = complaint.message;
  out.code = complaint.code;
  out.retryable = complaint.retryable;
  out.request_id = std::move(request);
  if (!complaint.detail.empty()) out.detail = complaint.detail;
  if (complaint.retry_after_ms > 0) out.retry_after_ms = complaint.retry_after_ms;
  out.timestamp = to_iso8601(now);
  return out;
}

}  // namespace parley::chat::detail
