#include "parley/json/cursor.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <unordered_set>

#include <fmt/format.h>
#include <simdjson.h>

#include "parley/base/text.hpp"
#include "parley/json/detail/document.hpp"
#include "parley/json/detail/locate.hpp"

namespace parley::json {
namespace detail {

namespace dom = simdjson::dom;

namespace {

Kind kind_of(const dom::element& element) {
  switch (element.type()) {
    case dom::element_type::ARRAY:
      return Kind::array;
    case dom::element_type::OBJECT:
      return Kind::object;
    case dom::element_type::STRING:
      return Kind::string;
    case dom::element_type::BOOL:
      return Kind::boolean;
    case dom::element_type::NULL_VALUE:
      return Kind::null;
    default:
      return Kind::number;
  }
}

bool has_nul(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

// Limits that the parser itself does not know, over the whole text.
std::string check(const dom::element& element, const Limits& limits) {
  if (!limits.refuse_duplicate_keys) return {};
  switch (kind_of(element)) {
    case Kind::string:
      return has_nul(element.get_string().value_unsafe()) ? "a string holds U+0000" : "";
    case Kind::array:
      for (const auto child : dom::array(element))
        if (auto bad = check(child, limits); !bad.empty()) return bad;
      return {};
    case Kind::object: {
      std::unordered_set<std::string_view> keys;
      for (const auto field : dom::object(element)) {
        if (!keys.insert(field.key).second)
          return fmt::format("the name \"{}\" stands twice in one object", field.key);
        if (keys.size() > limits.max_keys)
          return fmt::format("an object has more than {} members", limits.max_keys);
        if (has_nul(field.key)) return "a name holds U+0000";
        if (auto bad = check(field.value, limits); !bad.empty()) return bad;
      }
      return {};
    }
    default:
      return {};
  }
}

Value to_value(const dom::element& element) {
  switch (element.type()) {
    case dom::element_type::ARRAY: {
      Array array;
      for (const auto child : dom::array(element)) array.push_back(to_value(child));
      return array;
    }
    case dom::element_type::OBJECT: {
      Object object;
      for (const auto field : dom::object(element))
        object.insert_or_assign(field.key, to_value(field.value));
      return object;
    }
    case dom::element_type::STRING:
      return Value(element.get_string().value_unsafe());
    case dom::element_type::BOOL:
      return Value(element.get_bool().value_unsafe());
    case dom::element_type::INT64:
      return Value(element.get_int64().value_unsafe());
    case dom::element_type::UINT64:
      return Value(element.get_uint64().value_unsafe());
    case dom::element_type::DOUBLE:
      return Value(element.get_double().value_unsafe());
    case dom::element_type::NULL_VALUE:
      break;
  }
  return Value(nullptr);
}

Error malformed(simdjson::error_code code, std::string_view text, const Limits& limits) {
  if (code == simdjson::DEPTH_ERROR)
    return Error(ErrorKind::invalid_argument,
                 fmt::format("the text is nested deeper than {} levels", limits.max_depth));
  if (code == simdjson::CAPACITY || code == simdjson::MEMALLOC)
    return Error(ErrorKind::too_large, "the text is too large to parse");
  return Error(ErrorKind::invalid_argument, locate_mistake(text));
}

}  // namespace

namespace {

// The parser reads beyond its text, so it works on a copy that has the room.
struct Tools {
  const std::uint8_t* padded(std::string_view text) {
    if (room < text.size() + simdjson::SIMDJSON_PADDING) {
      room = std::max<std::size_t>(2 * text.size(), 4096) + simdjson::SIMDJSON_PADDING;
      copy = std::make_unique_for_overwrite<std::uint8_t[]>(room);
    }
    std::memcpy(copy.get(), text.data(), text.size());
    std::memset(copy.get() + text.size(), 0, simdjson::SIMDJSON_PADDING);
    return copy.get();
  }
  dom::parser parser;
  std::unique_ptr<std::uint8_t[]> copy;
  std::size_t room = 0;
};

}  // namespace

Result<void> decode_with(std::string_view text, const Limits& limits,
                         FunctionRef<void(Cursor root)> decoder) {
  if (text.empty()) return fail(malformed(simdjson::EMPTY, text, limits));
  // A decoder may parse another text, so the thread's tools are lent, not shared.
  thread_local std::unique_ptr<Tools> spare;
  auto tools = spare ? std::move(spare) : std::make_unique<Tools>();
  auto* parser = &tools->parser;
  if (parser->max_depth() != limits.max_depth || parser->capacity() < text.size())
    if (auto code = parser->allocate(std::max<std::size_t>(text.size(), 4096), limits.max_depth))
      return fail(malformed(code, text, limits));
  dom::element root;
  const auto code = parser->parse(tools->padded(text), text.size(), false).get(root);
  if (code) {
    spare = std::move(tools);
    return fail(malformed(code, text, limits));
  }
  Document document(limits);
  document.message = check(root, limits);
  if (document.message.empty()) decoder(Document::root(document, root));
  // One huge text must not pin its memory for the life of the thread.
  if (parser->capacity() <= 1024 * 1024) spare = std::move(tools);
  if (document.message.empty()) return {};
  if (document.path.empty()) return fail(ErrorKind::invalid_argument, document.message);
  return fail(ErrorKind::invalid_argument, "$" + document.path + ": " + document.message);
}

}  // namespace detail

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
  return detail::kind_of(Document::element(*this));
}
bool Cursor::ok() const {
  return document_->message.empty();
}
void Cursor::fail(std::string message) const {
  document_->complain(std::move(message));
}

namespace {
std::string unexpected(std::string_view wanted, Kind found) {
  return fmt::format("expected {}, found {}", wanted, to_string(found));
}
}  // namespace

void Cursor::each_field(detail::FunctionRef<void(std::string_view, Cursor)> field) const {
  if (!ok()) return;
  if (kind() != Kind::object) return fail(unexpected("an object", kind()));
  for (const auto member : simdjson::dom::object(Document::element(*this))) {
    field(member.key, Document::at(*document_, member.value));
    if (ok()) continue;
    document_->path.insert(0, fmt::format(".{}", member.key.substr(0, 64)));
    return;
  }
}

void Cursor::each_element(detail::FunctionRef<void(Cursor)> element) const {
  if (!ok()) return;
  if (kind() != Kind::array) return fail(unexpected("an array", kind()));
  std::size_t index = 0;
  for (const auto child : simdjson::dom::array(Document::element(*this))) {
    element(Document::at(*document_, child));
    if (!ok()) {
      document_->path.insert(0, fmt::format("[{}]", index));
      return;
    }
    ++index;
  }
}

void Cursor::read(bool& out) const {
  if (Document::element(*this).get_bool().get(out)) fail(unexpected("a boolean", kind()));
}

void Cursor::read(std::string& out) const {
  std::string_view text;
  if (Document::element(*this).get_string().get(text)) return fail(unexpected("a string", kind()));
  out.assign(text);
}

void Cursor::read(double& out) const {
  if (Document::element(*this).get_double().get(out)) fail(unexpected("a number", kind()));
}

void Cursor::read(std::int64_t& out) const {
  const auto element = Document::element(*this);
  if (element.get_int64().get(out) == simdjson::SUCCESS) return;
  double number = 0;
  std::string_view text;
  if (element.get_double().get(number) == simdjson::SUCCESS) {
    if (number != std::trunc(number) || std::abs(number) > 9007199254740992.0)
      return fail("expected a whole number in the range of 64 bits");
    out = static_cast<std::int64_t>(number);
  } else if (element.get_string().get(text) == simdjson::SUCCESS) {
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (code != std::errc() || end != text.data() + text.size() || text.empty())
      fail("expected a whole number, found a string that is none");
  } else {
    fail(unexpected("a whole number", kind()));
  }
}

void Cursor::read(std::uint64_t& out) const {
  const auto element = Document::element(*this);
  if (element.get_uint64().get(out) == simdjson::SUCCESS) return;
  std::string_view text;
  if (element.get_string().get(text) == simdjson::SUCCESS) {
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (code == std::errc() && end == text.data() + text.size() && !text.empty()) return;
    return fail("expected a whole number that is not negative, found a string that is none");
  }
  std::int64_t whole = 0;
  read(whole);
  if (!ok()) return;
  if (whole < 0) return fail("expected a whole number that is not negative");
  out = static_cast<std::uint64_t>(whole);
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

bool Cursor::read_view(std::string_view& out) const {
  if (Document::element(*this).get_string().get(out) == simdjson::SUCCESS) return true;
  fail(unexpected("a string", kind()));
  return false;
}

void Cursor::read(int& out) const {
  std::int64_t wide = 0;
  read(wide);
  if (wide < std::numeric_limits<int>::min() || wide > std::numeric_limits<int>::max())
    return fail("expected a whole number in the range of 32 bits");
  out = static_cast<int>(wide);
}

void Cursor::read(Value& out) const {
  out = detail::to_value(Document::element(*this));
}

void Cursor::read(Object& out) const {
  if (kind() != Kind::object) return fail(unexpected("an object", kind()));
  out = detail::to_value(Document::element(*this)).as_object();
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
