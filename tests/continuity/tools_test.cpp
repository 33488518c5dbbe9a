// gemini::LiveTools over a gemini::Conversation, beside the emulator.
#include <boost/asio/this_coro.hpp>
#include <gtest/gtest.h>

#include "parley/emulator/server.hpp"
#include "parley/gemini/live_tools.hpp"
#include "parley/json/value.hpp"

namespace parley {
namespace {

using namespace gemini;
using std::chrono::milliseconds;

FunctionDeclaration weather(std::string_view behavior) {
  FunctionDeclaration function("get_weather");
  function.parameters = json::Any(
      json::parse(R"({"type":"OBJECT","properties":{"city":{"type":"STRING"}}})").value());
  function.behavior = std::string(behavior);
  return function;
}

emulator::ServerOptions quick() {
  emulator::ServerOptions options;
  options.live.pace = milliseconds(1);
  options.live.playback = 0;
  return options;
}

ConversationOptions lasting(emulator::Server& server, const LiveTools& tools, const char* model) {
  LiveOptions live(model);
  live.base_url = server.base_url();
  live.key = Secret("k");
  live.transcribe();
  tools.declare_in(live);
  ConversationOptions options(std::move(live));
  options.policy = ContinuityPolicy::durable();
  options.policy.retry.first_delay = milliseconds(1);
  return options;
}

struct Told {
  Told() = default;
  std::string said;
  std::size_t turns = 0, calls = 0, handovers = 0, lost = 0;
};

template <class Enough>
Task<bool> read(LiveTools& tools, Conversation& talk, Told& told, Enough enough) {
  while (!enough(told)) {
    auto event = co_await tools.next(talk);
    if (!event) co_return false;
    told.handovers += std::holds_alternative<HandoverDone>(*event);
    told.lost += std::holds_alternative<ConnectionLost>(*event);
    if (std::holds_alternative<AnswerVoided>(*event)) told.said.clear();
    const auto* live = std::get_if<LiveEvent>(&*event);
    if (live == nullptr) continue;
    if (const auto* words = std::get_if<LiveTranscript>(live); words && !words->of_user)
      told.said += words->text;
    told.calls += std::holds_alternative<LiveToolCalls>(*live);
    told.turns += std::holds_alternative<LiveTurnComplete>(*live);
  }
  co_return true;
}

template <class Body>
void with_emulator(Body body) {
  run([](Body inner) -> Task<void> {
    emulator::Server server(co_await boost::asio::this_coro::executor, quick());
    EXPECT_TRUE(server.start());
    co_await inner(server);
    co_await server.stop();
  }(body));
}

int runs = 0;
bool may_end = false;
Task<Result<json::Members>> when_told(CallContext) {
  ++runs;
  while (!may_end) co_await sleep_for(milliseconds(1));
  co_return json::Members(json::Object{{"output", "sunny"}});
}
auto called(std::size_t count) {
  return [count](const Told& told) { return told.calls >= count; };
}

Task<void> waits(emulator::Server& server) {
  runs = 0, may_end = false;
  LiveTools tools;
  tools.add(weather("BLOCKING"), when_told);
  auto talk = co_await Conversation::open(lasting(server, tools, "gemini-3.8-live"));
  EXPECT_TRUE(talk) << talk.error().describe();
  if (!talk) co_return;
  Told told;
  EXPECT_TRUE(co_await talk->say("What is the weather in Oslo?"));
  EXPECT_TRUE(co_await read(tools, *talk, told, called(1)));
  talk->hand_over();
  EXPECT_EQ(tools.running(), 1u);
  may_end = true;
  EXPECT_TRUE(
      co_await read(tools, *talk, told, [](const Told& so_far) { return so_far.handovers >= 1; }));
  EXPECT_NE(told.said.find("sunny"), std::string::npos) << told.said;
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(talk->counters().connections, 2u);
}
TEST(ConversationTools_B30_W3, AHandOverWaitsForAFunctionThatRuns) {
  with_emulator(waits);
}

Task<void> survives(emulator::Server& server) {
  runs = 0, may_end = false;
  LiveTools tools;
  tools.add(weather("BLOCKING"), when_told);
  auto options = lasting(server, tools, "gemini-3.8-live");
  std::vector<LinkId> links;
  options.prepare = [&links](LinkId link, LiveOptions& live) {
    // The frame behind the call is cut.
    if (link == 1) live.connect.offer.headers.set("x-parley-live-fault", "after=3; cut");
    links.push_back(link);
  };
  auto talk = co_await Conversation::open(std::move(options));
  EXPECT_TRUE(talk) << talk.error().describe();
  if (!talk) co_return;
  Told told;
  EXPECT_TRUE(co_await talk->say("What is the weather in Oslo?"));
  EXPECT_TRUE(co_await read(tools, *talk, told, called(1)));
  may_end = true;
  EXPECT_TRUE(
      co_await read(tools, *talk, told, [](const Told& so_far) { return so_far.turns >= 1; }));
  EXPECT_NE(told.said.find("sunny"), std::string::npos) << told.said;
  EXPECT_EQ(runs, 1) << "the call of the second connection is the same call";
  EXPECT_EQ(links.size(), 2u);
}
TEST(ConversationTools_B35_W3, AFunctionIsRunOnceThoughItsConnectionIsLost) {
  with_emulator(survives);
}

Task<void> scheduled(emulator::Server& server) {
  LiveTools tools;
  tools.add(weather("BLOCKING"), when_told);
  auto talk = co_await Conversation::open(lasting(server, tools, "gemini-3.8-live"));
  EXPECT_TRUE(talk) << talk.error().describe();
  if (!talk) co_return;
  FunctionResponse response("get_weather");
  response.id = "1";
  response.scheduling = "SILENT";
  std::vector<FunctionResponse> one(1, response);
  auto sent = co_await talk->respond(std::move(one));
  EXPECT_EQ(sent.error().message(),
            "get_weather is not NON_BLOCKING: its answer cannot be scheduled");
  response.scheduling = "SOON";
  std::vector<FunctionResponse> other(1, response);
  sent = co_await talk->respond(std::move(other));
  EXPECT_EQ(sent.error().message(),
            "the scheduling \"SOON\" is none of INTERRUPT, WHEN_IDLE and SILENT");
}
TEST(Conversation_B30, AnAnswerIsScheduledOnlyWhereTheFunctionAllowsIt) {
  with_emulator(scheduled);
}

Task<void> gone(emulator::Server& server) {
  runs = 0, may_end = false;
  std::vector<std::string> why;
  LiveTools tools([&why](const Event& event) {
    if (event.name == "gemini.tool_dropped") why.emplace_back(event.field("why"));
  });
  tools.add(weather("BLOCKING"), when_told);
  {
    auto talk = co_await Conversation::open(lasting(server, tools, "gemini-3.8-live"));
    EXPECT_TRUE(talk) << talk.error().describe();
    if (!talk) co_return;
    Told told;
    EXPECT_TRUE(co_await talk->say("What is the weather in Oslo?"));
    EXPECT_TRUE(co_await read(tools, *talk, told, called(1)));
  }
  may_end = true;
  while (tools.running() > 0 || why.empty()) co_await sleep_for(milliseconds(1));
  EXPECT_EQ(why, std::vector<std::string>{"the conversation is gone"});
}
TEST(ConversationTools_B30_W16, AnAnswerBehindTheConversationIsToldAsDropped) {
  with_emulator(gone);
}

}  // namespace
}  // namespace parley
