#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "parley/base/time.hpp"
#include "parley/chat/compat.hpp"
#include "parley/chat/message.hpp"
#include "parley/chat/record.hpp"

// The messages of the server, filled from the hub's state.
namespace parley::chat::detail {

wire::Connected connected(const std::string& connection, const std::string& framework,
                          const std::string& model, WallTime now);
wire::SessionCreated session_created(const Session& session, const std::string& connection,
                                     WallTime now);
wire::SessionJoined session_joined(const Session& session, const std::string& connection,
                                   WallTime now);
wire::Status status(std::string message, std::int64_t context, const std::string& session,
                    WallTime now);
wire::ResponseStart response_start(const std::string& session, const std::string& answer,
                                   const std::string& asker, WallTime now);
wire::Chunk chunk(const std::string& session, std::string_view text, int number, bool final,
                  WallTime now);
wire::SessionUpdate session_update(wire::UpdateType::Known update, const std::string& session,
                                   WallTime now);
wire::SessionUpdate message_added(const Session& session, const Message& message,
                                  std::size_t preview, WallTime now);
wire::SessionUpdate user_typing(const std::string& session, const std::string& connection,
                                bool typing, WallTime now);
wire::Pong pong(const std::string& connection, WallTime now);
wire::ErrorMessage error_message(const Complaint& complaint, std::string request, WallTime now);

inline double seconds_between(TimePoint from, TimePoint to) {
  return static_cast<double>(
             std::chrono::duration_cast<std::chrono::milliseconds>(to - from).count()) /
         1000;
}

}  // namespace parley::chat::detail
