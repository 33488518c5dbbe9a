// clang-format off: the lines are those of docs/gemini-live.md.
#include "parley/gemini/live.hpp"
#include "parley/gemini/live_tools.hpp"
#include "parley/gemini/live_session.hpp"
#include "parley/gemini/music.hpp"

#include <cstdlib>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include "parley/emulator/server.hpp"
#include "parley/json/value.hpp"

namespace parley {
namespace {

struct Heard {
  Heard() = default;
  std::size_t bytes = 0, stops = 0;
  int rate = 0;
  std::string said, error;
};
Heard heard;
// Of whoever waits for enough of an answer.
boost::asio::steady_timer* answered = nullptr;
void play(const Bytes& pcm, int rate) {
  heard.bytes += pcm.size(), heard.rate = rate;
  if (answered && heard.bytes > 48'000) answered->cancel();
}
void stop_playing() { ++heard.stops; }
void act_upon(const gemini::LiveEvent& event) {
  if (const auto* text = std::get_if<gemini::LiveText>(&event)) heard.said += text->text;
  if (heard.said.find("sunny") != std::string::npos) answered->cancel();
}
void tell(const Error& error) { heard.error = error.describe(); }

// The body finds an emulator that says all at once by the environment, as a user's program would.
using Body = Task<Result<void>> (*)();
Task<void> with_emulator(Body body) {
  heard = Heard();
  emulator::ServerOptions quick;
  quick.live.pace = std::chrono::milliseconds(0);
  quick.live.playback = 0;
  quick.music.pace = 0.1;
  emulator::Server server(co_await boost::asio::this_coro::executor, std::move(quick));
  EXPECT_TRUE(server.start());
  ::setenv("GOOGLE_GEMINI_BASE_URL", server.base_url().c_str(), 1);
  ::setenv("GEMINI_API_KEY", "any", 1);
  const auto done = co_await body();
  EXPECT_TRUE(done) << done.error().describe();
  ::unsetenv("GOOGLE_GEMINI_BASE_URL");
  ::unsetenv("GEMINI_API_KEY");
  co_await server.stop();
}

Task<Result<void>> a_question() {
gemini::LiveOptions options("gemini-2.5-flash-native-audio-latest");
options.instruct("Be brief.").transcribe().speak_with("Kore");   // options.setup has everything else
auto live = co_await gemini::Live::connect(std::move(options));  // waits for setupComplete; cannot hang
if (!live) co_return fail(live.error());
co_await live->say("What is the capital of Norway?");
while (auto event = co_await live->next()) {
  if (auto* audio = std::get_if<gemini::LiveAudio>(&*event)) play(audio->pcm, audio->rate);
  if (std::get_if<gemini::LiveInterrupted>(&*event)) stop_playing();
  if (std::get_if<gemini::LiveTurnComplete>(&*event)) break;
}
  EXPECT_GT(heard.bytes, 24'000u);
  EXPECT_EQ(heard.rate, 24'000);
  EXPECT_EQ(heard.stops, 0u);
  co_return Result<void>();
}
TEST(DocsGeminiLive, AQuestionIsAnsweredInSpeech) {
  run(with_emulator(a_question));
}

Task<Result<json::Members>> look_up(gemini::CallContext call);   // call.arguments, call.stop, call.progress
Task<Result<json::Members>> look_up(gemini::CallContext call) {
  json::Object sunny{{"output", "sunny, said " + call.name}};
  co_return json::Members(std::move(sunny));
}

gemini::FunctionDeclaration declared() {
  gemini::FunctionDeclaration weather("get_weather");
  weather.description = "The weather of a city.";
  weather.behavior = "NON_BLOCKING";
  return weather;
}

Task<Result<void>> functions() {
  const auto weather = declared();
  gemini::LiveOptions options("gemini-live-2.5-flash-preview");
  options.answer_in(gemini::Modality::text);
gemini::LiveTools tools;
tools.add(weather, look_up);                                     // or a plain function
tools.schedule("get_weather", gemini::LiveScheduling::when_idle);
tools.declare_in(options);
auto live = co_await gemini::Live::connect(std::move(options));
  if (!live) co_return fail(live.error());
  const auto said = co_await live->say("get_weather in Oslo");
  if (!said) co_return fail(said.error());
while (auto event = co_await tools.next(*live)) act_upon(*event);   // calls are run on the way
  co_return fail(ErrorKind::disconnected, "the session ended without an answer");
}
// The loop of a user ends with the session; here it is left when enough of the answer is there.
template <Body loop>
Task<Result<void>> until_answered() {
  using namespace boost::asio::experimental::awaitable_operators;
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, boost::asio::steady_timer::time_point::max());
  answered = &timer;
  const auto first = co_await (loop() || timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable)));
  answered = nullptr;
  if (first.index() == 0) co_return std::get<0>(first);
  co_return Result<void>();
}
TEST(DocsGeminiLive, FunctionsAreRunOnTheWay) {
  run(with_emulator(until_answered<functions>));
  EXPECT_NE(heard.said.find("sunny"), std::string::npos) << heard.said;
}

Task<Result<void>> callbacks() {
  gemini::LiveTools tools;
  gemini::LiveOptions options("gemini-2.5-flash-native-audio-latest");
  gemini::LiveSession* talking = nullptr;
gemini::LiveHandlers on;
on.audio = [](const gemini::LiveAudio& audio) { play(audio.pcm, audio.rate); };
on.error = [](const Error& error) { tell(error); };    // also what another handler threw
  on.turn_complete = [&talking](const gemini::LiveTurnComplete&) { talking->close(); };
  on.transcript = [](const gemini::LiveTranscript&) { throw std::runtime_error("a handler's own"); };
  options.transcribe();
gemini::LiveSession session(on, &tools);
  talking = &session;
  const auto early = session.live();
  EXPECT_FALSE(early);
co_await session.connect(std::move(options));         // a second time: invalid_state "already connected (ready)"
  const auto again = co_await session.connect(gemini::LiveOptions("gemini-2.5-flash-native-audio-latest"));
  EXPECT_FALSE(again);
  if (!again) {
    EXPECT_EQ(again.error().message(), "already connected (ready)");
  }
if (auto live = session.live()) co_await (*live)->say("Hello");   // else invalid_state "not ready (setup_pending)"
co_await session.ended();
  EXPECT_GT(heard.bytes, 24'000u);
  EXPECT_NE(heard.error.find("a handler's own"), std::string::npos) << heard.error;
  co_return Result<void>();
}
TEST(DocsGeminiLive, HandlersAreCalled) {
  run(with_emulator(callbacks));
}

Task<Result<void>> music_of_a_prompt() {
auto music = co_await gemini::Music::connect();       // lyria-realtime-exp
  if (!music) co_return fail(music.error());
co_await music->prompt("minimal techno");             // or several with weights
co_await music->play();
while (auto event = co_await music->next())
  if (auto* audio = std::get_if<gemini::MusicAudio>(&*event)) play(audio->pcm, audio->rate);   // 48 kHz, two channels

co_return music->outcome();
}
TEST(DocsGeminiLive, MusicIsPlayed) {
  run(with_emulator(until_answered<music_of_a_prompt>));
  EXPECT_GT(heard.bytes, 48'000u);
  EXPECT_EQ(heard.rate, 48'000);
}

}  // namespace
}  // namespace parley
