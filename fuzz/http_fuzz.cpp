#include <cstdint>
#include <cstdlib>

#include "parley/http/parser.hpp"

using namespace parley;

namespace {

// The outcome of a message that comes in pieces of `piece` bytes: what was read, or why not.
template <class Parser>
std::string outcome(std::string_view text, std::size_t piece) {
  http::ParserLimits limits;
  limits.max_header = 2000;
  limits.max_body = 3000;
  Parser parser(limits);
  std::string waiting;
  while (!text.empty() && !parser.done()) {
    const auto next = text.substr(0, piece);
    waiting += next;
    text.remove_prefix(next.size());
    const auto used = parser.receive(as_bytes(waiting));
    if (!used) return "refused";
    if (*used > waiting.size()) std::abort();
    waiting.erase(0, *used);
  }
  return parser.done() ? "done:" + parser.take().body : "more";
}

}  // namespace

// However a message is cut, it means the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (outcome<http::RequestParser>(text, size + 1) != outcome<http::RequestParser>(text, 1))
    std::abort();
  if (outcome<http::ResponseParser>(text, size + 1) != outcome<http::ResponseParser>(text, 1))
    std::abort();
  return 0;
}
