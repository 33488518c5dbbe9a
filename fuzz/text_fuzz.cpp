#include <cstdint>
#include <cstdlib>

#include "parley/base/secret.hpp"
#include "parley/base/text.hpp"

using namespace parley;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto valid = to_valid_utf8(text);
  if (!is_valid_utf8(valid) || (is_valid_utf8(text) && valid != text)) std::abort();
  const auto clean = strip_control(valid);
  if (!is_valid_utf8(clean) || strip_control(clean) != clean) std::abort();
  for (const std::size_t limit : {0, 1, 7})
    if (count_scalars(first_scalars(valid, limit)) > limit) std::abort();
  (void)redact(text);
  if (const auto bytes = from_base64(text); bytes && from_base64(to_base64(*bytes)) != *bytes)
    std::abort();
  return 0;
}
