#include "parley/json/writer.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include "parley/base/text.hpp"
#include "parley/json/value.hpp"

namespace parley::json {
namespace {

// Without a branch for each byte, so that the compiler can take many at a time.
bool is_plain(std::string_view text) {
  unsigned char found = 0;
  for (const char c : text)
    found |= static_cast<unsigned char>((static_cast<unsigned char>(c) < 0x20) | (c == '"') |
                                        (c == '\\'));
  return found == 0;
}

void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20) {
          out += c;
        } else {
          out += "\\u00";
          out += hex[static_cast<unsigned char>(c) >> 4];
          out += hex[c & 15];
        }
    }
  }
}

}  // namespace

void Writer::separate() {
  if (!first_) out_ += ',';
  first_ = false;
}

Writer& Writer::begin_object() {
  separate();
  out_ += '{';
  first_ = true;
  return *this;
}
Writer& Writer::end_object() {
  out_ += '}';
  first_ = false;
  return *this;
}
Writer& Writer::begin_array() {
  separate();
  out_ += '[';
  first_ = true;
  return *this;
}
Writer& Writer::end_array() {
  out_ += ']';
  first_ = false;
  return *this;
}

Writer& Writer::key(std::string_view name) {
  value(name);
  out_ += ':';
  first_ = true;
  return *this;
}

Writer& Writer::member(Name name) {
  separate();
  out_ += '"';
  out_ += name.text;
  out_ += "\":";
  first_ = true;
  return *this;
}

Writer& Writer::value(BytesView bytes) {
  separate();
  out_ += '"';
  append_base64(out_, bytes);
  out_ += '"';
  return *this;
}

Writer& Writer::value(std::string_view text) {
  separate();
  out_ += '"';
  if (!is_valid_utf8(text))
    append_escaped(out_, to_valid_utf8(text));
  else if (is_plain(text))
    out_ += text;
  else
    append_escaped(out_, text);
  out_ += '"';
  return *this;
}

Writer& Writer::value(bool flag) {
  return raw(flag ? "true" : "false");
}
Writer& Writer::value(std::nullptr_t) {
  return raw("null");
}

Writer& Writer::value(double number) {
  if (!std::isfinite(number)) return value(nullptr);
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  raw(text);
  // Keeps a whole double a double for readers that tell them apart.
  if (text.find_first_of(".en") == std::string_view::npos) out_ += ".0";
  return *this;
}

Writer& Writer::write_signed(std::int64_t number) {
  std::array<char, 24> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  return raw({buffer.data(), static_cast<std::size_t>(end - buffer.data())});
}

Writer& Writer::write_unsigned(std::uint64_t number) {
  std::array<char, 24> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  return raw({buffer.data(), static_cast<std::size_t>(end - buffer.data())});
}

Writer& Writer::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

Writer& Writer::value(const Value& any) {
  switch (any.kind()) {
    case boost::json::kind::null:
      return value(nullptr);
    case boost::json::kind::bool_:
      return value(any.get_bool());
    case boost::json::kind::int64:
      return write_signed(any.get_int64());
    case boost::json::kind::uint64:
      return write_unsigned(any.get_uint64());
    case boost::json::kind::double_:
      return value(any.get_double());
    case boost::json::kind::string:
      return value(std::string_view(any.get_string()));
    case boost::json::kind::array:
      begin_array();
      for (const auto& element : any.get_array()) value(element);
      return end_array();
    case boost::json::kind::object:
      return value(any.get_object());
  }
  return *this;
}

Writer& Writer::value(const Object& object) {
  begin_object();
  fields(object);
  return end_object();
}

Writer& Writer::value(const Any& any) {
  return value(*any);
}
Writer& Writer::value(const Members& members) {
  return value(*members);
}

Writer& Writer::fields(const Members& extra) {
  if (extra.empty()) return *this;
  for (const auto& [name, member] : *extra) key(name).value(member);
  return *this;
}

}  // namespace parley::json
