#include "parley/store/detail/schema.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace parley::store::detail {
namespace {

constexpr const char* kMigrations[] = {
    R"(
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE session(session_id TEXT PRIMARY KEY, model TEXT NOT NULL, next_seq INTEGER NOT NULL DEFAULT 1,
  user_messages INTEGER NOT NULL DEFAULT 0, model_messages INTEGER NOT NULL DEFAULT 0,
  failed_messages INTEGER NOT NULL DEFAULT 0, created_ms INTEGER NOT NULL, last_activity_ms INTEGER NOT NULL) STRICT;
CREATE TABLE message(message_id TEXT PRIMARY KEY, session_id TEXT NOT NULL REFERENCES session ON DELETE CASCADE,
  seq INTEGER NOT NULL, role TEXT NOT NULL, status TEXT NOT NULL, author TEXT NOT NULL, content TEXT NOT NULL,
  model TEXT NOT NULL, generation_id TEXT NOT NULL, created_ms INTEGER NOT NULL, cleared_ms INTEGER) STRICT;
CREATE UNIQUE INDEX message_by_session ON message(session_id, seq);
CREATE INDEX message_cleared ON message(cleared_ms) WHERE cleared_ms IS NOT NULL;
CREATE TABLE generation(generation_id TEXT PRIMARY KEY, session_id TEXT NOT NULL REFERENCES session ON DELETE CASCADE,
  question_id TEXT NOT NULL, answer_id TEXT NOT NULL, model TEXT NOT NULL, author TEXT NOT NULL) STRICT;
CREATE TABLE event(session_id TEXT NOT NULL REFERENCES session ON DELETE CASCADE, seq INTEGER NOT NULL,
  generation_id TEXT NOT NULL REFERENCES generation ON DELETE CASCADE, content TEXT NOT NULL, created_ms INTEGER NOT NULL,
  PRIMARY KEY(session_id, seq)) STRICT, WITHOUT ROWID;
CREATE INDEX event_by_generation ON event(generation_id, seq);
)"};
constexpr std::int64_t kVersion = std::size(kMigrations);
constexpr std::int64_t kKeepCleared = 24 * 3600 * 1000;  // milliseconds

Result<std::int64_t> version_of(Database& database) {
  auto statement = database.prepare("PRAGMA user_version");
  if (!statement) return fail(statement.error());
  const auto row = statement->step();
  if (!row) return fail(row.error());
  return statement->integer(0);
}

// The next number of the session's log; also the proof that the session is there.
Result<std::int64_t> next_seq(Database& database, std::string_view session) {
  auto statement = database.prepare(
      "UPDATE session SET next_seq = next_seq + 1 WHERE session_id = ? RETURNING next_seq - 1");
  if (!statement) return fail(statement.error());
  const auto row = statement->bind(session).step();
  if (!row) return fail(row.error());
  if (!*row) return fail(ErrorKind::storage, "the session is gone");
  const std::int64_t seq = statement->integer(0);
  const auto end = statement->step();
  if (!end) return fail(end.error());
  return seq;
}

template <class... Values>
Result<void> run(Database& database, std::string_view sql, const Values&... values) {
  auto statement = database.prepare(sql);
  if (!statement) return fail(statement.error());
  (statement->bind(values), ...);
  return statement->run();
}

Result<void> write_one(Database& database, const chat::AddSession& add) {
  const auto& session = add.session;
  return run(
      database,
      "INSERT INTO session(session_id, model, created_ms, last_activity_ms) VALUES(?, ?, ?, ?)",
      session.id, session.model, to_unix_ms(session.created), to_unix_ms(session.last_activity));
}

Result<void> write_one(Database& database, const chat::AddMessage& add) {
  const auto& message = add.message;
  const auto seq = next_seq(database, message.session_id);
  if (!seq) return fail(seq.error());
  const bool user = message.role == chat::Role::user;
  const bool failed = message.status == chat::Status::failed;
  auto counted = run(
      database,
      "UPDATE session SET user_messages = user_messages + ?, model_messages = model_messages + ?, "
      "failed_messages = failed_messages + ?, last_activity_ms = ? WHERE session_id = ?",
      std::int64_t{user}, std::int64_t{!user}, std::int64_t{failed}, to_unix_ms(message.created),
      message.session_id);
  if (!counted) return counted;
  return run(database,
             "INSERT INTO message(message_id, session_id, seq, role, status, author, content, "
             "model, generation_id, "
             "created_ms) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
             message.id, message.session_id, *seq, std::string_view(user ? "user" : "model"),
             std::string_view(failed ? "failed" : "ok"), message.author, message.content,
             message.model, message.generation_id, to_unix_ms(message.created));
}

Result<void> write_one(Database& database, const chat::OpenAnswer& open) {
  const auto& row = open.generation;
  return run(
      database,
      "INSERT INTO generation(generation_id, session_id, question_id, answer_id, model, author) "
      "VALUES(?, ?, ?, ?, ?, ?)",
      row.id, row.session_id, row.question_id, row.answer_id, row.model, row.author);
}

Result<void> write_one(Database& database, const chat::AddChunk& add) {
  const auto seq = next_seq(database, add.session_id);
  if (!seq) return fail(seq.error());
  return run(database,
             "INSERT INTO event(session_id, seq, generation_id, content, created_ms) VALUES(?, ?, "
             "?, ?, ?)",
             add.session_id, *seq, add.generation_id, add.text, to_unix_ms(add.created));
}

Result<void> write_one(Database& database, const chat::CloseAnswer& close) {
  return run(database, "DELETE FROM generation WHERE generation_id = ?", close.generation_id);
}

Result<void> write_one(Database& database, const chat::ClearSession& clear) {
  const auto now = to_unix_ms(clear.at);
  auto done =
      run(database, "UPDATE message SET cleared_ms = ? WHERE session_id = ? AND cleared_ms IS NULL",
          now, clear.session_id);
  if (done) done = run(database, "DELETE FROM message WHERE cleared_ms < ?", now - kKeepCleared);
  if (done) done = run(database, "DELETE FROM generation WHERE session_id = ?", clear.session_id);
  if (done)
    done = run(database,
               "UPDATE session SET user_messages = 0, model_messages = 0, failed_messages = 0, "
               "last_activity_ms = ? "
               "WHERE session_id = ?",
               now, clear.session_id);
  if (done && database.changes() == 0) return fail(ErrorKind::storage, "the session is gone");
  return done;
}

Result<void> write_one(Database& database, const chat::DeleteSession& remove) {
  auto done = run(database, "DELETE FROM session WHERE session_id = ?", remove.session_id);
  if (done && database.changes() == 0) return fail(ErrorKind::storage, "the session is gone");
  return done;
}

}  // namespace

Result<void> migrate(Database& database, const std::string& file) {
  auto settings = database.execute(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; "
      "PRAGMA journal_size_limit = 67108864;");
  if (!settings) return settings;
  const auto version = version_of(database);
  if (!version) return fail(version.error());
  if (*version > kVersion)
    return fail(
        ErrorKind::storage,
        fmt::format(
            "{} was made by a newer Parley (its tables have version {}, this program knows {})",
            file, *version, kVersion));
  for (std::int64_t next = *version; next < kVersion; ++next) {
    const std::string sql = fmt::format("BEGIN IMMEDIATE; {}; PRAGMA user_version = {}; COMMIT;",
                                        kMigrations[next], next + 1);
    if (auto done = database.execute(sql.c_str()); !done) {
      (void)database.execute("ROLLBACK");
      return done;
    }
  }
  return {};
}

Result<void> write(Database& database, const chat::Operation& operation) {
  return std::visit([&database](const auto& one) { return write_one(database, one); }, operation);
}

Result<std::vector<chat::Session>> read_sessions(Database& database) {
  auto statement = database.prepare(
      "SELECT session_id, model, user_messages, model_messages, failed_messages, created_ms, "
      "last_activity_ms "
      "FROM session");
  if (!statement) return fail(statement.error());
  std::vector<chat::Session> sessions;
  for (;;) {
    const auto row = statement->step();
    if (!row) return fail(row.error());
    if (!*row) return sessions;
    auto& session = sessions.emplace_back();
    session.id = statement->text(0);
    session.model = statement->text(1);
    session.user_messages = statement->integer(2);
    session.model_messages = statement->integer(3);
    session.failed_messages = statement->integer(4);
    session.created = from_unix_ms(statement->integer(5));
    session.last_activity = from_unix_ms(statement->integer(6));
  }
}

Result<std::vector<chat::OpenGeneration>> read_open(Database& database) {
  auto statement = database.prepare(
      "SELECT g.generation_id, g.session_id, question_id, answer_id, g.model, g.author, "
      "(SELECT group_concat(content, '') FROM (SELECT content FROM event e WHERE e.generation_id = "
      "g.generation_id "
      "ORDER BY seq)) FROM generation g JOIN message m ON m.message_id = g.question_id ORDER BY "
      "m.seq");
  if (!statement) return fail(statement.error());
  std::vector<chat::OpenGeneration> open;
  for (;;) {
    const auto row = statement->step();
    if (!row) return fail(row.error());
    if (!*row) return open;
    auto& generation = open.emplace_back();
    generation.id = statement->text(0);
    generation.session_id = statement->text(1);
    generation.question_id = statement->text(2);
    generation.answer_id = statement->text(3);
    generation.model = statement->text(4);
    generation.author = statement->text(5);
    generation.text = statement->text(6);
  }
}

Result<std::vector<chat::Message>> read_messages(Database& database, const std::string& session,
                                                 std::size_t limit, std::int64_t before) {
  auto statement = database.prepare(
      "SELECT message_id, seq, role, status, author, content, model, generation_id, created_ms "
      "FROM message "
      "WHERE session_id = ? AND seq < ? AND cleared_ms IS NULL ORDER BY seq DESC LIMIT ?");
  if (!statement) return fail(statement.error());
  statement->bind(session).bind(before).bind(static_cast<std::int64_t>(limit));
  std::vector<chat::Message> messages;
  for (;;) {
    const auto row = statement->step();
    if (!row) return fail(row.error());
    if (!*row) break;
    auto& message = messages.emplace_back();
    message.id = statement->text(0);
    message.session_id = session;
    message.seq = statement->integer(1);
    message.role = statement->text(2) == "user" ? chat::Role::user : chat::Role::model;
    message.status = statement->text(3) == "ok" ? chat::Status::ok : chat::Status::failed;
    message.author = statement->text(4);
    message.content = statement->text(5);
    message.model = statement->text(6);
    message.generation_id = statement->text(7);
    message.created = from_unix_ms(statement->integer(8));
  }
  std::ranges::reverse(messages);
  return messages;
}

}  // namespace parley::store::detail
