#include <cstdint>
#include <cstdlib>
#include <string>

#include "parley/http/coding.hpp"

using namespace parley;

namespace {

// All that comes of it, at most a megabyte, and how it ended.
std::string unpacked(http::Coding coding, std::string_view body, std::size_t piece) {
  http::ContentDecoder decoder(coding);
  std::string out;
  for (std::size_t at = 0; at < body.size(); at += piece) {
    decoder.receive(body.substr(at, piece));
    for (;;) {
      auto part = decoder.poll();
      if (!part) return "bad";
      if (part->empty()) break;
      out += *part;
      if (out.size() > 1024 * 1024) return "large";
    }
  }
  return decoder.finish() ? out : "bad";
}

}  // namespace

// However a body is cut, it means the same; what was packed comes back.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const auto coding : {http::Coding::gzip, http::Coding::deflate, http::Coding::br}) {
    if (unpacked(coding, body, size + 1) != unpacked(coding, body, 3)) std::abort();
    if (size < 10'000) {
      const auto packed = http::encode_content(coding, body, 1);
      if (http::decode_content(coding, packed, size) != std::string(body)) std::abort();
    }
  }
  return 0;
}
