// clang-format off: the lines are those of docs/limits.md.
#include "parley/api/limited.hpp"

#include <algorithm>
#include <deque>
#include <filesystem>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "parley/emulator/server.hpp"
#include "parley/gemini/live.hpp"
#include "parley/limit/backoff.hpp"
#include "parley/limit/estimate.hpp"
#include "parley/net/system.hpp"

namespace parley {
namespace {

struct Answer {
  Answer() = default;
  Answer(std::string words, const limit::Usage& of) : text(std::move(words)), used(of) {}
  std::string text;
  limit::Usage used;
};

Task<Result<Answer>> ask(std::string text) {
  co_return Answer("you said: " + text, limit::Usage(3, 7));
}

std::optional<limit::Usage> used_by(const Answer& answer) {
  return answer.used;
}
const api::UsageOf<Answer> usage_of = used_by;

// An answer that comes in parts.
class Parts {
 public:
  Task<std::optional<std::string>> next() {
    if (left_.empty()) co_return std::nullopt;
    auto part = left_.front();
    left_.pop_front();
    co_return part;
  }
  Result<void> outcome() const { return {}; }

 private:
  std::deque<std::string> left_ = {"a", "b", "c"};
};
Task<Result<Parts>> open(std::string) {
  co_return Parts();
}
const api::UsageOf<std::string> usage_of_an_element = [](const std::string&) {
  return limit::Usage(3, 3);
};

limit::Limits small_limits() {
  limit::Limits limits;
  limits.requests_per_minute = 2;
  limits.input_tokens_per_minute = 10'000;
  limits.concurrency = 1;
  return limits;
}

Task<void> function_behind_a_limiter() {
  const std::string text = "hello";
  const auto limits = small_limits();
  const limit::Price price(1, 2, 0.1);
api::Limiter limiter;                       // a handle: copies share the counts, on any thread
auto pool = limiter.configure("my project", "gemini-2.5-flash", limits, price);

limit::Demand demand(limit::estimate_usage(text.size(), 500));
auto answer = co_await api::limited(limiter, *pool, demand, ask(text), usage_of);
  EXPECT_TRUE(answer);
  if (!answer) co_return;
  EXPECT_EQ(answer->text, "you said: hello");
  const auto tokens = [&] {
    const auto all = limiter.snapshot(*pool);
    return std::ranges::find(all.states, limit::Dimension::input_tokens_per_minute,
                             &limit::DimensionState::dimension)
        ->used;
  };
  EXPECT_EQ(tokens(), 3) << "what was used, not what was thought";

auto stream = co_await api::limited_stream(limiter, *pool, demand, open(text), usage_of_an_element);
  EXPECT_TRUE(stream);
  if (!stream) co_return;
  std::string shown;
  const auto show = [&shown](const std::string& part) { shown += part; };
  EXPECT_FALSE(limiter.try_acquire(*pool, demand)) << "the stream has the place";
while (auto part = co_await stream->next()) show(*part);
  EXPECT_EQ(shown, "abc");
  EXPECT_EQ(tokens(), 6);

  const auto third = limiter.try_acquire(*pool, demand);
  EXPECT_FALSE(third);
  if (third) co_return;
  EXPECT_EQ(third.error().kind(), ErrorKind::rate_limited);
  EXPECT_EQ(third.error().detail("dimension").value_or(""), "requests_per_minute");
  EXPECT_GT(third.error().retry_after(), std::chrono::seconds(1));
}
TEST(DocsLimits, AFunctionAndAStreamGoBehindALimiter) {
  run(function_behind_a_limiter());
}

TEST(DocsLimits, ARetryIsACallOfItsOwn) {
  auto& random = net::system_random();
  const auto now = net::now();
  const auto error = Error(ErrorKind::unavailable, "busy").with_http_status(503);
limit::Backoff backoff(limit::gentle_retries(), random, now);
if (const auto delay = backoff.next_delay(error, now)) { /* sleep, then limited(...) once more */ }
  EXPECT_EQ(backoff.retries(), 1);
}

Task<void> session_behind_a_limiter() {
  emulator::ServerOptions quick;
  quick.live.pace = std::chrono::milliseconds(0);
  emulator::Server server(co_await boost::asio::this_coro::executor, std::move(quick));
  EXPECT_TRUE(server.start());
  api::Limiter limiter;
  auto pool = limiter.configure("my project", "gemini-live-2.5-flash-preview", small_limits());
gemini::LiveOptions options("gemini-live-2.5-flash-preview");
options.limits.emplace(limiter, *pool);        // copies of the limiter share the counts
options.limits->wait.max_wait = std::chrono::seconds(30);
  options.base_url = server.base_url();
  options.key = Secret("any");
  options.answer_in(gemini::Modality::text);
auto live = co_await gemini::Live::connect(std::move(options));
  EXPECT_TRUE(live);
  if (live) {
    EXPECT_EQ(limiter.snapshot(*pool).leases, 1u);
    EXPECT_TRUE(co_await live->say("repeat: hello"));
    EXPECT_EQ(limiter.snapshot(*pool).leases, 2u);
  }
  co_await server.stop();
}
TEST(DocsLimits, ASessionGoesBehindALimiter) {
  run(session_behind_a_limiter());
}

TEST(DocsLimits, ProcessesShareAFile) {
  const auto folder = std::filesystem::temp_directory_path() / fmt::format("parley-docs-{}", ::getpid());
  std::filesystem::create_directories(folder);
api::SharedFile file;
file.path = "/var/lib/my-app/limits.txt";
  file.path = folder / "limits.txt";
auto limiter = api::Limiter::open(file);
  ASSERT_TRUE(limiter) << limiter.error().describe();
  const auto pool = limiter->configure("my project", "gemini-2.5-flash", small_limits());
  ASSERT_TRUE(pool);
  {
    auto lease = limiter->try_acquire(*pool, limit::Demand());
    ASSERT_TRUE(lease);
    auto other = api::Limiter::open(file);
    const auto same = other->configure("my project", "gemini-2.5-flash", small_limits());
    EXPECT_FALSE(other->try_acquire(*same, limit::Demand())) << "the place is taken";
  }
  EXPECT_TRUE(std::filesystem::exists(file.path));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace parley
