#include <cstdint>
#include <cstdlib>
#include <string>

#include "parley/http/sse.hpp"

using namespace parley;

namespace {

std::string events(std::string_view text, std::size_t piece) {
  http::SseDecoder decoder(2000);
  std::string all;
  const auto drain = [&] {
    while (auto event = decoder.poll_event())
      all += event->type + "|" + event->id + "|" + event->data + "\x01";
  };
  for (std::size_t at = 0; at < text.size(); at += piece) {
    if (!decoder.receive(text.substr(at, piece))) return all + "too large";
    drain();
  }
  if (!decoder.finish()) all += "unfinished";
  drain();
  return all + decoder.foreign_text();
}

}  // namespace

// However a stream is cut, it means the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (events(text, size + 1) != events(text, 1) || events(text, 7) != events(text, 1)) std::abort();
  return 0;
}
