#include <cstdint>
#include <cstdlib>
#include <vector>

#include "deepgram/exercise.hpp"
#include "elevenlabs/exercise.hpp"
#include "openai_realtime/exercise.hpp"

using namespace parley;

// Each generated decoder takes any text; what it takes, its encoder writes so that it is read back
// to the same text.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<std::vector<api::CodecCase>> all = {
      elevenlabs::codec_cases(), deepgram::codec_cases(), openai_realtime::codec_cases()};
  if (size < 2) return 0;
  // The first two bytes choose the type.
  const auto& cases = all[data[0] % all.size()];
  const auto& codec = cases[data[1] % cases.size()];
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const auto once = codec.round_trip(text);
  if (!once) return 0;
  const auto twice = codec.round_trip(*once);
  if (!twice || *twice != *once) std::abort();
  return 0;
}
