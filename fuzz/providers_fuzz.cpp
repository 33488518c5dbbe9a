#include <cstdint>
#include <cstdlib>

#include "parley/base/text.hpp"
#include "parley/gemini/anthropic/anthropic.hpp"
#include "parley/gemini/openai/openai.hpp"
#include "parley/json/cursor.hpp"

using namespace parley;

namespace {

void check(const gemini::GenerateContentResponse& answer) {
  const auto written = json::encode_text(answer);
  if (!json::decode_text<gemini::GenerateContentResponse>(written, json::trusted_limits()))
    std::abort();
}

// Each line is the data of an event.
void feed(gemini::DialectReader& reader, std::string_view text) {
  for (const auto line : split(text, '\n')) {
    auto read = reader.read(line);
    if (!read) return;
    if (*read) check(**read);
  }
}

}  // namespace

// What the other services' answers, errors and streams are read as can be written and read again,
// and an answer that is none has an error with words.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto dialects = {gemini::anthropic_dialect(), gemini::openai_dialect()};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto& dialect : dialects) {
    const auto reader = dialect->reader();
    feed(*reader, text);
    if (const auto answer = dialect->answer(text)) check(*answer);
    (void)dialect->usage(text);
    for (const int status : {400, 429, 529})
      if (dialect->error(status, text).message().empty()) std::abort();
  }
  return 0;
}
