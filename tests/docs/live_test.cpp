// clang-format off: the lines are those of docs/live.md.
#include "parley/gemini/continuity/conversation.hpp"

#include <iostream>

#include <gtest/gtest.h>

#include "parley/audio/duplex.hpp"
#include "parley/audio/latency.hpp"
#include "parley/audio/pcm.hpp"
#include "parley/audio/transcript.hpp"
#include "parley/base/seal.hpp"
#include "parley/emulator/server.hpp"
#include "parley/gemini/continuity/snapshot.hpp"
#include "parley/gemini/openai/realtime.hpp"
#include "parley/net/system.hpp"

namespace parley {
namespace {

using std::chrono::milliseconds;

std::size_t played = 0;
void play(const Bytes& pcm) { played += pcm.size(); }
void forget_this_answer() { played = 0; }

// An emulator that says all at once, for one test.
using WithServer = Task<void> (*)(emulator::Server& server);
Task<void> start_server(WithServer body) {
  emulator::ServerOptions quick;
  quick.live.pace = milliseconds(0);
  quick.live.playback = 0;
  emulator::Server server(co_await boost::asio::this_coro::executor, std::move(quick));
  EXPECT_TRUE(server.start());
  co_await body(server);
  co_await server.stop();
}

Task<Result<void>> converse(emulator::Server& server) {
  played = 0;
gemini::LiveOptions live("gemini-2.5-flash-native-audio-latest");
live.instruct("Be brief.").transcribe();
  live.base_url = server.base_url();
  live.key = Secret("any");
gemini::ConversationOptions options(std::move(live));
options.policy = gemini::ContinuityPolicy::durable();
  bool complete = false;
  {
auto talk = co_await gemini::Conversation::open(std::move(options));
if (!talk) co_return fail(talk.error());
co_await talk->say("What is the capital of Norway?");
while (auto event = co_await talk->next()) {
  if (std::get_if<gemini::AnswerVoided>(&*event)) forget_this_answer();  // it begins anew
  auto* told = std::get_if<gemini::LiveEvent>(&*event);
  if (auto* audio = told ? std::get_if<gemini::LiveAudio>(told) : nullptr) play(audio->pcm);
  complete = told && std::get_if<gemini::LiveTurnComplete>(told);
  if (complete) break;
}
  }
  EXPECT_TRUE(complete);
  EXPECT_GT(played, 24'000u);
  co_return Result<void>();
}
Task<void> a_conversation(emulator::Server& server) {
  const auto done = co_await converse(server);
  EXPECT_TRUE(done);
}
TEST(DocsLive, AConversationIsHeld) {
  run(start_server(a_conversation));
}

std::function<void(const gemini::ConnectionAttempt&, gemini::AttemptPlan&)> told_hook() {
  gemini::ConversationOptions options(gemini::LiveOptions("m"));
options.policy.on_attempt = [](const gemini::ConnectionAttempt& attempt, gemini::AttemptPlan& plan) {
  if (attempt.in_a_row == 1) return;                           // the first; nothing has failed
  std::cerr << "connecting again in " << plan.delay.count() << " ms (" << to_string(attempt.why) << ")\n";
  if (attempt.in_a_row > 3) plan.stop = true;                  // open() then fails with `cancelled`
};
  return options.policy.on_attempt;
}

// Nobody listens: how long the rules try, on virtual time, and how often.
struct Tried {
  int attempts = 0;
  milliseconds waited{0};
  std::optional<Error> error;
};
Tried nobody_listens(gemini::ContinuityPolicy policy) {
  Tried tried;
  policy.on_attempt = [hook = policy.on_attempt, &tried](const gemini::ConnectionAttempt& attempt, gemini::AttemptPlan& plan) {
    if (hook) hook(attempt, plan);
    if (plan.stop) return;
    ++tried.attempts;
    tried.waited += plan.delay;
  };
  gemini::Setup setup;
  setup.model = "models/gemini-2.5-flash-native-audio-latest";
  gemini::Continuity rules(setup, std::move(policy), net::system_random());
  TimePoint now{std::chrono::hours(1)};
  rules.start(now);
  while (!rules.is_over()) {
    while (const auto effect = rules.poll_effect())
      if (const auto* open = std::get_if<gemini::OpenLink>(&*effect))
        rules.failed(open->link, Error(ErrorKind::connect_failed, "connection refused"), now);
    const auto due = rules.next_timeout();
    if (!due) break;
    now = std::max(now, *due);
    rules.handle_timeout(now);
  }
  if (const auto outcome = rules.outcome(); !outcome) tried.error = outcome.error();
  return tried;
}
TEST(DocsLive, WhereNobodyListensElevenAttemptsTakeUpToAMinute) {
  const auto tried = nobody_listens(gemini::ContinuityPolicy::durable());
  EXPECT_EQ(tried.attempts, 11);
  EXPECT_GE(tried.waited, milliseconds(42'700));
  EXPECT_LE(tried.waited, milliseconds(64'050));
  ASSERT_TRUE(tried.error);
  EXPECT_EQ(tried.error->kind(), ErrorKind::connect_failed);
  EXPECT_EQ(nobody_listens(gemini::ContinuityPolicy()).attempts, 1);
}
TEST(DocsLive, TheHookTellsTheUserAndStops) {
  auto policy = gemini::ContinuityPolicy::durable();
  policy.on_attempt = told_hook();
  ::testing::internal::CaptureStderr();
  const auto tried = nobody_listens(std::move(policy));
  const auto told = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(tried.attempts, 3);
  ASSERT_TRUE(tried.error);
  EXPECT_EQ(tried.error->kind(), ErrorKind::cancelled);
  EXPECT_EQ(std::ranges::count(told, '\n'), 3) << told;
  EXPECT_TRUE(told.starts_with("connecting again in 1")) << told;
}

void keep_up(const std::optional<gemini::ConversationEvent>& event, audio::Duplex& duplex,
             audio::Transcript& transcript, audio::LatencyReport& latency, TimePoint now) {
if (std::get_if<gemini::AnswerVoided>(&*event)) {
  duplex.voided(now);                                          // the speaker is emptied; an answer before it is heard to its end
  transcript.voided();                                         // an update with `voided` for each caption of it
  latency.voided();                                            // the question stays open, and is measured to the answer that comes
}
auto* again = std::get_if<gemini::MessagesReplayed>(&*event);
if (again && again->audio_bytes > 0) transcript.replayed();    // also where no answer had begun: no second caption of the user
}
TEST(DocsLive, AnAnswerThatBeginsAnewIsTakenBack) {
  const auto now = net::now();
  audio::Duplex duplex(audio::DuplexOptions(), now);
  audio::Transcript transcript;
  audio::LatencyReport latency;
  transcript.fragment(audio::Side::model, "It is Os", false, false, now);
  while (transcript.poll_update()) continue;
  keep_up(gemini::ConversationEvent(gemini::AnswerVoided()), duplex, transcript, latency, now);
  const auto told = transcript.poll_update();
  ASSERT_TRUE(told);
  EXPECT_TRUE(told->voided);
}

Task<void> another_service(emulator::Server& server) {
gemini::OpenAiLiveOptions openai("gpt-realtime");              // key: OPENAI_API_KEY
  openai.key = Secret("any");
  openai.base_url = server.base_url() + "/v1";
auto live = gemini::openai_live(std::move(openai));
  EXPECT_TRUE(live);
  if (!live) co_return;
live->instruct("Be brief.").transcribe().speak_with("marin");
  gemini::ConversationOptions options(gemini::LiveOptions("gemini-2.5-flash-native-audio-latest"));
  auto other = *live;
  {
auto session = co_await gemini::Live::connect(std::move(*live));
  EXPECT_TRUE(session);
  }
  live = std::move(other);
options.policy.history.enabled = true;                         // part of durable()
options.fallbacks.emplace_back("openai", std::move(*live));    // in order; Gemini elsewhere is one as well
options.fallbacks.back().adapt = [](gemini::Setup& setup) { setup.generation_config->temperature.reset(); };
  options.live.base_url = server.base_url();
  options.live.key = Secret("any");
  auto talk = co_await gemini::Conversation::open(std::move(options));
  EXPECT_TRUE(talk);
}
TEST(DocsLive, AnotherServiceAndFallbacks) {
  run(start_server(another_service));
}

Task<void> stop_means_stop(emulator::Server& server) {
  gemini::LiveOptions live("gemini-2.5-flash-native-audio-latest");
  live.base_url = server.base_url();
  live.key = Secret("any");
  gemini::ConversationOptions options(std::move(live));
  options.policy.history.enabled = true;
  auto talk = co_await gemini::Conversation::open(std::move(options));
  EXPECT_TRUE(talk);
  if (!talk) co_return;
  const std::size_t turn = 1, heard = 2'400;
  EXPECT_TRUE(co_await talk->say("write 200 words about rivers"));
auto told = co_await talk->interrupt();           // the service stops what it says or makes
talk->heard(turn, audio::duration_of(heard, audio::kOutputRate));  // DuplexEvent::answer_cut has both
  EXPECT_TRUE(told);
}
TEST(DocsLive, StopMeansStop) {
  run(start_server(stop_means_stop));
}

std::string seal(const Result<gemini::Conversation>& talk, const std::string& passphrase) {
auto key = SealKey::of_passphrase(Secret(passphrase));         // or of_bytes(32 random bytes)
std::string text = gemini::seal_snapshot(talk->snapshot(), *key, net::system_random());
  return text;
}
Task<void> go_on(const std::string& text, const std::string& passphrase, gemini::ConversationOptions options) {
  auto key = SealKey::of_passphrase(Secret(passphrase));
// elsewhere
gemini::SnapshotRules rules;
rules.now = net::SystemClock().wall_now();
auto snapshot = gemini::open_snapshot(text, *key, rules);      // at most 24 hours old, unless you say otherwise
  EXPECT_TRUE(snapshot);
  if (!snapshot) co_return;
auto talk = co_await gemini::Conversation::resume(std::move(options), std::move(*snapshot));
  EXPECT_TRUE(talk);
}
Task<void> another_process(emulator::Server& server) {
  const std::string passphrase = "correct horse battery";
  gemini::LiveOptions live("gemini-2.5-flash-native-audio-latest");
  live.base_url = server.base_url();
  live.key = Secret("any");
  gemini::ConversationOptions options(std::move(live));
  options.policy = gemini::ContinuityPolicy::durable();
  auto again = options;
  std::string sealed;
  {
    const auto first = co_await gemini::Conversation::open(std::move(options));
    EXPECT_TRUE(first);
    if (!first) co_return;
    sealed = seal(first, passphrase);
  }
  EXPECT_EQ(sealed.find("gemini"), std::string::npos);
  co_await go_on(sealed, passphrase, std::move(again));
}
TEST(DocsLive, AConversationGoesOnInAnotherProcess) {
  run(start_server(another_process));
}

}  // namespace
}  // namespace parley
