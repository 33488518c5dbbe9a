#include "parley/ws/detail/utf8_stream.hpp"

#include <algorithm>

#include "parley/base/text.hpp"

namespace parley::ws::detail {
namespace {

std::size_t sequence_size(unsigned char lead) {
  if (lead >= 0xF0) return 4;
  if (lead >= 0xE0) return 3;
  return lead >= 0xC0 ? 2 : 1;
}

// Where the last code point begins, if it is not finished; the end if it is.
std::size_t unfinished_tail(std::string_view text) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xC0) == 0x80) continue;
    return sequence_size(byte) > back ? text.size() - back : text.size();
  }
  return text.size();
}

}  // namespace

bool Utf8Stream::step(unsigned char byte) {
  if (needed_ > 0) {
    if (byte < low_ || byte > high_) return false;
    low_ = 0x80;
    high_ = 0xBF;
    --needed_;
    return true;
  }
  if (byte < 0x80) return true;
  if (byte < 0xC2 || byte > 0xF4) return false;
  needed_ = static_cast<std::uint8_t>(sequence_size(byte) - 1);
  if (byte == 0xE0) low_ = 0xA0;
  if (byte == 0xED) high_ = 0x9F;
  if (byte == 0xF0) low_ = 0x90;
  if (byte == 0xF4) high_ = 0x8F;
  return true;
}

bool Utf8Stream::feed(std::string_view piece) {
  while (needed_ > 0 && !piece.empty()) {
    if (!step(static_cast<unsigned char>(piece.front()))) return false;
    piece.remove_prefix(1);
  }
  const std::size_t tail = unfinished_tail(piece);
  if (!is_valid_utf8(piece.substr(0, tail))) return false;
  for (const char c : piece.substr(tail))
    if (!step(static_cast<unsigned char>(c))) return false;
  return true;
}

}  // namespace parley::ws::detail
