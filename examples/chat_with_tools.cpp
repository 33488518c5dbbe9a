// A conversation over REST with a function that is a coroutine; the answers stream. Each argument
// is something to say.
//   GEMINI_API_KEY=… example_chat_with_tools "What is the weather in Oslo and in Rome?" "Thank you"
// Without a key: start `parley emulate` and set
//   GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:8090 GEMINI_API_KEY=any
#include <iostream>

#include "parley/gemini/chat.hpp"
#include "parley/json/value.hpp"

using namespace parley;

// What is thrown or returned as an error, the model is told; several calls run side by side.
Task<Result<json::Members>> look_up(gemini::CallContext call) {
  co_await sleep_for(std::chrono::milliseconds(1));
  const auto* city = call.arguments->if_contains("city");
  if (!city || !city->is_string()) co_return fail(ErrorKind::invalid_argument, "which city?");
  const std::string where = city->as_string().c_str();
  co_return json::Members(json::Object{{"output", "12 degrees and sunny in " + where}});
}

Task<int> converse(std::vector<std::string> said) {
  auto client = gemini::Client::make();
  if (!client) {
    std::cerr << client.error().describe() << "\n";
    co_return 1;
  }
  gemini::Chat chat(client->models(), "gemini-2.5-flash");
  gemini::FunctionDeclaration weather("get_weather");
  weather.parameters =
      json::parse(R"({"type":"OBJECT","properties":{"city":{"type":"STRING"}}})").value();
  chat.add_function(weather, look_up);
  for (const auto& text : said) {
    std::cout << "You: " << text << "\nModel: ";
    auto stream = chat.stream(text);
    while (auto piece = co_await stream.next()) std::cout << gemini::text_of(*piece) << std::flush;
    std::cout << "\n";
    if (const auto outcome = stream.outcome(); !outcome) {
      std::cerr << outcome.error().describe() << "\n";
      co_return 1;
    }
  }
  std::cout << chat.history().size() << " turns\n";
  co_return 0;
}

int main(int argc, char** argv) {
  return run(converse({argv + 1, argv + argc}));
}
