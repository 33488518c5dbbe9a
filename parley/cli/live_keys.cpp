#include <algorithm>

#include "parley/base/text.hpp"
#include "parley/cli/live_view.hpp"

namespace parley::cli {
namespace {

// Characters of one UTF-8 sequence by its first byte; 0: none begins so.
std::size_t length_of(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return 2;
  if (first >= 0xE0 && first < 0xF0) return 3;
  if (first >= 0xF0 && first < 0xF5) return 4;
  return 0;
}

std::optional<Key::Kind> control(char byte) {
  switch (byte) {
    case '\r':
    case '\n':
      return Key::Kind::enter;
    case '\x7f':
    case '\b':
      return Key::Kind::backspace;
    case 0x15:  // Ctrl-U
      return Key::Kind::erase_line;
    case 0x14:  // Ctrl-T
      return Key::Kind::mute;
    case 0x0f:  // Ctrl-O
      return Key::Kind::voice;
    case 0x07:  // Ctrl-G
      return Key::Kind::help;
    case 0x03:  // Ctrl-C
    case 0x04:  // Ctrl-D
      return Key::Kind::quit;
    default:
      return std::nullopt;
  }
}

// Bytes of a sequence that begins with ESC; 0: more of it is to come (ECMA-48 5.4, SS3).
std::size_t sequence(std::string_view bytes) {
  if (bytes[1] == 'O') return bytes.size() < 3 ? 0 : 3;
  const auto end = std::find_if(bytes.begin() + 2, bytes.end(),
                                [](char one) { return one >= 0x40 && one <= 0x7e; });
  return end == bytes.end() ? 0 : static_cast<std::size_t>(end - bytes.begin()) + 1;
}

}  // namespace

std::vector<Key> KeyReader::read(std::string_view bytes) {
  rest_ += bytes;
  std::vector<Key> keys;
  std::size_t at = 0;
  while (at < rest_.size()) {
    const auto used = one(std::string_view(rest_).substr(at), keys);
    if (used == 0) break;
    at += used;
  }
  rest_.erase(0, at);
  if (rest_.size() > 64) rest_.clear();  // no key is that long
  return keys;
}

// What the first key takes; 0: it is not whole.
std::size_t KeyReader::one(std::string_view bytes, std::vector<Key>& out) {
  const char first = bytes.front();
  if (first == '\x1b') {
    // The key Esc itself is an ESC that nothing follows.
    if (bytes.size() == 1 || (bytes[1] != '[' && bytes[1] != 'O')) {
      out.push_back({Key::Kind::interrupt, ""});
      return 1;
    }
    const auto size = sequence(bytes);
    const auto text = bytes.substr(0, size);
    if (text == "\x1bOP" || text == "\x1b[11~" || text == "\x1b[[A")
      out.push_back({Key::Kind::help, ""});
    return size;
  }
  if (const auto kind = control(first)) {
    out.push_back({*kind, ""});
    return 1;
  }
  const auto size = length_of(static_cast<unsigned char>(first));
  if (size == 0) return 1;
  if (bytes.size() < size) return 0;
  const auto text = bytes.substr(0, size);
  if (static_cast<unsigned char>(first) < 0x20) return 1;
  if (to_valid_utf8(text) != text) return 1;
  out.push_back({Key::Kind::text, std::string(text)});
  return size;
}

}  // namespace parley::cli
