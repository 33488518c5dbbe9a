// Streams an answer over HTTP, with retries. Usage: options_program QUESTION
#include <cstdio>

#include "parley/gemini/client.hpp"

using namespace parley;

Task<int> answer(std::string question) {
  gemini::ClientOptions options;
  options.calls.retry = limit::uniform_retries();
  auto client = gemini::Client::make(std::move(options));
  if (!client) co_return 2;
  auto request = gemini::prompt(question);
  auto stream = co_await client->models().stream_generate_content("gemini-2.5-flash", request);
  if (!stream) co_return 1;
  while (auto part = co_await stream->next()) std::fputs(gemini::text_of(*part).c_str(), stdout);
  std::puts("");
  co_return stream->outcome() ? 0 : 1;
}

int main(int argc, char** argv) {
  return run(answer(argc > 1 ? argv[1] : "Hello"));
}
