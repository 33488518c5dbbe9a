#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "parley/base/time.hpp"

namespace parley::chat {

// The rows of the session log. The log gives each message and chunk its sequence number: one row of
// numbers per session, in the order of commits.

enum class Role { user, model };
enum class Status { ok, failed };

struct Session {
  Session() = default;
  std::string id;
  std::string model;
  WallTime created{};
  WallTime last_activity{};
  std::int64_t user_messages = 0;
  std::int64_t model_messages = 0;
  std::int64_t failed_messages = 0;  // of model_messages: kept, but not given to the model

  std::int64_t message_count() const { return user_messages + model_messages; }
  std::int64_t context_messages() const { return message_count() - failed_messages; }
};

struct Message {
  Message() = default;
  std::string id;
  std::string session_id;
  Role role = Role::user;
  Status status = Status::ok;
  std::string author;         // the connection that asked; for an answer the one it answers
  std::string content;        // valid UTF-8
  std::string model;          // of an answer
  std::string generation_id;  // of an answer, and of the question that it answers
  WallTime created{};
  std::int64_t seq = 0;  // given by the log
};

// An answer that has not ended: the question is committed, the answer is not.
struct OpenGeneration {
  OpenGeneration() = default;
  std::string id;
  std::string session_id;
  std::string question_id;  // the user's message
  std::string answer_id;    // the message that the answer will be
  std::string model;
  std::string author;
  std::string text;  // what was committed of the answer; filled by the log when it is read
};

// What one transaction does, in order. All or nothing.
struct AddSession {
  Session session;
};
struct AddMessage {
  Message message;
};  // also counts it in its session
struct OpenAnswer {
  OpenGeneration generation;
};
struct AddChunk {
  AddChunk(std::string of, std::string of_session, std::string chunk, WallTime at)
      : generation_id(std::move(of)),
        session_id(std::move(of_session)),
        text(std::move(chunk)),
        created(at) {}
  std::string generation_id;
  std::string session_id;
  std::string text;
  WallTime created;
};
struct CloseAnswer {
  std::string generation_id;
};  // its chunks go: the message holds their text
struct ClearSession {
  std::string session_id;
  WallTime at{};
};
struct DeleteSession {
  std::string session_id;
};

using Operation = std::variant<AddSession, AddMessage, OpenAnswer, AddChunk, CloseAnswer,
                               ClearSession, DeleteSession>;
using Transaction = std::vector<Operation>;

// The messages that the model gets to answer the question: failed answers and questions behind this
// one are left out, and the question is last. `messages` is the session's log in order.
std::vector<Message> make_context(std::vector<Message> messages, const std::string& question_id);

}  // namespace parley::chat
