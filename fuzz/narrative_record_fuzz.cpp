// Records of narratives: what is read is written again as the same lines.
#include <cstdint>
#include <cstdlib>

#include "parley/narrative/record.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley::narrative;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = parse_record(text);
  if (!read) {
    if (!read.error().message().starts_with("record, line ")) std::abort();
    return 0;
  }
  std::string written;
  for (const auto& entry : *read) written += to_line(entry) + "\n";
  const auto again = parse_record(written);
  if (!again || again->size() != read->size()) std::abort();
  std::string twice;
  for (const auto& entry : *again) twice += to_line(entry) + "\n";
  if (twice != written) std::abort();
  (void)Replay(*read).left();
  return 0;
}
