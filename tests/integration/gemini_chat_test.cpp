// Chats of the Gemini client beside the emulator: streams, functions, histories.
#include "parley/emulator/script/script.hpp"
#include "parley/gemini/answer.hpp"
#include "parley/gemini/chat.hpp"
#include "parley/json/value.hpp"

#include "gemini_here.hpp"

namespace parley {
namespace {

using testing::with_gemini;

constexpr const char* kModel = "gemini-3.5-flash";

gemini::FunctionDeclaration declared(std::string_view name) {
  gemini::FunctionDeclaration function{std::string(name)};
  function.parameters = json::Any(
      json::parse(R"({"type":"OBJECT","properties":{"city":{"type":"STRING"}}})").value());
  return function;
}

json::Members output(std::string_view text) {
  return json::Members(json::Object{{"output", text}});
}

// All pieces of a stream, joined.
Task<Result<std::string>> read_all(gemini::ChatStream stream) {
  std::string text;
  while (auto piece = co_await stream.next()) text += gemini::text_of(*piece);
  if (auto outcome = stream.outcome(); !outcome) co_return fail(std::move(outcome.error()));
  co_return text;
}

emulator::Script script_of(std::string_view yaml) {
  schematic::Diagnostics diagnostics;
  auto script = emulator::read_script(yaml, emulator::FileReader(), diagnostics);
  EXPECT_TRUE(diagnostics.empty()) << diagnostics.text("s.yaml");
  return script;
}

Task<void> made_up(emulator::Server& server, gemini::Client client) {
  server.set_script(script_of(R"(version: 1
rules:
  - when: {tool_result: fly}
    answer: I cannot fly.
  - when: {text: up}
    answer: [{call: {name: fly, args: {metres: 3}}}]
)"));
  gemini::Chat chat(client.models(), kModel);
  chat.add_function(declared("get_weather"), [](const json::Members&) { return output("sunny"); });
  const auto said = co_await chat.send("Go up");
  EXPECT_TRUE(said) << said.error().describe();
  if (!said) co_return;
  EXPECT_EQ(gemini::text_of(*said), "I cannot fly.");
  EXPECT_EQ(chat.history().size(), 4u);
  const auto& answer = *gemini::parts_of(chat.history()[2])[0].function_response;
  EXPECT_EQ(json::to_string(**answer.response), R"({"error":"there is no function fly"})");
  // What is declared without a function is the caller's to answer.
  gemini::declare_function(chat.settings().tools, declared("fly"));
  const auto asked = co_await chat.send("Go up");
  EXPECT_TRUE(asked);
  EXPECT_EQ(chat.history().size(), 6u);
  EXPECT_EQ(asked ? gemini::text_of(*asked) : "none", "");
}
TEST(GeminiChat_A39, AFunctionThatTheModelMadeUpIsAnsweredSoAndADeclaredOneIsTheCallers) {
  with_gemini(made_up);
}

Task<void> streams(emulator::Server& server, gemini::Client client) {
  gemini::Chat chat(client.models(), kModel);
  chat.add_function(declared("get_weather"), [](const json::Members&) { return output("sunny"); });
  auto said = co_await read_all(chat.stream("What is the weather in Oslo?"));
  EXPECT_TRUE(said) << said.error().describe();
  EXPECT_NE(said->find("sunny"), std::string::npos) << *said;
  EXPECT_EQ(chat.history().size(), 4u) << "question, call, result, answer";
  EXPECT_TRUE(gemini::parts_of(chat.history()[1])[0].thought_signature) << "goes back as it came";
  EXPECT_EQ(gemini::parts_of(chat.history()[3]).size(), 1u) << "the pieces are one turn";
  EXPECT_EQ(gemini::parts_of(chat.history()[3])[0].text, *said);
  // A stream that is cut, or dropped, leaves the history as it was.
  emulator::Fault cut;
  cut.cut = 300;
  server.service().inject(cut);
  said = co_await read_all(chat.stream("write 50 words about rain"));
  EXPECT_EQ(said.error().kind(), ErrorKind::disconnected);
  {
    auto dropped = chat.stream("write 50 words about rain");
    EXPECT_TRUE(co_await dropped.next());
  }
  EXPECT_EQ(chat.history().size(), 4u);
  said = co_await read_all(chat.stream("repeat: on we go"));
  EXPECT_EQ(*said, "on we go");
  EXPECT_EQ(chat.history().size(), 6u);
}
TEST(GeminiChat_A39, AStreamedAnswerIsKeptAsOneTurn) {
  with_gemini(streams);
}

// Two of them are done only when both have begun.
struct Meeting {
  int begun = 0, most = 0;
};
Meeting meeting;

Task<Result<json::Members>> slow_weather(gemini::CallContext call) {
  ++meeting.begun;
  for (int i = 0; i < 1000 && meeting.begun < 2; ++i)
    co_await sleep_for(std::chrono::milliseconds(1));
  meeting.most = std::max(meeting.most, meeting.begun);
  if (call.name == "get_wind") co_return fail(ErrorKind::unavailable, "no wind today");
  co_return output("sunny");
}

Task<void> side_by_side(emulator::Server&, gemini::Client client) {
  meeting = Meeting();
  gemini::Chat chat(client.models(), kModel);
  chat.add_function(declared("get_weather"), slow_weather);
  chat.add_function(declared("get_wind"), slow_weather);
  const auto answer = co_await chat.send("weather and get_wind in Oslo");
  EXPECT_TRUE(answer) << answer.error().describe();
  EXPECT_EQ(meeting.most, 2) << "both ran at the same time";
  const auto& results = gemini::parts_of(chat.history().at(2));
  EXPECT_EQ(results.size(), 2u);
  EXPECT_EQ(results.at(0).function_response->name, "get_weather") << "in the order of the calls";
  EXPECT_EQ(json::to_string(**results.at(1).function_response->response),
            R"({"error":"no wind today"})");
  EXPECT_NE(gemini::text_of(*answer).find("no wind today"), std::string::npos);
}
TEST(GeminiChat_A39, CallsOfOneTurnRunSideBySide) {
  with_gemini(side_by_side);
}

Task<void> chooses(emulator::Server& server, gemini::Client client) {
  gemini::Chat chat(client.models(), kModel);
  int asked = 0;
  chat.add_function(declared("get_weather"), [&](const json::Members&) {
    ++asked;
    return output("sunny");
  });
  chat.add_function(declared("get_wind"), [](const json::Members&) { return output("calm"); });
  chat.choose_functions(gemini::FunctionCallingMode::none);
  EXPECT_TRUE(co_await chat.send("What is the weather?"));
  EXPECT_EQ(asked, 0);
  chat.choose_functions(gemini::FunctionCallingMode::any, {"get_wind"});
  const auto answer = co_await chat.send("What is the weather?");
  EXPECT_NE(gemini::text_of(*answer).find("calm"), std::string::npos);
  EXPECT_EQ(asked, 0);
  EXPECT_NE(server.service().journal().back().body.find(
                R"("functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["get_wind"]})"),
            std::string::npos);
}
TEST(GeminiChat_1_4, WhichFunctionsMayBeCalledIsChosen) {
  with_gemini(chooses);
}

Task<void> forks(emulator::Server&, gemini::Client client) {
  gemini::Chat chat(client.models(), kModel);
  EXPECT_TRUE(co_await chat.send("My name is Bob"));
  gemini::Chat fork = chat;
  EXPECT_TRUE(co_await fork.send("repeat: elsewhere"));
  EXPECT_EQ(chat.history().size(), 2u);
  EXPECT_EQ(fork.history().size(), 4u);
  gemini::Chat later(client.models(), kModel);
  EXPECT_TRUE(later.restore(chat.save()));
  EXPECT_EQ(later.history(), chat.history());
  const auto answer = co_await later.send("Who am I?");
  EXPECT_NE(gemini::text_of(*answer).find("Bob"), std::string::npos);
  for (const auto& [bad, words] : std::initializer_list<std::pair<const char*, const char*>>{
           {"[", "line 1"},
           {R"([{"parts": 7}])", "$[0].parts"},
           {R"([{"role": "judge", "parts": [{"text": "x"}]}])", "the role \"judge\""},
           {R"([{"role": "user"}])", "turn 0 of the history has no parts"}}) {
    const auto restored = later.restore(bad);
    EXPECT_FALSE(restored);
    if (restored) continue;
    EXPECT_NE(restored.error().message().find(words), std::string::npos)
        << restored.error().message();
  }
  EXPECT_EQ(later.history().size(), 4u) << "what was there stays";
}
TEST(GeminiChat_A39, AHistoryIsForkedSavedAndRestored) {
  with_gemini(forks);
}

Task<void> ends_rounds(emulator::Server& server, gemini::Client client) {
  // A service that calls the function again and again.
  server.service().add_recording(
      "loop", R"(data: {"candidates": [{"content": {"parts": [{"functionCall": {"name": "f"}}],)"
              R"("role": "model"}, "finishReason": "STOP"}]})"
              "\r\n\r\n");
  gemini::Chat chat(client.models(), "recording-loop");
  int asked = 0;
  chat.add_function(gemini::FunctionDeclaration("f"), [&](const json::Members&) {
    ++asked;
    return output("again");
  });
  chat.set_max_rounds(3);
  const auto said = co_await read_all(chat.stream("go"));
  EXPECT_EQ(said.error().kind(), ErrorKind::invalid_state);
  EXPECT_EQ(said.error().message(), "the model still calls functions after 3 rounds");
  EXPECT_EQ(asked, 3);
  EXPECT_TRUE(chat.history().empty());
  // A blocked prompt is no error of the chat's, and leaves no trace.
  server.service().add_recording(
      "blocked", "data: {\"promptFeedback\": {\"blockReason\": \"SAFETY\"}}\r\n\r\n");
  gemini::Chat other(client.models(), "recording-blocked");
  EXPECT_EQ(*co_await read_all(other.stream("go")), "");
  EXPECT_TRUE(other.history().empty());
}
TEST(GeminiChat_A39, RoundsHaveAnEnd) {
  with_gemini(ends_rounds);
}

}  // namespace
}  // namespace parley
