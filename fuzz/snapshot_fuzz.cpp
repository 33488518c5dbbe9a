#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "parley/gemini/continuity/snapshot.hpp"

using namespace parley;
using namespace parley::gemini;

// A snapshot is refused, or written so that it reads as the same again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = snapshot_from_json(text);
  if (!read) {
    if (read.error().kind() != ErrorKind::invalid_argument) std::abort();
  } else {
    const auto once = to_json(*read);
    const auto again = snapshot_from_json(once);
    if (!again || to_json(*again) != once) std::abort();
  }
  static const auto key =
      SealKey::of_bytes(as_bytes(std::string_view("0123456789abcdef0123456789abcdef")));
  if (open_sealed(text, *key, "parley conversation")) std::abort();
  return 0;
}
