// Functions of Live sessions beside the emulator: they run, are scheduled, cancelled, and fail.
#include "parley/gemini/live_tools.hpp"

#include "parley/gemini/live_session.hpp"
#include "parley/json/value.hpp"

#include "gemini_here.hpp"
#include "live_told.hpp"

namespace parley {
namespace {

using gemini::Live;
using gemini::LiveOptions;
using gemini::LiveTools;
using testing::Told;
using testing::with_gemini;

gemini::FunctionDeclaration weather(std::string_view behavior = "") {
  gemini::FunctionDeclaration function("get_weather");
  function.parameters = json::Any(
      json::parse(R"({"type":"OBJECT","properties":{"city":{"type":"STRING"}}})").value());
  if (!behavior.empty()) function.behavior = std::string(behavior);
  return function;
}

json::Members output(std::string_view text) {
  return json::Members(json::Object{{"output", text}});
}

LiveOptions options_for(const emulator::Server& server, const char* model) {
  LiveOptions options(model);
  options.base_url = server.base_url();
  options.key = Secret("k");
  options.transcribe();
  return options;
}

// Reads through the tools until `enough` was told.
template <class Enough>
Task<bool> read(LiveTools& tools, Live& live, Told& told, Enough enough) {
  while (!enough(told)) {
    auto event = co_await tools.next(live);
    if (!event) co_return false;
    std::visit(told, *event);
  }
  co_return true;
}
auto turns(std::size_t count) {
  return [count](const Told& told) { return told.turns >= count; };
}

struct Seen {
  std::vector<std::string> events;
  EventSink sink() {
    return [this](const Event& event) {
      events.push_back(event.name + " " + std::string(event.field("name")) +
                       (event.field("why").empty() ? "" : ": ") + std::string(event.field("why")));
    };
  }
};

Task<void> plain(emulator::Server& server, gemini::Client) {
  Seen seen;
  LiveTools tools(seen.sink());
  tools.add(weather("BLOCKING"), [](const json::Members& arguments) -> Result<json::Members> {
    if (json::to_string(*arguments) == R"({"city":"Oslo"})") return output("sunny");
    throw std::runtime_error("no such city");
  });
  auto options = options_for(server, "gemini-3.8-live");
  tools.declare_in(options);
  auto live = co_await Live::connect(std::move(options));
  EXPECT_TRUE(live) << live.error().describe();
  if (!live) co_return;
  Told told;
  EXPECT_TRUE(co_await live->say("What is the weather in Oslo?"));
  EXPECT_TRUE(co_await read(tools, *live, told, turns(1)));
  EXPECT_NE(told.said.find("sunny"), std::string::npos) << told.said;
  EXPECT_TRUE(co_await live->say("And the weather in Rome?"));
  EXPECT_TRUE(co_await read(tools, *live, told, turns(2)));
  EXPECT_NE(told.said.find("no such city"), std::string::npos) << told.said;
  EXPECT_EQ(told.calls.size(), 2u) << "calls are events as well";
  EXPECT_EQ(seen.events,
            (std::vector<std::string>{
                "gemini.tool_call get_weather", "gemini.tool_done get_weather",
                "gemini.tool_call get_weather", "gemini.tool_failed get_weather: no such city"}));
  EXPECT_EQ(tools.running(), 0u);
}
TEST(LiveTools_B30, APlainFunctionIsRunAndWhatItThrowsIsAnswered) {
  with_gemini(plain);
}

Task<Result<json::Members>> in_parts(gemini::CallContext call) {
  if (auto told = co_await call.progress(output("cloudy at first")); !told)
    co_return fail(std::move(told.error()));
  co_await sleep_for(std::chrono::milliseconds(1));
  co_return output("sunny later");
}

Task<void> beside(emulator::Server& server, gemini::Client) {
  LiveTools tools;
  tools.add(weather("NON_BLOCKING"), in_parts);
  tools.schedule("get_weather", gemini::LiveScheduling::when_idle);
  auto options = options_for(server, "gemini-2.5-flash-native-audio-latest");
  tools.declare_in(options);
  auto live = co_await Live::connect(std::move(options));
  EXPECT_TRUE(live) << live.error().describe();
  if (!live) co_return;
  Told told;
  EXPECT_TRUE(co_await live->say("What is the weather in Oslo?"));
  EXPECT_TRUE(co_await read(tools, *live, told, [](const Told& so_far) {
    return so_far.said.find("sunny later") != std::string::npos;
  }));
  EXPECT_TRUE(told.said.starts_with("I am looking that up.")) << told.said;
  EXPECT_NE(told.said.find("cloudy at first"), std::string::npos) << told.said;
  EXPECT_TRUE(live->open_calls().empty());
  std::size_t parts = 0, whole = 0;
  for (const auto& entry : server.service().journal()) {
    const bool scheduled = entry.body.find(R"("scheduling":"WHEN_IDLE")") != std::string::npos;
    const bool more = entry.body.find(R"("willContinue":true)") != std::string::npos;
    parts += scheduled && more;
    whole += scheduled && !more;
  }
  EXPECT_EQ(parts, 1u);
  EXPECT_EQ(whole, 1u);
}
TEST(LiveTools_B30, ANonBlockingFunctionAnswersInPartsWhileTheModelTalks) {
  with_gemini(beside);
}

// Waits until nobody wants its answer.
struct Waiting {
  bool stopped = false, ended = false;
};
Waiting waiting;
Task<Result<json::Members>> until_stopped(gemini::CallContext call) {
  while (!call.stop.stop_requested()) co_await sleep_for(std::chrono::milliseconds(1));
  waiting.stopped = true;
  co_await sleep_for(std::chrono::milliseconds(2));
  waiting.ended = true;
  co_return output("too late");
}

Task<void> cancelled(emulator::Server& server, gemini::Client) {
  waiting = Waiting();
  Seen seen;
  LiveTools tools(seen.sink());
  tools.add(weather("BLOCKING"), until_stopped);
  auto options = options_for(server, "gemini-3.8-live");
  tools.declare_in(options);
  auto live = co_await Live::connect(std::move(options));
  EXPECT_TRUE(live) << live.error().describe();
  if (!live) co_return;
  Told told;
  EXPECT_TRUE(co_await live->say("What is the weather in Oslo?"));
  EXPECT_TRUE(
      co_await read(tools, *live, told, [](const Told& so_far) { return !so_far.calls.empty(); }));
  EXPECT_EQ(tools.running(), 1u);
  EXPECT_TRUE(co_await live->say("repeat: never mind"));
  EXPECT_TRUE(co_await read(tools, *live, told, turns(2)));
  EXPECT_EQ(told.cancelled.size(), 1u);
  while (!waiting.ended) co_await sleep_for(std::chrono::milliseconds(1));
  while (tools.running() > 0) co_await sleep_for(std::chrono::milliseconds(1));
  EXPECT_TRUE(waiting.stopped);
  EXPECT_EQ(seen.events.back(), "gemini.tool_dropped get_weather: the call was cancelled");
  for (const auto& entry : server.service().journal())
    EXPECT_EQ(entry.body.find("too late"), std::string::npos) << "its answer is never sent";
}
TEST(LiveTools_B31_W16, ACancelledCallStopsItsFunctionAndItsAnswerIsDropped) {
  with_gemini(cancelled);
}

Task<void> outlived(emulator::Server& server, gemini::Client) {
  waiting = Waiting();
  {
    LiveTools tools;
    tools.add(weather("NON_BLOCKING"), until_stopped);
    auto options = options_for(server, "gemini-3.8-live");
    tools.declare_in(options);
    auto live = co_await Live::connect(std::move(options));
    EXPECT_TRUE(live) << live.error().describe();
    if (!live) co_return;
    Told told;
    EXPECT_TRUE(co_await live->say("What is the weather in Oslo?"));
    EXPECT_TRUE(co_await read(tools, *live, told, turns(1)));
    EXPECT_EQ(tools.running(), 1u);
  }
  while (!waiting.ended) co_await sleep_for(std::chrono::milliseconds(1));
  EXPECT_TRUE(waiting.stopped) << "the tools and the session are gone";
}
TEST(LiveTools_B31_W16, NoFunctionGoesOnBehindItsSession) {
  with_gemini(outlived);
}

Task<void> with_session(emulator::Server& server, gemini::Client) {
  LiveTools tools;
  tools.add(weather("BLOCKING"), [](const json::Members&) { return output("sunny"); });
  auto options = options_for(server, "gemini-3.8-live");
  tools.declare_in(options);
  std::string said;
  gemini::LiveHandlers handlers;
  gemini::LiveSession* here = nullptr;
  handlers.transcript = [&](const gemini::LiveTranscript& piece) { said += piece.text; };
  handlers.turn_complete = [&](const gemini::LiveTurnComplete&) { here->close(); };
  gemini::LiveSession session(handlers, &tools);
  here = &session;
  EXPECT_TRUE(co_await session.connect(std::move(options)));
  EXPECT_TRUE(co_await session.live().value()->say("What is the weather in Oslo?"));
  EXPECT_TRUE(co_await session.ended());
  EXPECT_NE(said.find("sunny"), std::string::npos) << said;
  EXPECT_EQ(session.live().error().kind(), ErrorKind::invalid_state);
}
TEST(LiveSession_B29_B30, ToolsRunUnderCallbacks) {
  with_gemini(with_session);
}

}  // namespace
}  // namespace parley
