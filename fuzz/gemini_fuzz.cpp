#include <cstdint>
#include <cstdlib>

#include "parley/api/retry_delay.hpp"
#include "parley/gemini/status.hpp"
#include "parley/gemini/structured.hpp"
#include "parley/gemini/types.hpp"
#include "parley/json/value.hpp"

using namespace parley;

// What is understood of an answer is written so that it reads back equal; every body of a failed
// request gives an error.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto answer =
          json::decode_text<gemini::GenerateContentResponse>(text, json::trusted_limits())) {
    const auto written = json::encode_text(*answer);
    const auto again =
        json::decode_text<gemini::GenerateContentResponse>(written, json::trusted_limits());
    if (!again || json::encode_text(*again) != written) std::abort();
  }
  http::Response failed(503);
  failed.body = text;
  if (gemini::error_of(failed).message().empty()) std::abort();
  const auto now = from_unix_ms(1'767'000'000'000);
  const auto delay = api::retry_delay(failed, now);
  if (delay && delay->count() <= 0) std::abort();
  // A body that refuses an upgrade says the same.
  const auto refused = gemini::told_by_refusal(Error(ErrorKind::upgrade_refused, "no")
                                                   .with_http_status(503)
                                                   .with_detail("body", failed.body),
                                               now);
  if (refused.kind() != ErrorKind::upgrade_refused || refused.message() != "no") std::abort();
  if (refused.retry_after() && refused.retry_after()->count() <= 0) std::abort();
  (void)gemini::parse_duration(text);
  // As a schema, in the service's words, and as an answer to one.
  if (const auto schema = json::parse(text, json::trusted_limits())) {
    const auto asked = gemini::service_schema(*schema);
    if (gemini::service_schema(asked) != asked) std::abort();
    (void)json::check_schema(*schema, asked);
  }
  (void)gemini::read_structured(text, "STOP", json::Value(json::Object{{"type", "object"}}));
  return 0;
}
