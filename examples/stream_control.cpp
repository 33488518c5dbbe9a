// Reads an answer by sentences, and obeys another thread: Enter pauses and goes on, "q" stops.
//
//   GEMINI_API_KEY=… example_stream_control "Tell me a long story."
//
// Without a key: start `parley emulate` and set
//   GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:8090 GEMINI_API_KEY=any

#include "parley/api/stream_control.hpp"

#include <iostream>
#include <thread>

#include "parley/gemini/client.hpp"

using namespace parley;

// The keyboard's thread. It may call the stream's control at any time.
void obey(api::StreamControl control) {
  for (std::string line; std::getline(std::cin, line);) {
    const bool paused = control.state() == api::StreamState::paused;
    const auto done = line == "q" ? control.cancel() : paused ? control.resume() : control.pause();
    if (!done) return;  // the stream has ended
  }
}

Task<int> tell(std::string question) {
  auto client = gemini::Client::make();
  if (!client) {
    std::cerr << client.error().message() << "\n";
    co_return 2;
  }
  auto request = gemini::prompt(question);
  auto answer = co_await client->models().stream_generate_content("gemini-2.5-flash", request);
  if (!answer) {
    std::cerr << answer.error().describe() << "\n";
    co_return 1;
  }
  api::StreamOptions options;
  options.limits.metrics = api::MetricsLevel::detailed;
  auto stream = co_await api::control_stream(std::move(*answer), options);
  std::thread(obey, stream->control()).detach();
  while (auto part = co_await stream->next()) std::cout << gemini::text_of(*part) << std::flush;

  const auto metrics = stream->metrics();
  std::cout << "\n"
            << api::to_string(stream->state()) << ": " << metrics.chunks << " chunks, "
            << metrics.pauses << " pauses, at most " << metrics.peak_chunks << " waited\n";
  co_return stream->state() == api::StreamState::error ? 1 : 0;
}

int main(int argc, char** argv) {
  const int code = run(tell(argc > 1 ? argv[1] : "Tell me a long story."));
  std::cout << std::flush;
  std::_Exit(code);  // the keyboard's thread may still wait
}
