#include <array>
#include <charconv>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/schematic/model.hpp"

namespace parley::schematic {
namespace {

struct Word {
  std::string_view text;
  Type::Kind kind;
};
// The first word of a kind is the one that is written.
constexpr Word words[] = {
    {"bool", Type::Kind::boolean},    {"string", Type::Kind::string},
    {"int32", Type::Kind::int32},     {"uint32", Type::Kind::uint32},
    {"int64", Type::Kind::int64},     {"uint64", Type::Kind::uint64},
    {"float64", Type::Kind::float64}, {"decimal", Type::Kind::decimal},
    {"bytes", Type::Kind::bytes},     {"raw", Type::Kind::raw},
    {"json", Type::Kind::json},       {"object", Type::Kind::object},
    {"boolean", Type::Kind::boolean}, {"integer", Type::Kind::int64},
    {"float", Type::Kind::float64},   {"number", Type::Kind::float64},
};

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Type> whole() {
    auto type = one(0);
    if (!type) return type;
    skip();
    if (at_ < text_.size()) return refuse(fmt::format("\"{}\" is left over", text_.substr(at_)));
    return type;
  }

 private:
  std::unexpected<Error> refuse(const std::string& what) const {
    return fail(ErrorKind::invalid_argument, fmt::format("in the type \"{}\": {}", text_, what));
  }
  void skip() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool take(char c) {
    skip();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  Result<Type> one(int depth) {
    if (depth > 32) return refuse("it is nested too deeply");
    skip();
    auto type = at_ < text_.size() && text_[at_] == '"' ? quoted() : word(depth);
    if (type && take('?')) type->nullable = true;
    return type;
  }

  Result<Type> quoted() {
    std::size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? 2u : 1u;
    if (end >= text_.size()) return refuse("a quote is missing");
    auto value = json::parse(text_.substr(at_, end + 1 - at_));
    if (!value) return refuse("a bad escape in the quotes");
    at_ = end + 1;
    return Type::constant(std::move(*value));
  }

  Result<Type> word(int depth) {
    const auto end = std::min(text_.find_first_of(" <>,?\"", at_), text_.size());
    const auto found = text_.substr(at_, end - at_);
    at_ = end;
    if (found.empty()) return refuse("a type is missing");
    if (found == "true" || found == "false") return Type::constant(found == "true");
    std::int64_t number = 0;
    const auto parsed = std::from_chars(found.data(), found.data() + found.size(), number);
    if (parsed.ec == std::errc() && parsed.ptr == found.data() + found.size())
      return Type::constant(number);
    for (const auto& known : words)
      if (known.text == found) return Type(known.kind);
    if (found == "list" || found == "map" || found == "tuple") return container(found, depth);
    return Type::named(std::string(found));
  }

  Result<Type> container(std::string_view name, int depth) {
    Type type(name == "list"  ? Type::Kind::list
              : name == "map" ? Type::Kind::map
                              : Type::Kind::tuple);
    if (!take('<')) return refuse(fmt::format("{} needs <…>", name));
    do {
      auto argument = one(depth + 1);
      if (!argument) return argument;
      type.arguments.push_back(std::move(*argument));
    } while (take(','));
    if (!take('>')) return refuse("a '>' is missing");
    if (type.kind != Type::Kind::tuple && type.arguments.size() != 1)
      return refuse(fmt::format("{} takes one type", name));
    return type;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Type Type::named(std::string type_name) {
  Type type(Kind::named);
  type.name = std::move(type_name);
  return type;
}
Type Type::list(Type element) {
  Type type(Kind::list);
  type.arguments.push_back(std::move(element));
  return type;
}
Type Type::map(Type element) {
  Type type(Kind::map);
  type.arguments.push_back(std::move(element));
  return type;
}
Type Type::constant(json::Value value) {
  Type type(Kind::literal);
  type.literal = std::move(value);
  return type;
}
Type Type::or_null() && {
  nullable = true;
  return std::move(*this);
}

std::string to_string(const Type& type) {
  std::string out;
  switch (type.kind) {
    case Type::Kind::named:
      out = type.name;
      break;
    case Type::Kind::literal:
      out = json::to_string(type.literal);
      break;
    case Type::Kind::list:
    case Type::Kind::map:
    case Type::Kind::tuple:
      out = type.kind == Type::Kind::list ? "list" : type.kind == Type::Kind::map ? "map" : "tuple";
      for (const auto& argument : type.arguments)
        out += (&argument == &type.arguments.front() ? "<" : ", ") + to_string(argument);
      out += '>';
      break;
    default:
      for (const auto& known : words) {
        if (known.kind != type.kind) continue;
        out = known.text;
        break;
      }
  }
  return type.nullable ? out + '?' : out;
}

Result<Type> parse_type(std::string_view text) {
  return Parser(text).whole();
}

}  // namespace parley::schematic
