#include <cstdint>
#include <cstdlib>

#include "parley/json/value.hpp"

using namespace parley;

// What is read can be written and read again, and stays equal.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto strict = json::parse(text);
  const auto trusted = json::parse(text, json::trusted_limits());
  if (strict && !trusted) std::abort();
  if (!trusted) return trusted.error().message().empty() ? (std::abort(), 0) : 0;
  for (const auto& written : {json::to_string(*trusted), json::to_pretty_string(*trusted)}) {
    const auto again = json::parse(written, json::trusted_limits());
    if (!again || *again != *trusted) std::abort();
  }
  return 0;
}
