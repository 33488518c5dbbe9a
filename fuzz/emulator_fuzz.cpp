#include <cstdint>
#include <cstdlib>

#include "parley/base/text.hpp"
#include "parley/emulator/service.hpp"

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
  (void)emulator::Fault::parse(text);
  return 0;
}
