// A Live session that is told by callbacks, with a function that runs beside the conversation.
//   GEMINI_API_KEY=… example_live_tools "What is the weather in Oslo?"
// Without a key: start `parley emulate` and set
//   GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:8090 GEMINI_API_KEY=any
#include "parley/gemini/live_tools.hpp"

#include <iostream>

#include "parley/gemini/live_session.hpp"
#include "parley/json/value.hpp"

using namespace parley;

// The model talks on meanwhile; call.stop says that nobody wants the answer any more.
Task<Result<json::Members>> look_up(gemini::CallContext call) {
  co_await sleep_for(std::chrono::milliseconds(20));
  if (call.stop.stop_requested()) co_return fail(ErrorKind::cancelled, "not wanted");
  co_return json::Members(json::Object{{"output", "12 degrees and sunny"}});
}

Task<int> converse(std::string said) {
  gemini::FunctionDeclaration weather("get_weather");
  weather.behavior = "NON_BLOCKING";
  weather.parameters =
      json::parse(R"({"type":"OBJECT","properties":{"city":{"type":"STRING"}}})").value();
  gemini::LiveTools tools;
  tools.add(weather, look_up);
  tools.schedule("get_weather", gemini::LiveScheduling::when_idle);

  gemini::LiveOptions options("gemini-3.8-live");
  options.transcribe();
  tools.declare_in(options);
  int turns = 0;
  gemini::LiveHandlers handlers;
  gemini::LiveSession* session = nullptr;
  handlers.transcript = [](const auto& piece) { std::cout << piece.text << std::flush; };
  handlers.error = [](const Error& error) { std::cerr << error.describe() << "\n"; };
  handlers.turn_complete = [&](const auto&) {
    std::cout << "\n";
    if (++turns == 2) session->close();  // "I am looking that up.", and the answer
  };
  gemini::LiveSession live(handlers, &tools);
  session = &live;
  auto connected = co_await live.connect(std::move(options));
  if (connected) connected = co_await (*live.live())->say(said);
  if (connected) connected = co_await live.ended();
  if (!connected) std::cerr << connected.error().describe() << "\n";
  co_return connected ? 0 : 1;
}

int main(int argc, char** argv) {
  return run(converse(argc > 1 ? argv[1] : "What is the weather in Oslo?"));
}
