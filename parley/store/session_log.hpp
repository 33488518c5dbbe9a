#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/chat/record.hpp"

namespace parley::store {

// What a log holds when it is opened.
struct Contents {
  Contents() = default;
  std::vector<chat::Session> sessions;
  std::vector<chat::OpenGeneration> open;  // with the text that was committed
};

// Runs a function later on the thread that uses the log: an event loop's post.
using Post = std::function<void(std::function<void()>)>;

// The truth of a chat: sessions, messages and the chunks of running answers, in the order of
// commits. All members are called from one thread; callbacks come on that thread through Post,
// never from inside a call, in the order of the calls. Destroying the log completes what was
// appended, but calls no callback any more.
class SessionLog {
 public:
  using Done = std::function<void(Result<void>)>;
  using Read = std::function<void(Result<std::vector<chat::Message>>)>;

  virtual ~SessionLog() = default;

  // Everything that is stored. Blocks; for the start.
  virtual Result<Contents> contents() = 0;
  // Commits the transaction: all or nothing, durable when `done` gets success. Transactions commit
  // in the order of the calls; a failed one leaves the others alone. Errors: storage.
  virtual void append(chat::Transaction transaction, Done done) = 0;
  // The last `limit` messages of a session before sequence number `before`, in their order. Sees
  // all that was appended before the call. An unknown session has none.
  virtual void read(std::string session_id, std::size_t limit, std::int64_t before, Read then) = 0;
};

inline constexpr std::int64_t kNewest = std::numeric_limits<std::int64_t>::max();

// In memory: for tests and for servers that may forget.
std::unique_ptr<SessionLog> open_memory_log(Post post);

// In `folder`/parley.db (SQLite, WAL, synchronous=FULL), made where missing, readable by its owner
// only. A thread of its own writes; all that waits when a commit ends is the next commit. Errors
// (storage) name the file: not a database, made by a newer Parley, in use by another process, disk.
Result<std::unique_ptr<SessionLog>> open_sqlite_log(const std::string& folder, Post post);

}  // namespace parley::store
