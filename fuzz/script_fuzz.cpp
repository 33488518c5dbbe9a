// Scripts of the emulator: whatever is read is a script or has mistakes that are told; a script
// without mistakes answers a request and a Live session.
#include <cstdint>
#include <cstdlib>

#include "parley/emulator/live/session.hpp"
#include "parley/emulator/rest/service.hpp"
#include "parley/emulator/script/director.hpp"

namespace {

using namespace parley;

void ask(const std::shared_ptr<emulator::Director>& director) {
  emulator::ServiceOptions options;
  options.director = director;
  emulator::Service service(options);
  http::Request request("POST", "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse");
  request.headers.add("x-goog-api-key", "k");
  request.body = R"({"contents":[{"parts":[{"text":"What is the weather?"}]}]})";
  (void)service.handle(request, http::parse_target(request.target).value());
}

void talk(const std::shared_ptr<emulator::Director>& director) {
  emulator::LiveOptions options;
  options.director = director;
  emulator::LiveMemory memory(1);
  TimePoint now{};
  emulator::LiveSession session(options, memory, emulator::LiveDoor(), now);
  session.received(R"({"setup":{"model":"models/gemini-live-2.5-flash-preview","generationConfig":)"
                   R"({"responseModalities":["TEXT"]}}})",
                   now);
  session.received(R"({"clientContent":{"turns":[{"parts":[{"text":"What is the weather?"}]}],)"
                   R"("turnComplete":true}})",
                   now);
  for (int i = 0; i < 200; ++i) {
    while (session.poll()) {
    }
    const auto next = session.next_timeout();
    if (!next) return;
    now = std::max(now, *next);
    session.handle_timeout(now);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  schematic::Diagnostics mistakes;
  auto script = emulator::read_script(text, {}, mistakes);
  for (const auto& mistake : mistakes.all())
    if (mistake.message.empty() || mistake.code.empty()) std::abort();
  if (mistakes.has_errors()) return 0;
  const auto fixed = [] { return WallTime(); };
  const auto director = std::make_shared<emulator::Director>(std::move(script), fixed);
  ask(director);
  talk(director);
  return 0;
}
