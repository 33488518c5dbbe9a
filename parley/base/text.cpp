#include "parley/base/text.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <simdjson.h>

namespace parley {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Length of the well-formed sequence at the start of `text`; 0 where malformed. `bad` is then the
// length of the maximal subpart to replace (Unicode 15, 3.9, table 3-7).
std::size_t sequence_length(std::string_view text, std::size_t& bad) {
  const auto at = [&text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = at(0);
  bad = 1;
  if (first < 0x80) return 1;
  std::size_t length = 0;
  unsigned char low = 0x80, high = 0xBF;
  if (first >= 0xC2 && first <= 0xDF)
    length = 2;
  else if (first >= 0xE0 && first <= 0xEF)
    length = 3;
  else if (first >= 0xF0 && first <= 0xF4)
    length = 4;
  else
    return 0;
  if (first == 0xE0) low = 0xA0;
  if (first == 0xED) high = 0x9F;
  if (first == 0xF0) low = 0x90;
  if (first == 0xF4) high = 0x8F;
  for (std::size_t i = 1; i < length; ++i) {
    if (i >= text.size() || at(i) < low || at(i) > high) return 0;
    bad = i + 1;
    low = 0x80;
    high = 0xBF;
  }
  return length;
}

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// Length of the escape sequence that starts with ESC or a C1 introducer at `text[0]` (ECMA-48).
std::size_t escape_length(std::string_view text) {
  if (text.size() < 2) return text.size();
  const char kind = text[1];
  if (kind == '[') {
    std::size_t i = 2;
    while (i < text.size() && (text[i] < 0x40 || text[i] > 0x7E)) ++i;
    return std::min(i + 1, text.size());
  }
  if (kind == ']' || kind == 'P' || kind == 'X' || kind == '^' || kind == '_') {
    for (std::size_t i = 2; i < text.size(); ++i) {
      if (text[i] == '\x07') return i + 1;
      if (text[i] == '\x1b' && i + 1 < text.size() && text[i + 1] == '\\') return i + 2;
    }
    return text.size();
  }
  return 2;
}

// Most short texts are ASCII, and told so faster here than by the dispatch to the SIMD code.
constexpr std::size_t kShort = 64;

bool is_short_ascii(std::string_view text) {
  std::uint64_t seen = 0;
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    seen |= word;
  }
  for (; at < text.size(); ++at) seen |= static_cast<unsigned char>(text[at]);
  return (seen & 0x8080808080808080u) == 0;
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
  if (text.size() <= kShort && is_short_ascii(text)) return true;
  return simdjson::validate_utf8(text.data(), text.size());
}

std::size_t count_scalars(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

std::string_view first_scalars(std::string_view text, std::size_t limit) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (!is_continuation(text[i]) && seen++ == limit) return text.substr(0, i);
  return text;
}

std::string to_valid_utf8(std::string_view text) {
  if (is_valid_utf8(text)) return std::string(text);
  std::string out;
  out.reserve(text.size() + 8);
  while (!text.empty()) {
    std::size_t bad = 0;
    const std::size_t length = sequence_length(text, bad);
    if (length == 0)
      out += kReplacement;
    else
      out += text.substr(0, length);
    text.remove_prefix(length == 0 ? bad : length);
  }
  return out;
}

std::string strip_control(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto first = static_cast<unsigned char>(text[0]);
    if (first == 0x1b) {
      text.remove_prefix(escape_length(text));
      continue;
    }
    std::size_t bad = 0;
    const std::size_t length = std::max<std::size_t>(sequence_length(text, bad), 1);
    const std::string_view one = text.substr(0, length);
    text.remove_prefix(length);
    if (length == 1 && (first < 0x20 || first == 0x7f) && first != '\n' && first != '\t') continue;
    if (length == 2 && first == 0xC2 && static_cast<unsigned char>(one[1]) < 0xA0) continue;  // C1
    const bool bidi = one == "\u200e" || one == "\u200f" || one == "\u061c" ||
                      (one >= "\u202a" && one <= "\u202e" && length == 3) ||
                      (one >= "\u2066" && one <= "\u2069" && length == 3);
    out += bidi ? kReplacement : one;
  }
  return out;
}

std::string_view trim(std::string_view text) {
  constexpr std::array<std::string_view, 8> spaces = {" ",  "\t", "\n",     "\r",
                                                      "\v", "\f", "\u00a0", "\u3000"};
  for (bool again = true; again;) {
    again = false;
    for (const auto space : spaces) {
      if (text.starts_with(space)) {
        text.remove_prefix(space.size());
        again = true;
      }
      if (text.ends_with(space)) {
        text.remove_suffix(space.size());
        again = true;
      }
    }
  }
  return text;
}

bool iequals_ascii(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

std::string to_lower_ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

namespace {

// Slips between two names: a letter more, less, another, or two that changed places (optimal string
// alignment).
std::size_t slips(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t keep = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({keep, last[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last.back();
}

}  // namespace

std::optional<std::string_view> nearest_name(std::string_view word,
                                             const std::vector<std::string_view>& candidates) {
  std::optional<std::string_view> best;
  std::size_t most = std::max<std::size_t>(word.size() / 3, 1) + 1;
  for (const auto candidate : candidates) {
    const auto distance = slips(word, candidate);
    if (distance >= most) continue;
    most = distance;
    best = candidate;
  }
  return best;
}

}  // namespace parley
