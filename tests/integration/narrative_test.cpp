// Narratives beside the emulator: the examples of the project, REST and Live models.
#include <filesystem>

#include "parley/narrative/shared_limits.hpp"

#include "narrative_here.hpp"

namespace parley {
namespace {

using narrative::Status;
using testing::NarrativeHere;
using testing::with_gemini;

Task<narrative::RunResult> run_text(gemini::Client client, std::string text) {
  NarrativeHere here(std::move(client));
  co_return co_await here.run(std::move(text));
}

// The file of document D ("Multi-Model Narratives"), as it stands there.
Task<void> document_d(emulator::Server& server, gemini::Client client) {
  NarrativeHere here(client);
  auto loaded =
      narrative::load(PARLEY_SOURCE_DIR "/examples/narratives/text_models.toml", here.disk);
  EXPECT_TRUE(loaded.ok());
  narrative::RunOptions options;
  auto run = co_await narrative::run(loaded.book, "text_models", std::move(options), here.ports);
  EXPECT_EQ(run.status, Status::done) << (run.error ? run.error->describe() : "");
  const auto& asked = server.service().journal();
  EXPECT_EQ(asked.size(), 3u);
  const char* models[] = {"gemini-2.5-flash-lite", "gemini-2.5-flash", "gemini-2.5-pro"};
  for (std::size_t i = 0; i < asked.size() && i < 3; ++i) {
    EXPECT_NE(asked[i].target.find(models[i]), std::string::npos) << asked[i].target;
    EXPECT_NE(run.acts[i].model.find(models[i]), std::string::npos);
    EXPECT_GT(run.acts[i].tokens.input, 0);
    EXPECT_EQ(run.acts[i].finish_reason, "STOP");
  }
  EXPECT_NE(run.output.find("Create final polished version"), std::string::npos);
  EXPECT_NE(run.output.find("I was given 5 messages"), std::string::npos) << "D45";
}
TEST(Narrative_DocumentD, ItsExampleRunsAsItStands) {
  with_gemini(document_d);
}

Task<void> all_models(emulator::Server&, gemini::Client client) {
  // Every name that document D has, in every spelling.
  const auto run = co_await run_text(client, R"(
[narrative]
history = "none"
[acts]
a = { input = "repeat: a", model = "gemini-2.0-flash" }
b = { input = "repeat: b", model = "gemini-2.0-flash-lite" }
c = { input = "repeat: c", model = "models/gemini-2.5-flash" }
d = { input = "repeat: d" }
)");
  EXPECT_EQ(run.status, Status::done) << (run.error ? run.error->describe() : "");
  EXPECT_EQ(run.acts[0].output + run.acts[1].output + run.acts[2].output + run.acts[3].output,
            "abcd");
}
TEST(Narrative_DocumentD, ModelsOfBothGenerationsAnswerInOneNarrative) {
  with_gemini(all_models);
}

Task<void> live_models(emulator::Server& server, gemini::Client client) {
  const auto run = co_await run_text(client, R"(
[narrative]
system = "You are terse."
[acts]
first = "repeat: My name is Ada"
text = { input = "Who am I?", model = "gemini-live-2.5-flash-preview" }
speech = { input = "repeat: spoken", model = "gemini-3.8-live" }
)");
  EXPECT_EQ(run.status, Status::done) << (run.error ? run.error->describe() : "");
  EXPECT_NE(run.acts[1].output.find("Ada"), std::string::npos)
      << "history and roles reach a Live model: " << run.acts[1].output;
  EXPECT_GT(run.acts[1].tokens.input, 0);
  EXPECT_NE(run.acts[2].output.find("spoken"), std::string::npos) << run.acts[2].output;
  int calls = 0;
  for (const auto& one : server.service().journal())
    calls += one.target.find(":generateContent") != std::string::npos;
  EXPECT_EQ(calls, 1) << "the others went over a WebSocket";
}
TEST(Narrative_DocumentD, LiveModelsAreAskedOverAWebSocket) {
  with_gemini(live_models);
}

Task<void> structured(emulator::Server&, gemini::Client client) {
  const auto run = co_await run_text(client, R"(
[narrative]
history = "none"
[acts.person]
input = "Ada, born 1815"
output = { schema = "person", repairs = 1 }
[acts.hello]
input = "repeat: Hello {{person.name}}"
[schemas.person]
type = "object"
required = ["name", "age"]
properties = { name = { type = "string" }, age = { type = "integer" } }
)");
  EXPECT_EQ(run.status, Status::done) << (run.error ? run.error->describe() : "");
  EXPECT_TRUE(run.output.starts_with("Hello ")) << run.output;
}
TEST(Narrative_N8, AnswersOfTheServiceAreAsTheirSchemaSays) {
  with_gemini(structured);
}

Task<void> limited(emulator::Server&, gemini::Client client) {
  NarrativeHere here(std::move(client));
  narrative::SharedLimitsOptions tier;
  narrative::SharedLimits limits(api::Limiter(), tier);
  here.ports.limits = &limits;
  const auto book = testing::book_of(
      "[narrative]\nhistory = \"none\"\nbudget = { rpm_multiplier = 0.5 }\n"
      "[acts]\na = \"x\"\nb = \"y\"\n");
  narrative::RunOptions options;
  auto run = co_await narrative::run(book, "n", std::move(options), here.ports);
  EXPECT_EQ(run.status, Status::done) << (run.error ? run.error->describe() : "");
  narrative::Charge charge;
  charge.model = "gemini-2.5-flash";
  charge.estimate = narrative::Tokens(100, 100);
  charge.shares.rpm = 0.5;
  // 10 requests a minute for the free tier, half of them: the sixth waits a minute, and so on.
  EXPECT_EQ(limits.forecast(std::vector<narrative::Charge>(5, charge)).count(), 0);
  const auto wait = limits.forecast(std::vector<narrative::Charge>(11, charge));
  EXPECT_GE(wait, std::chrono::minutes(2));
  EXPECT_LT(wait, std::chrono::minutes(3));
  charge.estimate = narrative::Tokens(100'000'000, 0);
  auto refused = co_await limits.reserve(charge);
  EXPECT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::too_large);
}
TEST(Narrative_N9, LimitsAreSharedAndTheirWaitIsForecast) {
  with_gemini(limited);
}

TEST(Narrative_N10, TheExamplesHaveNoMistakes) {
  narrative::DiskSources disk;
  int read = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(PARLEY_SOURCE_DIR "/examples/narratives")) {
    if (entry.path().extension() != ".toml") continue;
    const auto loaded = narrative::load(entry.path().string(), disk);
    EXPECT_EQ(narrative::to_text(loaded.diagnostics), "") << entry.path();
    ++read;
  }
  EXPECT_GE(read, 6);
}

}  // namespace
}  // namespace parley
