#include "parley/json/value.hpp"

#include "parley/json/cursor.hpp"
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

}  // namespace parley::json
