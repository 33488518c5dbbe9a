#include "parley/json/value.hpp"

#include <algorithm>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/stream_parser.hpp>
#include <fmt/format.h>

#include "parley/json/cursor.hpp"
#include "parley/json/detail/locate.hpp"
#include "parley/json/writer.hpp"

namespace parley::json {
namespace {

struct AnyValue {
  Value value;
};
void decode(Cursor in, AnyValue& out) {
  in.read(out.value);
}

void print_pretty(const Value& value, std::string& out, std::size_t indent) {
  const auto line = [&out](std::size_t depth) { out += '\n' + std::string(depth * 2, ' '); };
  if (const auto* array = value.if_array(); array && !array->empty()) {
    out += '[';
    for (std::size_t i = 0; i < array->size(); ++i) {
      out += i == 0 ? "" : ",";
      line(indent + 1);
      print_pretty((*array)[i], out, indent + 1);
    }
    line(indent);
    out += ']';
  } else if (const auto* object = value.if_object(); object && !object->empty()) {
    out += '{';
    bool first = true;
    for (const auto& [key, member] : *object) {
      out += first ? "" : ",";
      first = false;
      line(indent + 1);
      Writer(out).value(std::string_view(key));
      out += ": ";
      print_pretty(member, out, indent + 1);
    }
    line(indent);
    out += '}';
  } else {
    Writer(out).value(value);
  }
}

}  // namespace

Limits trusted_limits() {
  Limits limits;
  limits.max_depth = 256;
  limits.max_keys = std::size_t(-1);
  limits.refuse_duplicate_keys = false;
  return limits;
}

Result<Value> parse(std::string_view text, const Limits& limits) {
  auto any = decode_text<AnyValue>(text, limits);
  if (!any) return fail(std::move(any.error()));
  return std::move(any->value);
}

std::string to_string(const Value& value) {
  std::string out;
  Writer(out).value(value);
  return out;
}

std::string to_pretty_string(const Value& value) {
  std::string out;
  print_pretty(value, out, 0);
  return out;
}

namespace detail {

// Only on the way to an error: a second parser tells where the first one stopped.
std::string locate_mistake(std::string_view text) {
  if (text.empty()) return "the text is empty";
  boost::json::parse_options options;
  options.max_depth = 100'000;
  boost::json::stream_parser parser({}, options);
  boost::json::error_code code;
  std::size_t taken = 0;
  // write_some() counts what it took; a mistake stands at the byte behind it.
  while (taken < text.size() && !code && !parser.done()) {
    const auto step = parser.write_some(text.data() + taken, 1, code);
    if (step == 0) break;
    if (code) break;
    taken += step;
  }
  if (!code && taken == text.size() && !parser.done()) parser.finish(code);
  const auto before = text.substr(0, taken);
  const auto lines = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  const auto last = before.rfind('\n');
  const std::size_t column = last == std::string_view::npos ? taken : taken - last - 1;
  std::string what = code ? code.message() : "characters behind the end of the JSON text";
  if (code == boost::json::error::incomplete) what = "the text ends too early";
  return fmt::format("line {}, column {}: {}", lines + 1, column + 1, what);
}

}  // namespace detail
}  // namespace parley::json
