#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "parley/base/text.hpp"
#include "parley/cli/live_view.hpp"

using namespace parley;

namespace {

std::vector<cli::Key> keys_of(std::string_view bytes, std::size_t piece) {
  cli::KeyReader reader;
  std::vector<cli::Key> all;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    const auto some = reader.read(bytes.substr(at, piece));
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace

// Text of keys is one character of UTF-8 that no terminal obeys; and where no ESC is, a key is the
// same however its bytes come.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = keys_of(bytes, size + 1);
  for (const auto& keys : {whole, keys_of(bytes, 1), keys_of(bytes, 3)})
    for (const auto& key : keys) {
      const bool text = key.kind == cli::Key::Kind::text;
      if (text != !key.text.empty()) std::abort();
      if (text && (!is_valid_utf8(key.text) || count_scalars(key.text) != 1 ||
                   static_cast<unsigned char>(key.text.front()) < 0x20))
        std::abort();
    }
  const bool escapes = bytes.find('\x1b') != std::string_view::npos;
  if (!escapes && (keys_of(bytes, 1) != whole || keys_of(bytes, 3) != whole)) std::abort();
  return 0;
}
