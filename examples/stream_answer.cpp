// Streams a model's answer to the terminal as it is made.
//
//   GEMINI_API_KEY=… example_stream_answer "Why is the sky blue?"
//
// Without a key: start `parley emulate` and set
//   GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:8090 GEMINI_API_KEY=any

#include <iostream>

#include "parley/gemini/client.hpp"

using namespace parley;

Task<int> answer(std::string question) {
  auto client = gemini::Client::make();
  if (!client) {
    std::cerr << client.error().message() << "\n";
    co_return 2;
  }
  auto request = gemini::prompt(question);
  gemini::set_system_instruction(request, "Answer in a few sentences.");
  auto stream = co_await client->models().stream_generate_content("gemini-2.5-flash", request);
  if (!stream) {
    std::cerr << stream.error().describe() << "\n";
    co_return 1;
  }
  while (auto part = co_await stream->next()) std::cout << gemini::text_of(*part) << std::flush;
  std::cout << "\n";
  if (const auto outcome = stream->outcome(); !outcome) {
    std::cerr << outcome.error().describe() << "\n";  // what was printed stays valid
    co_return 1;
  }
  co_return 0;
}

int main(int argc, char** argv) {
  return run(answer(argc > 1 ? argv[1] : "Why is the sky blue?"));
}
