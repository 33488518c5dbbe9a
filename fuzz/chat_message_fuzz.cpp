#include <cstdint>
#include <cstdlib>

#include "parley/base/text.hpp"
#include "parley/chat/message.hpp"

using namespace parley;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto message = chat::read_client_message(text, 100);
  if (!message) {
    if (message.error().message.empty() || message.error().code.empty() ||
        !is_valid_utf8(message.error().message))
      std::abort();
  } else if (const auto* said = std::get_if<chat::wire::ChatMessage>(&*message)) {
    if (said->message.empty() || count_scalars(said->message) > 100) std::abort();
  }
  return 0;
}
