#include <cstdint>
#include <cstdlib>

#include "parley/base/text.hpp"
#include "parley/emulator/music/session.hpp"
#include "parley/emulator/openai/session.hpp"
#include "parley/emulator/rest/service.hpp"

using namespace parley;

// Any body gets an answer that a client can read.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  emulator::Service service;
  for (const char* method : {"generateContent", "streamGenerateContent", "countTokens"}) {
    http::Request request("POST",
                          std::string("/v1beta/models/gemini-2.5-flash:") + method + "?alt=sse");
    request.headers.set("x-goog-api-key", "k");
    request.body = text;
    const auto answer = service.handle(request, *http::parse_target(request.target));
    if (answer.status != 200 && answer.status != 400) std::abort();
    for (const auto& piece : answer.pieces)
      if (!is_valid_utf8(piece)) std::abort();
  }
  for (const char* path : {"/v1beta/cachedContents", "/v1alpha/auth_tokens", "/upload/v1beta/files",
                           "/v1beta/models/gemini-embedding-001:embedContent"}) {
    http::Request request("POST", path);
    request.headers.set("x-goog-api-key", "k");
    request.headers.set("X-Goog-Upload-Protocol", "resumable");
    request.headers.set("X-Goog-Upload-Command", "start");
    request.body = text;
    for (const auto& piece : service.handle(request, *http::parse_target(request.target)).pieces)
      if (!is_valid_utf8(piece)) std::abort();
  }
  (void)emulator::Fault::parse(text);
  (void)emulator::LiveFault::parse(text);
  // The text as the first message of a Live client, and as a later one.
  emulator::LiveMemory memory(1);
  for (const bool first : {true, false}) {
    TimePoint now{};
    emulator::LiveSession session(emulator::LiveOptions(), memory, emulator::LiveDoor(), now);
    if (!first) session.received(R"({"setup":{"model":"models/gemini-3.8-live"}})", now);
    session.received(text, now);
    for (int step = 0; step < 50 && session.next_timeout(); ++step)
      session.handle_timeout(*session.next_timeout());
    while (const auto output = session.poll())
      if (!is_valid_utf8(output->text) || output->close_reason.size() > 123) std::abort();
  }
  for (const bool first : {true, false}) {
    TimePoint now{};
    emulator::MusicSession session(emulator::MusicOptions(), emulator::LiveDoor(), now);
    if (!first) session.received(R"({"setup":{"model":"models/lyria-realtime-exp"}})", now);
    session.received(text, now);
    for (int step = 0; step < 3 && session.next_timeout(); ++step)
      session.handle_timeout(*session.next_timeout());
    while (const auto output = session.poll())
      if (!is_valid_utf8(output->text) || output->close_reason.size() > 123) std::abort();
  }
  // Each line is an event of a client.
  TimePoint now{};
  emulator::RealtimeSession realtime(emulator::LiveOptions(), "m", now, from_unix_ms(0));
  for (const auto line : split(text, '\n')) realtime.received(line, now);
  for (int step = 0; step < 50 && realtime.next_timeout(); ++step)
    realtime.handle_timeout(*realtime.next_timeout());
  while (const auto output = realtime.poll())
    if (!is_valid_utf8(output->text)) std::abort();
  return 0;
}
