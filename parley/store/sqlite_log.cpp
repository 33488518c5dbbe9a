#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <filesystem>
#include <mutex>
#include <sys/file.h>
#include <thread>
#include <unistd.h>
#include <variant>

#include <fmt/format.h>

#include "parley/store/detail/schema.hpp"
#include "parley/store/session_log.hpp"

namespace parley::store {
namespace {

using detail::Database;

struct Write {
  chat::Transaction transaction;
  SessionLog::Done done;
};
struct Lookup {
  std::string session;
  std::size_t limit;
  std::int64_t before;
  SessionLog::Read then;
};
using Job = std::variant<Write, Lookup>;

// Keeps a second process out of the folder. Released by the system when the process ends.
class FolderLock {
 public:
  static Result<FolderLock> take(const std::string& folder) {
    const std::string file = folder + "/parley.lock";
    FolderLock lock(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (lock.descriptor_ < 0)
      return fail(ErrorKind::storage,
                  fmt::format("cannot write in {}: {}", folder, std::strerror(errno)));
    if (::flock(lock.descriptor_, LOCK_EX | LOCK_NB) != 0)
      return fail(
          ErrorKind::storage,
          fmt::format(
              "{} is in use by another Parley; stop it, or choose another folder with --data",
              folder));
    return lock;
  }
  FolderLock(FolderLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

class SqliteLog final : public SessionLog {
 public:
  SqliteLog(std::unique_ptr<Database> database, FolderLock lock, Post post)
      : database_(std::move(database)),
        lock_(std::move(lock)),
        post_(std::move(post)),
        writer_([this] { work(); }) {}

  ~SqliteLog() override {
    alive_.reset();
    {
      const std::lock_guard guard(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    writer_.join();
  }

  Result<Contents> contents() override {
    const std::lock_guard guard(in_use_);
    Contents all;
    auto sessions = detail::read_sessions(*database_);
    if (!sessions) return fail(sessions.error());
    auto open = detail::read_open(*database_);
    if (!open) return fail(open.error());
    all.sessions = std::move(*sessions);
    all.open = std::move(*open);
    return all;
  }

  void append(chat::Transaction transaction, Done done) override {
    push(Write{std::move(transaction), std::move(done)});
  }
  void read(std::string session_id, std::size_t limit, std::int64_t before, Read then) override {
    push(Lookup{std::move(session_id), limit, before, std::move(then)});
  }

 private:
  void push(Job job) {
    {
      const std::lock_guard guard(mutex_);
      jobs_.push_back(std::move(job));
    }
    wake_.notify_one();
  }

  // The writer's thread: all that waited while the last commit was under way is the next one.
  void work() {
    for (;;) {
      std::deque<Job> batch;
      {
        std::unique_lock guard(mutex_);
        wake_.wait(guard, [this] { return stopping_ || !jobs_.empty(); });
        if (jobs_.empty()) return;
        batch.swap(jobs_);
      }
      const std::lock_guard guard(in_use_);
      std::vector<Write> writes;
      for (auto& job : batch) {
        if (auto* write = std::get_if<Write>(&job)) {
          writes.push_back(std::move(*write));
          continue;
        }
        commit(std::exchange(writes, {}));
        auto& lookup = std::get<Lookup>(job);
        auto found = detail::read_messages(*database_, lookup.session, lookup.limit, lookup.before);
        deliver([then = std::move(lookup.then), found = std::move(found)] { then(found); });
      }
      commit(std::move(writes));
    }
  }

  void commit(std::vector<Write> writes) {
    if (writes.empty()) return;
    std::vector<Result<void>> results(writes.size());
    Result<void> whole = database_->execute("BEGIN IMMEDIATE");
    for (std::size_t i = 0; whole && i < writes.size(); ++i)
      results[i] = write_alone(writes[i].transaction, whole);
    if (whole) whole = database_->execute("COMMIT");
    if (!whole) {
      (void)database_->execute("ROLLBACK");
      for (auto& result : results) result = whole;
    }
    for (std::size_t i = 0; i < writes.size(); ++i)
      deliver([done = std::move(writes[i].done), result = std::move(results[i])] { done(result); });
  }

  // A transaction that fails takes back its own part only. `whole` fails where SQLite itself had to
  // roll everything back (disk full, I/O error).
  Result<void> write_alone(const chat::Transaction& transaction, Result<void>& whole) {
    whole = database_->execute("SAVEPOINT one");
    if (!whole) return whole;
    Result<void> result;
    for (const auto& operation : transaction)
      if (result = detail::write(*database_, operation); !result) break;
    whole = database_->execute(result ? "RELEASE one" : "ROLLBACK TO one; RELEASE one");
    if (!whole && !result) whole = result;  // the first cause says more
    return result;
  }

  void deliver(std::function<void()> call) {
    post_([alive = alive_watch_, call = std::move(call)] {
      if (!alive.expired()) call();
    });
  }

  std::unique_ptr<Database> database_;
  FolderLock lock_;
  Post post_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  std::weak_ptr<int> alive_watch_ = alive_;  // for the writer's thread
  std::mutex in_use_;                        // guards the database
  std::mutex mutex_;                         // guards the two below
  std::deque<Job> jobs_;
  bool stopping_ = false;
  std::condition_variable wake_;
  std::thread writer_;
};

}  // namespace

Result<std::unique_ptr<SessionLog>> open_sqlite_log(const std::string& folder, Post post) {
  std::error_code code;
  if (std::filesystem::create_directories(folder, code))
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, code);
  if (!std::filesystem::is_directory(folder, code))
    return fail(ErrorKind::storage,
                fmt::format("cannot make the folder {}: {}", folder,
                            code ? code.message() : "something else has this name"));
  auto lock = FolderLock::take(folder);
  if (!lock) return fail(lock.error());
  const std::string file = folder + "/parley.db";
  auto database = Database::open(file);
  if (!database) return fail(database.error());
  if (auto ready = detail::migrate(**database, file); !ready) return fail(ready.error());
  return std::make_unique<SqliteLog>(std::move(*database), std::move(*lock), std::move(post));
}

}  // namespace parley::store
