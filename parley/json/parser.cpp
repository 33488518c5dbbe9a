#include "parley/json/detail/parser.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>
#include <system_error>

#include "parley/base/text.hpp"

namespace parley::json::detail {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Only on the way to an error.
std::size_t first_malformed(std::string_view text) {
  const auto repaired = to_valid_utf8(text);
  return static_cast<std::size_t>(std::ranges::mismatch(text, repaired).in1 - text.begin());
}

}  // namespace

bool Parser::mistake(std::string_view what, const char* at) {
  mistake_.what = at == end_ ? "the text ends too early" : what;
  mistake_.at = static_cast<std::size_t>(at - begin_);
  return false;
}

inline void Parser::skip_space() {
  while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
}

inline Node& Parser::add(char tag) {
  if (count_ == capacity_) [[unlikely]]
    grow();
  Node& node = nodes_[count_++];
  node.size = 0;
  node.tag = tag;
  return node;
}

void Parser::grow() {
  const std::size_t wanted = std::max<std::size_t>(2 * capacity_, 256);
  auto larger = std::make_unique_for_overwrite<Node[]>(wanted);
  std::copy_n(nodes_.get(), count_, larger.get());
  nodes_ = std::move(larger);
  capacity_ = wanted;
}

Parser::Mistake Parser::parse(std::string_view text, std::size_t max_depth) {
  begin_ = at_ = text.data();
  end_ = begin_ + text.size();
  max_depth_ = max_depth;
  mistake_ = {};
  used_ = 0;
  count_ = 0;
  if (text.empty()) return {"the text is empty", 0};
  if (text.size() > std::numeric_limits<std::uint32_t>::max()) return {too_large, 0};
  scanner_ = Scanner(begin_, end_);
  if (!value(0)) return mistake_;
  skip_space();
  if (at_ != end_) {
    mistake("characters behind the end of the JSON text", at_);
  } else if (scanner_.saw_other_than_ascii() && !is_valid_utf8(text)) {
    return {"malformed UTF-8", first_malformed(text)};
  }
  return mistake_;
}

bool Parser::value(std::size_t depth) {
  skip_space();
  if (at_ == end_) return mistake({}, at_);
  switch (*at_) {
    case '{':
      return object(depth + 1);
    case '[':
      return array(depth + 1);
    case '"':
      return string();
    case 't':
      return word("true", 't');
    case 'f':
      return word("false", 'f');
    case 'n':
      return word("null", 'n');
    default:
      return number();
  }
}

// Behind a value: true where the container goes on; where it ends, its size is known.
bool Parser::close(std::size_t opened, bool comma) {
  if (comma) return true;
  ++at_;
  nodes_[opened].size = static_cast<std::uint32_t>(count_ - opened - 1);
  return false;
}

bool Parser::object(std::size_t depth) {
  if (depth > max_depth_) return mistake(too_deep, at_);
  const std::size_t opened = count_;
  add('{');
  ++at_;
  skip_space();
  if (at_ != end_ && *at_ == '}') return !close(opened, false);
  while (true) {
    skip_space();
    if (at_ == end_ || *at_ != '"') return mistake("expected a member's name in quotes", at_);
    if (!string()) return false;
    skip_space();
    if (at_ == end_ || *at_ != ':') return mistake("expected ':'", at_);
    ++at_;
    if (!value(depth)) return false;
    skip_space();
    if (at_ == end_ || (*at_ != ',' && *at_ != '}')) return mistake("expected ',' or '}'", at_);
    if (!close(opened, *at_ == ',')) return true;
    ++at_;
  }
}

bool Parser::array(std::size_t depth) {
  if (depth > max_depth_) return mistake(too_deep, at_);
  const std::size_t opened = count_;
  add('[');
  ++at_;
  skip_space();
  if (at_ != end_ && *at_ == ']') return !close(opened, false);
  while (true) {
    if (!value(depth)) return false;
    skip_space();
    if (at_ == end_ || (*at_ != ',' && *at_ != ']')) return mistake("expected ',' or ']'", at_);
    if (!close(opened, *at_ == ',')) return true;
    ++at_;
  }
}

bool Parser::word(std::string_view text, char tag) {
  for (std::size_t i = 1; i < text.size(); ++i)
    if (at_ + i == end_ || at_[i] != text[i]) return mistake("expected a value", at_ + i);
  at_ += text.size();
  add(tag);
  return true;
}

bool Parser::number() {
  const char* begin = at_;
  const bool negative = *at_ == '-';
  if (negative) ++at_;
  if (at_ == end_ || !is_digit(*at_))
    return mistake(negative ? "expected a digit" : "expected a value", at_);
  const char* digits = at_;
  std::uint64_t magnitude = 0;
  while (at_ != end_ && is_digit(*at_))
    magnitude = magnitude * 10 + static_cast<std::uint64_t>(*at_++ - '0');
  const auto count = at_ - digits;
  if (*digits == '0' && count > 1) return mistake("a number begins with 0", digits + 1);
  const bool fraction = at_ != end_ && (*at_ == '.' || *at_ == 'e' || *at_ == 'E');
  if (fraction || count > 18) return real_number(begin);
  Node& node = add('l');
  const auto value = static_cast<std::int64_t>(magnitude);
  node.whole = negative ? -value : value;
  return true;
}

// Numbers that are not short and whole. at_ stands behind the first digits.
bool Parser::real_number(const char* begin) {
  bool whole = true;
  const auto digits = [&] {
    if (at_ == end_ || !is_digit(*at_)) return mistake("expected a digit", at_);
    while (at_ != end_ && is_digit(*at_)) ++at_;
    whole = false;
    return true;
  };
  if (at_ != end_ && *at_ == '.') {
    ++at_;
    if (!digits()) return false;
  }
  if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
    ++at_;
    if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    if (!digits()) return false;
  }
  Node& node = add('d');
  if (whole && std::from_chars(begin, at_, node.whole).ec == std::errc()) {
    node.tag = 'l';
    return true;
  }
  if (whole && *begin != '-' && std::from_chars(begin, at_, node.positive).ec == std::errc()) {
    node.tag = 'u';
    return true;
  }
  // Above the range of double is a mistake; below it the nearest is zero or a denormal.
  const auto code = std::from_chars(begin, at_, node.real).ec;
  if (code == std::errc()) return true;
  const char* exponent = begin;
  while (exponent != at_ && *exponent != 'e' && *exponent != 'E') ++exponent;
  if (at_ - exponent < 2 || exponent[1] != '-') return mistake("the number is too large", begin);
  node.real = *begin == '-' ? -0.0 : 0.0;
  return true;
}

bool Parser::string() {
  const char* begin = ++at_;
  at_ = scanner_.end_of_plain(at_);
  if (at_ == end_) return mistake({}, at_);
  if (*at_ == '\\') return escaped_string(begin);
  if (*at_ != '"') return mistake("a control character in a string", at_);
  Node& node = add('"');
  node.text = begin;
  node.size = static_cast<std::uint32_t>(at_++ - begin);
  return true;
}

char* Parser::room_for_rest() {
  const auto size = static_cast<std::size_t>(end_ - begin_);
  if (used_ == 0 && room_ < size) {
    room_ = std::max<std::size_t>(size, 512);
    unescaped_ = std::make_unique_for_overwrite<char[]>(room_);
  }
  return unescaped_.get() + used_;
}

bool Parser::escaped_string(const char* begin) {
  char* const first = room_for_rest();
  char* out = first;
  const char* from = begin;
  while (true) {
    const auto plain = static_cast<std::size_t>(at_ - from);
    std::memcpy(out, from, plain);
    out += plain;
    if (at_ == end_) return mistake({}, at_);
    if (*at_ == '"') break;
    if (*at_ != '\\') return mistake("a control character in a string", at_);
    if (!escape(out)) return false;
    from = at_;
    at_ = scanner_.end_of_plain(at_);
  }
  ++at_;
  Node& node = add('"');
  node.text = first;
  node.size = static_cast<std::uint32_t>(out - first);
  used_ += node.size;
  return true;
}

bool Parser::escape(char*& out) {
  ++at_;
  if (at_ == end_) return mistake({}, at_);
  constexpr std::string_view letters = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
  if (*at_ == 'u') return unicode_escape(out);
  const auto which = letters.find(*at_);
  if (which == std::string_view::npos) return mistake("an unknown escape", at_);
  *out++ = meanings[which];
  ++at_;
  return true;
}

namespace {

// Four hexadecimal digits; -1: they are none.
int hex4(const char* at, const char* end) {
  if (end - at < 4) return -1;
  unsigned value = 0;
  const auto [stop, code] = std::from_chars(at, at + 4, value, 16);
  return code == std::errc() && stop == at + 4 ? static_cast<int>(value) : -1;
}

}  // namespace

bool Parser::unicode_escape(char*& out) {
  const char* escape_at = at_ - 1;
  const int first = hex4(at_ + 1, end_);
  if (first < 0) return mistake("expected four hexadecimal digits", at_ + 1);
  at_ += 5;
  auto scalar = static_cast<char32_t>(first);
  if (scalar >= 0xd800 && scalar < 0xe000) {
    const bool pair = scalar < 0xdc00 && end_ - at_ >= 6 && at_[0] == '\\' && at_[1] == 'u';
    const int second = pair ? hex4(at_ + 2, end_) : -1;
    if (second < 0xdc00 || second > 0xdfff) return mistake("half of a surrogate pair", escape_at);
    scalar = 0x10000 + ((scalar - 0xd800) << 10) + (static_cast<char32_t>(second) - 0xdc00);
    at_ += 6;
  }
  out = put_utf8(scalar, out);
  return true;
}

}  // namespace parley::json::detail
