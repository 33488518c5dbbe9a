// Live narratives beside the emulator: users who speak into answers, and runs that are cancelled.
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>

#include "parley/audio/pcm.hpp"

#include "narrative_here.hpp"

namespace parley {
namespace {

using narrative::Status;
using testing::code_of;
using testing::NarrativeHere;
using testing::path_of;
using testing::said;
using testing::script_of;
using testing::sessions;
using testing::why;
using testing::with_gemini;

constexpr std::string_view kInterrupted = R"(
[narrative]
model = "gemini-live-2.5-flash-preview"
live = { answer = "text", barge_ins = 2 }
[acts.story]
input = "Tell a story"
barge_in = "listen"
[acts.moral]
input = "What is its moral?"
[acts.listen]
input = "The user spoke. What of?"
[acts.end]
input = "repeat: {{story}} / {{moral}} / {{listen}}"
)";

Task<void> barge_in(emulator::Server& server, gemini::Client client) {
  server.set_script(script_of(R"(
version: 1
rules:
  - {when: {text: Tell}, answer: ["Once upon", {interrupted: true}]}
  - {when: {text: user spoke}, answer: "Of ships."}
)"));
  NarrativeHere here(std::move(client));
  const auto run = co_await here.run(std::string(kInterrupted));
  EXPECT_EQ(run.status, Status::done) << why(run);
  EXPECT_EQ(path_of(run), "story:done moral:skipped listen:done end:done");
  EXPECT_EQ(run.acts[0].finish_reason, "INTERRUPTED");
  EXPECT_EQ(run.acts[0].output, "Once upon");
  EXPECT_EQ(run.output, "Once upon /  / Of ships.");
  EXPECT_EQ(sessions(server), 1);
  // The record leads the same way, and nobody is asked.
  server.service().forget_journal();
  narrative::RunOptions again;
  again.replay = narrative::Replay(here.journal.entries());
  again.resumed = true;
  const auto replayed = co_await here.run(std::string(kInterrupted), std::move(again));
  EXPECT_EQ(replayed.output, run.output);
  EXPECT_EQ(path_of(replayed), path_of(run));
  EXPECT_EQ(sessions(server), 0);
}
TEST(Narrative_N12, ABargeInMovesToTheNamedAct) {
  with_gemini(barge_in);
}

Task<void> barge_in_again(emulator::Server& server, gemini::Client client) {
  server.set_script(script_of(R"(
version: 1
rules:
  - {when: {text: Tell, time: 1-2}, answer: ["Well", {interrupted: true}]}
  - {when: {text: Tell}, answer: "The whole story."}
  - {when: {text: Go on}, answer: "Yes."}
)"));
  NarrativeHere here(std::move(client));
  const std::string text = R"(
[narrative]
model = "gemini-live-2.5-flash-preview"
live = { answer = "text", barge_ins = 2 }
[acts.ask]
input = "Go on?"
[acts.story]
input = "Tell it"
barge_in = "ask"
)";
  const auto run = co_await here.run(text);
  EXPECT_EQ(run.status, Status::done) << why(run);
  EXPECT_EQ(path_of(run),
            "ask:done story:done ask[2]:done story[2]:done ask[3]:done story[3]:done");
  EXPECT_EQ(run.output, "The whole story.");
  EXPECT_GT(run.tokens.input, run.acts.back().tokens.input) << "all visits are paid for";
  // One more than the limit.
  server.set_script(script_of(R"(
version: 1
rules:
  - {when: {text: Tell}, answer: ["Well", {interrupted: true}]}
)"));
  const auto endless = co_await here.run(text);
  EXPECT_EQ(endless.status, Status::failed);
  EXPECT_EQ(code_of(endless), "barge_in") << why(endless);
}
TEST(Narrative_N12, ABargeInMayLeadBackAndIsBounded) {
  with_gemini(barge_in_again);
}

// Speaks for a second once the model has been asked for its story.
class WaitingUser final : public narrative::Microphone {
 public:
  explicit WaitingUser(emulator::Server& of) : server_(of) {}
  Task<std::optional<Bytes>> next() override {
    while (said(server_, "Tell") == 0) co_await boost::asio::post(boost::asio::use_awaitable);
    if (pieces_++ == 30) co_return std::nullopt;
    audio::Samples samples(1600);
    for (std::size_t i = 0; i < samples.size() && pieces_ < 12; ++i)
      samples[i] = static_cast<audio::Sample>(i % 40 < 20 ? 12'000 : -12'000);
    co_return audio::to_bytes(samples);
  }

 private:
  emulator::Server& server_;
  int pieces_ = 0;
};

Task<void> microphone(emulator::Server& server, gemini::Client client) {
  // The rest of the story would come in an hour.
  server.set_script(script_of(R"(
version: 1
live: {hears: ["Wait, please."]}
rules:
  - {when: {text: Tell}, answer: ["Once upon", {wait: 60m}, " a time"]}
  - {when: {text: wait}, answer: "I wait."}
)"));
  WaitingUser user(server);
  NarrativeHere here(std::move(client), &user);
  const auto run = co_await here.run(R"(
[narrative]
model = "gemini-live-2.5-flash-preview"
live = { answer = "text" }
[acts.story]
input = "Tell a story"
barge_in = "listen"
[acts.listen]
only_after_barge_in = true
input = [{ type = "microphone" }]
)");
  EXPECT_EQ(run.status, Status::done) << why(run);
  EXPECT_EQ(path_of(run), "story:done listen:done");
  EXPECT_EQ(run.acts[0].output, "Once upon");
  EXPECT_EQ(run.output, "I wait.");
  EXPECT_EQ(here.journal.entries().back().status, "done");
}
TEST(Narrative_N12, SpeechOfTheMicrophoneInterruptsAndIsAnswered) {
  with_gemini(microphone);
}

Task<void> no_barge_in(emulator::Server&, gemini::Client client) {
  NarrativeHere here(std::move(client));
  const auto run = co_await here.run(R"(
[narrative]
model = "gemini-live-2.5-flash-preview"
live = { answer = "text" }
[acts.one]
input = "repeat: one"
[acts.never]
only_after_barge_in = true
input = "repeat: two"
)");
  EXPECT_EQ(path_of(run), "one:done never:skipped");
  EXPECT_EQ(run.output, "one");
}
TEST(Narrative_N12, AnActForBargeInsIsPassedOverWithoutOne) {
  with_gemini(no_barge_in);
}

Task<void> run_into(NarrativeHere* here, std::string text, narrative::RunResult* out) {
  *out = co_await here->run(std::move(text));
}
Task<void> until_asked(emulator::Server* server) {
  while (said(*server, "Tell") == 0) co_await boost::asio::post(boost::asio::use_awaitable);
}

Task<void> cancelled(emulator::Server& server, gemini::Client client) {
  using namespace boost::asio::experimental::awaitable_operators;
  server.set_script(script_of(R"(
version: 1
rules:
  - {when: {text: Tell}, answer: ["Once upon", {wait: 60m}, " a time"]}
)"));
  NarrativeHere here(std::move(client));
  narrative::RunResult run;
  auto text = std::string(kInterrupted);
  auto both = run_into(&here, std::move(text), &run) || until_asked(&server);
  co_await std::move(both);
  EXPECT_EQ(run.status, Status::cancelled) << why(run);
  EXPECT_EQ(path_of(run), "story:cancelled moral:not_run listen:not_run end:not_run");
  EXPECT_EQ(here.journal.entries().back().status, "cancelled");
}
TEST(Narrative_N12, N7_CancellationEndsTheSession) {
  with_gemini(cancelled);
}

}  // namespace
}  // namespace parley
