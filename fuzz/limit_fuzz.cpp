#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "parley/base/text.hpp"
#include "parley/limit/headers.hpp"
#include "parley/limit/limiter.hpp"
#include "parley/limit/quota.hpp"

using namespace parley;
using namespace parley::limit;

namespace {

bool alive(std::string_view owner) {
  return owner.size() % 2 == 0;
}

// A state file: refused with its line, or taken and written so that it reads as the same again.
void read_state(std::string_view text) {
  const Moment now(TimePoint() + std::chrono::hours(1), from_unix_ms(1'767'000'000'000));
  Limiter first;
  const auto read = first.read_state(text, now, "boot", "me", alive);
  if (!read) {
    if (!read.error().message().starts_with("line ")) std::abort();
    return;
  }
  const auto once = first.write_state(now, "boot", "me");
  Limiter second;
  if (!second.read_state(once, now, "boot", "me", alive)) std::abort();
  if (second.write_state(now, "boot", "me") != once) std::abort();
  const auto pool = first.configure("p", "m", Limits());
  const auto lease = first.reserve(*pool, Demand(Usage(1, 1)), now);
  if (lease) first.settle(*lease, Outcome::Kind::success, now);
}

// Headers, one a line, "name: value".
void read_headers(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> headers;
  for (const auto line : split(text, '\n')) {
    const auto colon = line.find(':');
    if (colon != std::string_view::npos)
      headers.emplace_back(line.substr(0, colon), line.substr(colon + 1));
  }
  const auto read = read_rate_headers(headers, from_unix_ms(1'767'000'000'000));
  for (const auto& one : read.of)
    if ((one.limit && *one.limit < 0) || (one.reset && one.reset->count() < 0)) std::abort();
  if (read.retry_after && read.retry_after->count() < 0) std::abort();
}

void read_error(std::string_view text) {
  const auto error = Error(ErrorKind::rate_limited, std::string(text))
                         .with_detail("quota_metric", std::string(text.substr(0, 20)))
                         .with_detail("quota_value", std::string(text.substr(0, 5)));
  for (const auto& violation : quota_violations(error))
    if (violation.allowed && *violation.allowed < 0) std::abort();
  if (const auto delay = asked_delay(error); delay && delay->count() <= 0) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_state(text);
  read_headers(text);
  read_error(text);
  return 0;
}
