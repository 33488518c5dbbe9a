#include "parley/json/cursor.hpp"

#include <charconv>
#include <cmath>
#include <limits>

#include <boost/json/value.hpp>
#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/json/document.hpp"

namespace parley::json {

using detail::Document;

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::null:
      return "null";
    case Kind::boolean:
      return "a boolean";
    case Kind::number:
      return "a number";
    case Kind::string:
      return "a string";
    case Kind::array:
      return "an array";
    case Kind::object:
      return "an object";
  }
  return "null";
}

Kind Cursor::kind() const {
  switch (document_->tag(index_)) {
    case '{':
      return Kind::object;
    case '[':
      return Kind::array;
    case '"':
      return Kind::string;
    case 't':
    case 'f':
      return Kind::boolean;
    case 'n':
      return Kind::null;
    default:
      return Kind::number;
  }
}
void Cursor::fail(std::string message) const {
  document_->complain(std::move(message));
}

namespace {
std::string unexpected(std::string_view wanted, Kind found) {
  return fmt::format("expected {}, found {}", wanted, to_string(found));
}
}  // namespace

void Cursor::refuse(std::string_view wanted) const {
  if (ok()) fail(unexpected(wanted, kind()));
}

namespace detail {

void Document::inside(std::string_view member) {
  path.insert(0, fmt::format(".{}", member.substr(0, 64)));
}
void Document::inside(std::size_t element) {
  path.insert(0, fmt::format("[{}]", element));
}

}  // namespace detail

void Cursor::read(bool& out) const {
  const char tag = document_->tag(index_);
  if (tag != 't' && tag != 'f') return fail(unexpected("a boolean", kind()));
  out = tag == 't';
}

void Cursor::read(double& out) const {
  switch (document_->tag(index_)) {
    case 'l':
      out = static_cast<double>(document_->nodes[index_].whole);
      return;
    case 'u':
      out = static_cast<double>(document_->nodes[index_].positive);
      return;
    case 'd':
      out = document_->nodes[index_].real;
      return;
    default:
      fail(unexpected("a number", kind()));
  }
}

namespace {

template <class T>
bool whole_of(std::string_view text, T& out) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
  return code == std::errc() && end == text.data() + text.size() && !text.empty();
}

}  // namespace

void Cursor::read(std::int64_t& out) const {
  const char tag = document_->tag(index_);
  if (tag == 'l') {
    out = document_->nodes[index_].whole;
  } else if (tag == 'u' || tag == 'd') {
    double number = 0;
    read(number);
    if (number != std::trunc(number) || std::abs(number) > 9007199254740992.0)
      return fail("expected a whole number in the range of 64 bits");
    out = static_cast<std::int64_t>(number);
  } else if (tag == '"') {
    if (!whole_of(document_->text(index_), out))
      fail("expected a whole number, found a string that is none");
  } else {
    fail(unexpected("a whole number", kind()));
  }
}

void Cursor::read(std::uint64_t& out) const {
  const char tag = document_->tag(index_);
  if (tag == 'u') {
    out = document_->nodes[index_].positive;
  } else if (tag == '"') {
    if (!whole_of(document_->text(index_), out))
      fail("expected a whole number that is not negative, found a string that is none");
  } else {
    std::int64_t whole = 0;
    read(whole);
    if (!ok()) return;
    if (whole < 0) return fail("expected a whole number that is not negative");
    out = static_cast<std::uint64_t>(whole);
  }
}

void Cursor::read(std::uint32_t& out) const {
  std::uint64_t wide = 0;
  read(wide);
  if (wide > std::numeric_limits<std::uint32_t>::max())
    return fail("expected a whole number in the range of 32 bits");
  out = static_cast<std::uint32_t>(wide);
}

void Cursor::read(Bytes& out) const {
  std::string_view text;
  if (!read_view(text)) return;
  auto bytes = from_base64(text);
  if (!bytes) return fail("expected base64");
  out = std::move(*bytes);
}

void Cursor::read(std::vector<bool>& out) const {
  each_element([&out](Cursor element) {
    bool flag = false;
    element.read(flag);
    out.push_back(flag);
  });
}

void Cursor::read(int& out) const {
  std::int64_t wide = 0;
  read(wide);
  if (wide < std::numeric_limits<int>::min() || wide > std::numeric_limits<int>::max())
    return fail("expected a whole number in the range of 32 bits");
  out = static_cast<int>(wide);
}

namespace {

Value to_value(const Document& document, std::size_t index) {
  switch (document.tag(index)) {
    case '[': {
      Array array;
      for (auto at = index + 1; at < document.after(index); at = document.after(at))
        array.push_back(to_value(document, at));
      return array;
    }
    case '{': {
      Object object;
      for (auto at = index + 1; at < document.after(index); at = document.after(at + 1))
        object.insert_or_assign(document.text(at), to_value(document, at + 1));
      return object;
    }
    case '"':
      return Value(document.text(index));
    case 't':
    case 'f':
      return Value(document.tag(index) == 't');
    case 'l':
      return Value(document.nodes[index].whole);
    case 'u':
      return Value(document.nodes[index].positive);
    case 'd':
      return Value(document.nodes[index].real);
    default:
      return Value(nullptr);
  }
}

}  // namespace

void Cursor::read(Value& out) const {
  out = to_value(*document_, index_);
}

void Cursor::read(Object& out) const {
  if (document_->tag(index_) != '{') return fail(unexpected("an object", kind()));
  out = to_value(*document_, index_).as_object();
}

bool is_proto_name(std::string_view key, std::string_view name) {
  if (key == name) return true;
  std::size_t at = 0;
  for (const char c : name) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper && (at >= key.size() || key[at++] != '_')) return false;
    if (at >= key.size() || key[at++] != (upper ? static_cast<char>(c + 32) : c)) return false;
  }
  return at == key.size();
}

}  // namespace parley::json
