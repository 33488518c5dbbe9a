#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "parley/emulator/record/recording.hpp"
#include "parley/json/value.hpp"

namespace parley::emulator {
namespace {

// The length that stands between the mark and a space; takes them away.
std::optional<std::size_t> take_length(std::string_view& rest) {
  std::size_t size = 0;
  const auto read = std::from_chars(rest.data() + 1, rest.data() + rest.size(), size);
  const bool spaced = read.ec == std::errc() && read.ptr != rest.data() + rest.size();
  if (!spaced || *read.ptr != ' ') return std::nullopt;
  rest.remove_prefix(static_cast<std::size_t>(read.ptr - rest.data()) + 1);
  return size;
}

}  // namespace

Result<RecordedExchange> read_session_log(std::string_view text) {
  RecordedExchange session;
  session.live = true;
  session.close_code = 1000;
  std::string_view rest = text;
  const auto wrong = [&](std::string_view what) {
    return fail(ErrorKind::invalid_argument,
                fmt::format("byte {}: {}", text.size() - rest.size(), what));
  };
  while (!rest.empty()) {
    if (rest.front() == '\n' || rest.front() == '\r') {
      rest.remove_prefix(1);
      continue;
    }
    RecordedExchange::Piece piece;
    piece.of_client = rest.front() == '>';
    piece.binary = !piece.of_client;  // so does the service
    if (!piece.of_client && rest.front() != '<')
      return wrong("a message begins with \">N \" or \"<N \"");
    const auto size = take_length(rest);
    if (!size || *size == 0) return wrong("there is no length before the message");
    if (*size > rest.size()) return wrong(fmt::format("{} bytes are announced", *size));
    piece.bytes = rest.substr(0, *size);
    if (piece.bytes.back() == '\n') piece.bytes.pop_back();  // of the log
    if (const auto message = json::parse(piece.bytes, json::trusted_limits()); !message)
      return wrong(message.error().message());
    rest.remove_prefix(*size);
    session.pieces.push_back(std::move(piece));
  }
  if (session.pieces.empty()) return wrong("there is no message");
  return session;
}

}  // namespace parley::emulator
