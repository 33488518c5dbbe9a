#include "parley/store/session_log.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace parley::store {
namespace {

// A loop that runs what is posted to it, on the test's own thread.
class Loop {
 public:
  Post post() {
    return [this](std::function<void()> call) {
      const std::lock_guard guard(mutex_);
      calls_.push_back(std::move(call));
      ready_.notify_one();
    };
  }
  void run_until(const std::function<bool()>& done) {
    while (!done()) {
      std::function<void()> call;
      {
        std::unique_lock guard(mutex_);
        ready_.wait(guard, [this] { return !calls_.empty(); });
        call = std::move(calls_.front());
        calls_.pop_front();
      }
      call();
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> calls_;
};

std::string fresh_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "parley-store-XXXXXX").string();
  return mkdtemp(name.data());
}

chat::Session session(const std::string& id) {
  chat::Session made;
  made.id = id;
  made.model = "m";
  made.created = made.last_activity = from_unix_ms(1000);
  return made;
}
chat::Message message(const std::string& id, chat::Role role = chat::Role::user,
                      chat::Status status = chat::Status::ok) {
  chat::Message made;
  made.id = id;
  made.session_id = "s";
  made.role = role;
  made.status = status;
  made.content = "text of " + id + " 日本語";
  made.created = from_unix_ms(2000);
  return made;
}
chat::OpenGeneration open_answer(const std::string& id, const std::string& question) {
  chat::OpenGeneration made;
  made.id = id;
  made.session_id = "s";
  made.question_id = question;
  made.answer_id = "answer-" + id;
  made.model = "m";
  made.author = "c";
  return made;
}
chat::AddChunk chunk(const std::string& generation, const std::string& text) {
  return chat::AddChunk(generation, "s", text, from_unix_ms(3000));
}

class LogTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    folder_ = fresh_folder();
    reopen();
  }
  void TearDown() override {
    log_.reset();
    std::filesystem::remove_all(folder_);
  }
  void reopen() {
    log_.reset();
    if (!GetParam()) {
      log_ = open_memory_log(loop_.post());
      return;
    }
    auto opened = open_sqlite_log(folder_, loop_.post());
    ASSERT_TRUE(opened) << opened.error().describe();
    log_ = std::move(*opened);
  }
  Result<void> append(chat::Transaction transaction) {
    std::optional<Result<void>> result;
    log_->append(std::move(transaction),
                 [&result](Result<void> done) { result = std::move(done); });
    EXPECT_FALSE(result) << "never from inside the call";
    loop_.run_until([&result] { return result.has_value(); });
    return *result;
  }
  std::vector<chat::Message> read(std::size_t limit = 100, std::int64_t before = kNewest) {
    std::optional<std::vector<chat::Message>> found;
    log_->read("s", limit, before, [&found](Result<std::vector<chat::Message>> messages) {
      found = std::move(*messages);
    });
    loop_.run_until([&found] { return found.has_value(); });
    return *found;
  }
  std::string folder_;
  Loop loop_;
  std::unique_ptr<SessionLog> log_;
};

TEST_P(LogTest, MessagesComeBackInTheirOrderAndPages) {
  ASSERT_TRUE(append({chat::AddSession{session("s")}}));
  for (int i = 0; i < 5; ++i)
    ASSERT_TRUE(append({chat::AddMessage{message("m" + std::to_string(i))}}));
  const auto last = read(2);
  ASSERT_EQ(last.size(), 2u);
  EXPECT_EQ(last[0].id, "m3");
  EXPECT_EQ(last[1].content, "text of m4 日本語");
  const auto before = read(2, last[0].seq);
  ASSERT_EQ(before.size(), 2u);
  EXPECT_EQ(before[1].id, "m2");
  EXPECT_EQ(before[1].created, from_unix_ms(2000));
}

TEST_P(LogTest, SessionsCountTheirMessages) {
  ASSERT_TRUE(append({chat::AddSession{session("s")}, chat::AddMessage{message("q")},
                      chat::AddMessage{message("a", chat::Role::model, chat::Status::failed)}}));
  const auto contents = log_->contents();
  ASSERT_EQ(contents->sessions.size(), 1u);
  EXPECT_EQ(contents->sessions[0].user_messages, 1);
  EXPECT_EQ(contents->sessions[0].model_messages, 1);
  EXPECT_EQ(contents->sessions[0].failed_messages, 1);
  EXPECT_EQ(contents->sessions[0].last_activity, from_unix_ms(2000));
}

TEST_P(LogTest, AnOpenAnswerKeepsItsTextUntilItIsClosed) {
  ASSERT_TRUE(append({chat::AddSession{session("s")}, chat::AddMessage{message("q")},
                      chat::OpenAnswer{open_answer("g", "q")}}));
  ASSERT_TRUE(append({chunk("g", "one ")}));
  ASSERT_TRUE(append({chunk("g", "two")}));
  auto contents = log_->contents();
  ASSERT_EQ(contents->open.size(), 1u);
  EXPECT_EQ(contents->open[0].text, "one two");
  EXPECT_EQ(contents->open[0].question_id, "q");
  ASSERT_TRUE(append({chat::AddMessage{message("a", chat::Role::model)}, chat::CloseAnswer{"g"}}));
  EXPECT_TRUE(log_->contents()->open.empty());
  EXPECT_EQ(append({chunk("g", "late")}).error().kind(), ErrorKind::storage);
}

TEST_P(LogTest, ATransactionIsAllOrNothing) {
  ASSERT_TRUE(append({chat::AddSession{session("s")}}));
  auto stranger = message("x");
  stranger.session_id = "unknown";
  EXPECT_EQ(append({chat::AddMessage{message("m")}, chat::AddMessage{stranger}}).error().kind(),
            ErrorKind::storage);
  EXPECT_TRUE(read().empty());
  EXPECT_EQ(log_->contents()->sessions[0].user_messages, 0);
  EXPECT_TRUE(append({chat::AddMessage{message("m")}})) << "a failed one leaves the others alone";
}

TEST_P(LogTest, ClearingAndDeletingForget) {
  ASSERT_TRUE(append({chat::AddSession{session("s")}, chat::AddMessage{message("q")},
                      chat::OpenAnswer{open_answer("g", "q")}}));
  ASSERT_TRUE(append({chat::ClearSession{"s", from_unix_ms(5000)}}));
  EXPECT_TRUE(read().empty());
  auto contents = log_->contents();
  EXPECT_TRUE(contents->open.empty());
  EXPECT_EQ(contents->sessions.at(0).message_count(), 0);
  ASSERT_TRUE(append({chat::AddMessage{message("q2")}}));
  EXPECT_EQ(read().size(), 1u);
  ASSERT_TRUE(append({chat::DeleteSession{"s"}}));
  EXPECT_TRUE(log_->contents()->sessions.empty());
  EXPECT_TRUE(read().empty());
  EXPECT_FALSE(append({chat::DeleteSession{"s"}}));
}

TEST_P(LogTest, CallbacksComeInTheOrderOfTheCalls) {
  ASSERT_TRUE(append({chat::AddSession{session("s")}}));
  std::vector<int> order;
  for (int i = 0; i < 200; ++i)
    log_->append({chat::AddMessage{message("m" + std::to_string(i))}},
                 [&order, i](Result<void> result) {
                   EXPECT_TRUE(result);
                   order.push_back(i);
                 });
  std::size_t seen = 0;
  log_->read("s", 1000, kNewest, [&](Result<std::vector<chat::Message>> messages) {
    seen = messages->size();
    order.push_back(200);
  });
  loop_.run_until([&order] { return order.size() == 201; });
  EXPECT_TRUE(std::ranges::is_sorted(order));
  EXPECT_EQ(seen, 200u) << "a read sees what was appended before it";
}

INSTANTIATE_TEST_SUITE_P(Memory, LogTest, ::testing::Values(false));
INSTANTIATE_TEST_SUITE_P(Sqlite, LogTest, ::testing::Values(true));

TEST(SqliteLog, SessionsSurviveAReopening) {
  const auto folder = fresh_folder();
  Loop loop;
  {
    auto log = open_sqlite_log(folder, loop.post());
    ASSERT_TRUE(log) << log.error().describe();
    (*log)->append({chat::AddSession{session("s")}, chat::AddMessage{message("q")},
                    chat::OpenAnswer{open_answer("g", "q")}, chunk("g", "shown")},
                   [](Result<void>) {});
  }  // what was appended is completed
  auto log = open_sqlite_log(folder, loop.post());
  ASSERT_TRUE(log);
  const auto contents = (*log)->contents();
  EXPECT_EQ(contents->sessions.at(0).user_messages, 1);
  EXPECT_EQ(contents->open.at(0).text, "shown");
  struct stat about {};
  ASSERT_EQ(::stat((folder + "/parley.db").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
  std::filesystem::remove_all(folder);
}

TEST(SqliteLog, ASecondOpenerIsToldWhoHasIt) {
  const auto folder = fresh_folder();
  Loop loop;
  auto first = open_sqlite_log(folder, loop.post());
  ASSERT_TRUE(first);
  const auto second = open_sqlite_log(folder, loop.post());
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message().find("in use by another Parley"), std::string::npos);
  first->reset();
  EXPECT_TRUE(open_sqlite_log(folder, loop.post()));
  std::filesystem::remove_all(folder);
}

TEST(SqliteLog, FilesItCannotUseAreNamed) {
  Loop loop;
  const auto folder = fresh_folder();
  std::ofstream(folder + "/parley.db")
      << "this is no database, but it is long enough to look at, is it not?";
  auto broken = open_sqlite_log(folder, loop.post());
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().kind(), ErrorKind::storage);
  EXPECT_NE(broken.error().message().find(folder + "/parley.db"), std::string::npos)
      << broken.error().message();
  std::filesystem::remove_all(folder);
  std::ofstream(folder) << "a file";
  EXPECT_FALSE(open_sqlite_log(folder, loop.post()));
  std::filesystem::remove(folder);
}

TEST(SqliteLog, AFileOfANewerVersionIsRefused) {
  Loop loop;
  const auto folder = fresh_folder();
  ASSERT_TRUE(open_sqlite_log(folder, loop.post()));
  // The version stands at byte 60 of the file's header (SQLite file format, 1.3).
  std::fstream file(folder + "/parley.db", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(60);
  file.write("\0\0\0\x63", 4);
  file.close();
  const auto newer = open_sqlite_log(folder, loop.post());
  ASSERT_FALSE(newer);
  EXPECT_NE(newer.error().message().find("newer Parley"), std::string::npos)
      << newer.error().message();
  std::filesystem::remove_all(folder);
}

// Writes messages and reports each acknowledged one, until it is killed.
[[noreturn]] void write_until_killed(const std::string& folder, int report) {
  Loop loop;
  auto log = open_sqlite_log(folder, loop.post());
  if (!log) _exit(1);
  (*log)->append({chat::AddSession{session("s")}}, [](Result<void>) {});
  for (int i = 0;; ++i) {
    (*log)->append({chat::AddMessage{message("m" + std::to_string(i))}},
                   [i, report](Result<void> result) {
                     if (result && ::write(report, &i, sizeof i) != sizeof i) _exit(1);
                   });
    int pending = 0;
    loop.run_until([&pending] { return pending++ > 0; });
  }
}

TEST(SqliteLog_G1, WhatWasAcknowledgedOutlivesAKill) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "fork() with a thread is not supported by TSan";
#endif
  for (int round = 0; round < 5; ++round) {
    const auto folder = fresh_folder();
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) write_until_killed(folder, ends[1]);
    ::close(ends[1]);
    int acknowledged = -1;
    for (int i = 0; i < 20 + round * 13; ++i)
      ASSERT_EQ(::read(ends[0], &acknowledged, sizeof acknowledged), 4);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    while (::read(ends[0], &acknowledged, sizeof acknowledged) == 4) {
    }
    ::close(ends[0]);
    Loop loop;
    auto log = open_sqlite_log(folder, loop.post());
    ASSERT_TRUE(log) << log.error().describe();
    EXPECT_GE((*log)->contents()->sessions.at(0).user_messages, acknowledged + 1);
    std::filesystem::remove_all(folder);
  }
}

}  // namespace
}  // namespace parley::store
