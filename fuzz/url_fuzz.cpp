#include <cstdint>
#include <cstdlib>

#include "parley/http/url.hpp"

using namespace parley;

// A URL that is taken can be written and taken again; a target's parts are what they say.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto url = http::parse_url(text)) {
    const auto again = http::parse_url(url->text());
    if (!again || again->text() != url->text() || url->target.front() != '/') std::abort();
    if (url->text().find_first_of("\r\n ") != std::string::npos) std::abort();
  }
  (void)http::parse_target(text);
  const auto target = http::parse_target("/" + http::percent_encode(text));
  if (target && (target->segments.size() != 1 || target->segments[0] != text)) std::abort();
  return 0;
}
