#include <cstdint>
#include <cstdlib>

#include "parley/base/text.hpp"
#include "parley/gemini/openai/realtime_talk.hpp"
#include "parley/json/value.hpp"

using namespace parley;

// A conversation of two sides: lines that begin with '>' are a program's, all others the service's.
// What comes out of it is JSON, and a refusal has words.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  gemini::RealtimeTalk talk("writer");
  TimePoint now{std::chrono::hours(1)};
  for (const auto line : split(text, '\n')) {
    now += std::chrono::milliseconds(50);
    const bool of_program = line.starts_with('>');
    const auto taken = of_program ? talk.said(line.substr(1), now)
                                  : talk.heard(line, now, from_unix_ms(1'767'000'000'000));
    if (!taken && taken.error().message().empty()) std::abort();
    talk.handle_timeout(now);
    while (const auto message = talk.poll_message())
      if (!json::parse(*message, json::trusted_limits())) std::abort();
    while (const auto event = talk.poll_event())
      if (!json::parse(*event, json::trusted_limits())) std::abort();
    if (!taken && !of_program) return 0;
  }
  return 0;
}
