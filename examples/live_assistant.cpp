// A conversation with a Live model that may look up the weather. Each argument is something to say.
//   GEMINI_API_KEY=… example_live_assistant "What is the weather in Oslo?" "Thank you"
// Without a key: start `parley emulate` and set
//   GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:8090 GEMINI_API_KEY=any
#include <iostream>

#include "parley/gemini/live.hpp"
#include "parley/json/value.hpp"

using namespace parley;

gemini::FunctionResponse run_function(const gemini::FunctionCall& call) {
  gemini::FunctionResponse response(call.name);
  response.id = call.id;
  const auto* city = call.args ? (*call.args)->if_contains("city") : nullptr;
  const std::string where = city && city->is_string() ? city->as_string().c_str() : "nowhere";
  response.response = json::Object{{"output", "12 degrees and sunny in " + where}};
  return response;
}

// Speaks until the model's turn is over; the functions it calls are run.
Task<bool> one_turn(gemini::Live& live) {
  while (auto event = co_await live.next()) {
    if (const auto* piece = std::get_if<gemini::LiveTranscript>(&*event); piece && !piece->of_user)
      std::cout << piece->text << std::flush;
    if (const auto* wanted = std::get_if<gemini::LiveToolCalls>(&*event)) {
      std::vector<gemini::FunctionResponse> answers;
      for (const auto& call : wanted->calls) answers.push_back(run_function(call));
      if (auto sent = co_await live.respond(std::move(answers)); !sent) co_return false;
    }
    if (std::holds_alternative<gemini::LiveTurnComplete>(*event)) co_return true;
  }
  co_return false;
}

Task<int> converse(std::vector<std::string> said) {
  gemini::LiveOptions options("gemini-2.5-flash-native-audio-latest");
  gemini::FunctionDeclaration weather("get_weather");
  weather.parameters =
      json::parse(R"({"type":"OBJECT","properties":{"city":{"type":"STRING"}}})").value();
  options.instruct("Be brief.").transcribe().declare(weather);
  auto live = co_await gemini::Live::connect(std::move(options));
  if (!live) {
    std::cerr << live.error().describe() << "\n";
    co_return 1;
  }
  for (const auto& text : said) {
    std::cout << "You: " << text << "\nModel: ";
    const auto sent = co_await live->send_turn(text);
    if (!sent || !co_await one_turn(*live)) break;
    std::cout << "\n";
  }
  const auto outcome = live->outcome();
  if (!outcome) std::cerr << outcome.error().describe() << "\n";
  co_return outcome ? 0 : 1;
}

int main(int argc, char** argv) {
  return run(converse({argv + 1, argv + argc}));
}
