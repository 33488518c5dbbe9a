// Scripts of the emulator: whatever is read either has mistakes with their places or can be played.
#include <cstdint>
#include <cstdlib>

#include "parley/base/text.hpp"
#include "parley/emulator/rest/service.hpp"
#include "parley/emulator/script/director.hpp"

using namespace parley;

namespace {

void play(const std::shared_ptr<emulator::Director>& director) {
  emulator::ServiceOptions options;
  options.director = director;
  emulator::Service service(std::move(options));
  for (const char* method : {"generateContent", "streamGenerateContent"}) {
    http::Request request("POST",
                          std::string("/v1beta/models/gemini-2.5-flash:") + method + "?alt=sse");
    request.headers.set("x-goog-api-key", "k");
    request.body = R"({"contents":[{"parts":[{"text":"weather in Oslo"}]}]})";
    if (service.handle(request, *http::parse_target(request.target)).status < 200) std::abort();
  }
  emulator::LiveMemory memory(1);
  emulator::LiveOptions live;
  live.director = director;
  TimePoint now{};
  emulator::LiveSession session(std::move(live), memory, emulator::LiveDoor(), now);
  for (const char* message :
       {R"({"setup":{"model":"models/gemini-live-2.5-flash-preview"}})",
        R"({"clientContent":{"turns":[{"role":"user","parts":[{"text":"weather in Oslo"}]}],
            "turnComplete":true}})"}) {
    session.received(message, now);
    for (int i = 0; i < 50; ++i) {
      while (const auto output = session.poll())
        if (output->close_reason.size() > 123) std::abort();
      const auto next = session.next_timeout();
      if (!next) return;
      now = std::max(now, *next);
      session.handle_timeout(now);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  schematic::Diagnostics diagnostics;
  auto script = emulator::read_script(text, emulator::FileReader(), diagnostics);
  for (const auto& one : diagnostics.all())
    if (one.message.empty()) std::abort();
  if (diagnostics.has_errors()) return 0;
  play(std::make_shared<emulator::Director>(std::move(script)));
  return 0;
}
