// The Gemini client with retries, a cache, fail-over and requests as lines for a shell.
#include <cstdio>
#include <future>

#include <gtest/gtest.h>

#include "parley/api/limiter_permits.hpp"
#include "parley/api/transport.hpp"
#include "parley/json/value.hpp"

#include "house.hpp"

namespace parley {
namespace {

using std::chrono::milliseconds;
using testing::House;
using testing::in_house;

gemini::ClientOptions options_for(const House& house) {
  gemini::ClientOptions options;
  options.api_key = Secret("test-key");
  options.base_url = house.emulator.base_url();
  return options;
}

api::CallOptions retrying() {
  api::CallOptions calls;
  calls.retry = limit::RetryPolicy(limit::RetryRule(3, milliseconds(1), milliseconds(2)));
  return calls;
}

void inject(House& house, int status) {
  emulator::Fault fault;
  fault.status = status;
  house.emulator.service().inject(fault);
}

TEST(GeminiResilience_R15_A33, RefusalsAreTriedAgainAndSeenInTheResult) {
  in_house([](House& house) -> Task<void> {
    auto options = options_for(house);
    options.calls = retrying();
    const auto client = *gemini::Client::make(options);
    for (const int status : {503, 500}) inject(house, status);
    const auto report = std::make_shared<api::CallReport>();
    auto request = gemini::prompt("repeat: at last");
    const auto answer =
        co_await client.models().generate_content("gemini-2.5-flash", request, report);
    EXPECT_EQ(gemini::text_of(*answer), "at last");
    EXPECT_EQ(report->attempts.size(), 3u);
    EXPECT_EQ(report->attempts.at(0).error->service_status(), "UNAVAILABLE");

    inject(house, 503);
    auto stream = co_await client.models().stream_generate_content("gemini-2.5-flash", request);
    std::string text;
    while (auto part = co_await stream->next()) text += gemini::text_of(*part);
    EXPECT_EQ(text, "at last");
    EXPECT_EQ(stream->report().attempts.size(), 2u);
    EXPECT_EQ(stream->served_by(), gemini::ServedBy::http);
  });
}

TEST(GeminiResilience_R10_R14, TheServicesDelayIsObeyedOrTheErrorGiven) {
  in_house([](House& house) -> Task<void> {
    auto options = options_for(house);
    options.calls = retrying();
    options.calls.retry.total = milliseconds(500);  // RetryInfo asks for more
    const auto client = *gemini::Client::make(options);
    inject(house, 429);
    const auto before = house.emulator.service().journal().size();
    auto request = gemini::prompt("Hello");
    const auto answer = co_await client.models().generate_content("gemini-2.5-flash", request);
    EXPECT_EQ(answer.error().kind(), ErrorKind::rate_limited);
    EXPECT_GT(answer.error().retry_after(), milliseconds(500));
    EXPECT_EQ(house.emulator.service().journal().size(), before + 1);
  });
}

TEST(GeminiResilience_R15, AnErrorInTheFirstEventIsTriedAgainButNoneBehindContent) {
  in_house([](House& house) -> Task<void> {
    auto options = options_for(house);
    options.calls = retrying();
    const auto client = *gemini::Client::make(options);
    auto request = gemini::prompt("write 300 words about boats");
    emulator::Fault fault;
    fault.error = 503;
    fault.after = 0;
    house.emulator.service().inject(fault);
    auto first = co_await client.models().stream_generate_content("gemini-2.5-flash", request);
    EXPECT_TRUE(co_await first->next());
    EXPECT_EQ(first->report().attempts.size(), 2u);
    fault.after = 1;
    house.emulator.service().inject(fault);
    auto second = co_await client.models().stream_generate_content("gemini-2.5-flash", request);
    EXPECT_TRUE(co_await second->next());
    while (co_await second->next()) {
    }
    EXPECT_EQ(second->outcome().error().kind(), ErrorKind::unavailable);
    EXPECT_EQ(second->report().attempts.size(), 1u);
  });
}

TEST(GeminiResilience_A35, TheCacheKeepsAnswersAndNoFiles) {
  in_house([](House& house) -> Task<void> {
    auto options = options_for(house);
    options.calls.cache.emplace();
    const auto client = *gemini::Client::make(options);
    const auto count = [&house] { return house.emulator.service().journal().size(); };
    auto request = gemini::prompt("repeat: kept");
    const auto before = count();
    for (int n = 0; n < 3; ++n)
      EXPECT_TRUE(co_await client.models().generate_content("gemini-2.5-flash", request));
    EXPECT_EQ(count(), before + 1);
    for (int n = 0; n < 2; ++n) (void)co_await client.files().list_all();
    EXPECT_EQ(count(), before + 3);
  });
}

TEST(GeminiResilience_R5_R14, ACallIsChargedWhatTheServiceTells) {
  in_house([](House& house) -> Task<void> {
    api::Limiter limiter;
    limit::Limits limits;
    limits.requests_per_minute = 10;
    limits.output_tokens_per_minute = 10'000;
    const auto pool = *limiter.configure("p", "gemini-2.5-flash", limits);
    auto options = options_for(house);
    options.calls = retrying();
    options.calls.permit = api::limiter_permits(limiter, pool);
    const auto client = *gemini::Client::make(options);
    inject(house, 503);
    auto request = gemini::prompt("repeat: one two three");
    const auto answer = co_await client.models().generate_content("gemini-2.5-flash", request);
    auto stream = co_await client.models().stream_generate_content("gemini-2.5-flash", request);
    while (co_await stream->next()) {
    }
    const auto output = answer->usage_metadata->candidates_token_count.value_or(0);
    EXPECT_GT(output, 0);
    for (const auto& state : limiter.snapshot(pool).states) {
      if (state.dimension == limit::Dimension::requests_per_minute) {
        EXPECT_EQ(state.used, 3) << "a retry counts as well";
      }
      if (state.dimension == limit::Dimension::output_tokens_per_minute) {
        EXPECT_EQ(state.used, 2 * output);
      }
    }
    EXPECT_EQ(limiter.snapshot(pool).leases, 0u);
  });
}

// Runs the line as a user would, with the key put back.
std::string run_line(std::string line) {
  for (auto at = line.find("***"); at != std::string::npos; at = line.find("***"))
    line.replace(at, 3, "test-key");
  std::string out;
  FILE* pipe = popen(line.c_str(), "r");
  char piece[4096];
  for (std::size_t size = 0; (size = fread(piece, 1, sizeof piece, pipe)) > 0;)
    out.append(piece, size);
  EXPECT_EQ(pclose(pipe), 0) << line;
  return out;
}

TEST(GeminiResilience_A38, ARequestAsACurlLineDoesWhatTheClientDoes) {
  in_house([](House& house) -> Task<void> {
    const auto client = *gemini::Client::make(options_for(house));
    const std::string hard = "it's \"quoted\", $HOME `date` \\n and\n\u00fcber";
    auto request = gemini::prompt("repeat: " + hard);
    const auto line = client.models().curl_generate_content("gemini-2.5-flash", request);
    EXPECT_TRUE(line);
    if (!line) co_return;
    EXPECT_EQ(line->find("test-key"), std::string::npos);
    EXPECT_NE(line->find("'x-goog-api-key: ***'"), std::string::npos) << *line;
    const auto before = house.emulator.service().journal().size();
    auto ran = std::async(std::launch::async, run_line, *line);
    while (ran.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
      co_await sleep_for(milliseconds(1));
    const auto body = json::parse(ran.get());
    EXPECT_TRUE(body);
    if (!body) co_return;
    EXPECT_EQ(house.emulator.service().journal().size(), before + 1);
    const auto answer = co_await client.models().generate_content("gemini-2.5-flash", request);
    EXPECT_EQ(body->at("candidates").at(0).at("content").at("parts").at(0).at("text").as_string(),
              gemini::text_of(*answer));
    EXPECT_NE(gemini::text_of(*answer).find("$HOME `date`"), std::string::npos);
  });
}

}  // namespace
}  // namespace parley
