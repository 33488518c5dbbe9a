#include <charconv>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/emulator/record/recording.hpp"
#include "parley/json/value.hpp"

namespace parley::emulator {
namespace {

std::unexpected<Error> wrong(std::size_t at, std::string_view what) {
  return fail(ErrorKind::invalid_argument, fmt::format("byte {}: {}", at, what));
}

}  // namespace

Result<RecordedExchange> read_session_log(std::string_view text) {
  RecordedExchange out;
  out.live = true;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '\n' || text[at] == '\r') {
      ++at;
      continue;
    }
    const bool of_client = text[at] == '>';
    if (!of_client && text[at] != '<') return wrong(at, "a message begins with > or <");
    std::size_t size = 0;
    const auto* digits = text.data() + at + 1;
    const auto* end = text.data() + text.size();
    const auto read = std::from_chars(digits, end, size);
    if (read.ec != std::errc() || read.ptr == end || *read.ptr != ' ')
      return wrong(at + 1, "a message's size and a space come here");
    const auto begin = static_cast<std::size_t>(read.ptr + 1 - text.data());
    if (size > text.size() - begin)
      return wrong(begin,
                   fmt::format("{} bytes are named, {} are there", size, text.size() - begin));
    RecordedExchange::Piece piece;
    piece.of_client = of_client;
    piece.binary = !of_client;
    piece.bytes = text.substr(begin, size);
    const bool ended = piece.bytes.ends_with('\n');
    if (ended) piece.bytes.pop_back();
    if (const auto message = json::parse(piece.bytes, json::trusted_limits()); !message)
      return wrong(begin, "the message is no JSON: " + message.error().message());
    out.pieces.push_back(std::move(piece));
    at = begin + size;
    if (!ended && at < text.size() && text[at] != '\n' && text[at] != '\r')
      return wrong(at, "a line ends behind a message");
  }
  if (out.pieces.empty()) return wrong(0, "there is no message");
  return out;
}

}  // namespace parley::emulator
