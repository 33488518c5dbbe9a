#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "parley/base/random.hpp"
#include "parley/base/time.hpp"
#include "parley/chat/compat.hpp"
#include "parley/chat/effect.hpp"
#include "parley/chat/message.hpp"
#include "parley/chat/record.hpp"
#include "parley/json/writer.hpp"

namespace parley::chat {

// Both clocks at the moment of an input.
struct Now {
  TimePoint mono{};
  WallTime wall{};
};

struct HubOptions {
  HubOptions() = default;
  std::string default_model = "gemini-2.5-flash";
  std::vector<std::string> models;  // that sessions may use; empty: any name
  std::string framework = "Parley";
  std::size_t max_message = 64 * 1024;  // Unicode scalars
  std::size_t max_queue = 8;            // questions that wait in one session
  Duration typing_expiry = std::chrono::seconds(6);
  Duration typing_pause = std::chrono::seconds(2);  // between two relayed starts of a connection
  std::chrono::milliseconds active_for = std::chrono::hours(24);  // after the last activity
  std::size_t preview = 50;  // Unicode scalars of last_message_preview
};

struct ConnectionInfo {
  ConnectionInfo() = default;
  std::string id;          // unique; the hub does not make it
  std::string address;     // for logs
  bool compat_v1 = false;  // trimmed chunks of four words, as the first server sent them
};

// A session as REST shows it.
struct SessionView {
  SessionView() = default;
  Session session;
  std::size_t connected_clients = 0;
};

struct Statistics {
  WallTime started{};
  std::int64_t total = 0;  // chats accepted: successful + failed + cancelled + under way
  std::int64_t successful = 0;
  std::int64_t failed = 0;
  std::int64_t cancelled = 0;
  std::int64_t under_way = 0;
  std::int64_t messages_received = 0;  // frames of clients
  std::int64_t sessions_created = 0;
  std::size_t active_sessions = 0;
  std::size_t connections = 0;
  double average_response_time = 0;  // seconds, over the successful
};

// The rules of the chat: sessions, members, turns, typing, fan-out. A pure state machine: inputs
// in, effects out; drain poll_effect() after every input. Nothing that the log keeps is sent before
// its transaction is committed. Not thread-safe. Session headers stay in memory, messages do not.
class Hub {
 public:
  // `random` makes ids and must outlive the hub.
  Hub(HubOptions options, Random& random, Now now);
  ~Hub();

  // At the start: what the log holds. Answers that were under way end as failed with the text that
  // was shown; those without a text are asked for again.
  void restore(std::vector<Session> sessions, std::vector<OpenGeneration> open, Now now);

  // From now on these: sessions that exist keep their model.
  void use_models(std::string default_model, std::vector<std::string> models);

  // Connections.
  void connected(const ConnectionInfo& info, Now now);
  void received_text(const std::string& connection, std::string_view frame, Now now);
  void received_binary(const std::string& connection, Now now);
  void disconnected(const std::string& connection, std::string_view why, Now now);

  // REST. A change that was taken is answered later by Reply{token}.
  Result<void> create_session(std::uint64_t token, std::optional<std::string> model, Now now);
  Result<void> delete_session(std::uint64_t token, const std::string& id, Now now);
  Result<void> clear_session(std::uint64_t token, const std::string& id, Now now);
  std::optional<SessionView> session(const std::string& id) const;
  // Active sessions, most recent first; `after` is the id of the last one of the page before.
  std::vector<SessionView> sessions(std::size_t limit, const std::string& after, Now now) const;
  Statistics statistics(Now now) const;

  // The log.
  void committed(std::uint64_t ticket, Result<void> result, Now now);

  // The model. `last`: the service flagged the end together with this text. Calls for a generation
  // that is over are ignored.
  void generation_text(const std::string& generation, std::string_view text, bool last, Now now);
  void generation_done(const std::string& generation, Now now);
  void generation_failed(const std::string& generation, const Error& error, Now now);

  std::optional<Effect> poll_effect();
  std::optional<TimePoint> next_timeout() const;
  void handle_timeout(Now now);

  const HubOptions& options() const { return options_; }

 private:
  struct Member;
  struct Room;
  struct Generation;
  using OnCommit = std::function<void(const Result<void>&, Now)>;

  // hub.cpp
  void append(Transaction transaction, OnCommit then);
  void send_text(std::vector<std::string> to, std::string frame, bool droppable);
  std::vector<std::string> members_of(const Room& room, const std::string& but) const;
  template <class Message>
  void send(std::vector<std::string> to, const Message& message, bool droppable = false) {
    if (!to.empty()) send_text(std::move(to), json::encode_text(message), droppable);
  }
  template <class Message>
  void send_room(const Room& room, const Message& message, const std::string& but = "",
                 bool droppable = false) {
    send(members_of(room, but), message, droppable);
  }
  void send_error(const std::vector<std::string>& to, const Complaint& complaint, Now now,
                  const std::string& session = "", const std::string& asker = "");
  void notice(Event event);
  std::string mint(Now now);
  Member* member(const std::string& connection);
  Room* room(const std::string& id);
  Room* live_room(const std::string& id);  // not being deleted
  bool allows(const std::string& model) const;

  // hub_session.cpp
  Room& open_room(std::string model, Now now);
  void handle(Member& member, wire::CreateSession& message, Now now);
  void handle(Member& member, wire::JoinSession& message, Now now);
  void enter(Member& member, Room& room, Now now);
  void leave(Member& member, wire::UpdateType::Known update, Now now);
  void show_running(Member& member, Room& room, Now now);
  void forget_generations(Room& room, Now now, std::string_view why);

  // hub_chat.cpp
  void handle(Member& member, wire::ChatMessage& message, Now now);
  void ask(Member& member, Room& room, std::string text, Transaction first, bool announce, Now now);
  void question_committed(const std::shared_ptr<Generation>& generation, bool announce, Now now);
  void start_next(Room& room, Now now);
  void chunk_lost(const std::shared_ptr<Generation>& generation, const Error& error, Now now);
  void send_chunk(Room& room, Generation& generation, std::string_view text, bool final, Now now);
  void message_added(Room& room, const Message& message, Now now);
  void end_generation(const std::shared_ptr<Generation>& generation, const Error* error, Now now);
  void answer_committed(const std::shared_ptr<Generation>& generation, const Message& answer,
                        Now now);
  void failure_committed(const std::shared_ptr<Generation>& generation, const Message& answer,
                         const Error& error, Now now);
  void give_up(const std::shared_ptr<Generation>& generation, const Error& error, Now now);

  // hub_typing.cpp
  void handle(Member& member, wire::TypingStart& message, Now now);
  void handle(Member& member, wire::TypingStop& message, Now now);
  void handle(Member& member, wire::Ping& message, Now now);
  void stop_typing(Member& member, Now now);

  HubOptions options_;
  Random& random_;
  WallTime started_;
  std::unordered_map<std::string, std::unique_ptr<Member>> members_;
  std::unordered_map<std::string, std::unique_ptr<Room>> rooms_;
  std::unordered_map<std::string, std::shared_ptr<Generation>> generations_;
  std::deque<Effect> effects_;
  std::map<std::uint64_t, OnCommit> waiting_;  // by ticket
  std::uint64_t next_ticket_ = 1;
  Statistics counts_;
  double response_seconds_ = 0;
};

}  // namespace parley::chat
