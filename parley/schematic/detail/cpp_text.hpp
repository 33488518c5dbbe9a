#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "parley/schematic/plan.hpp"

namespace parley::schematic::detail {

// Collects lines of code.
class Code {
 public:
  template <class... Args>
  Code& line(fmt::format_string<Args...> format, Args&&... args) {
    text_ += fmt::format(format, std::forward<Args>(args)...);
    text_ += '\n';
    return *this;
  }
  Code& blank() {
    if (!text_.ends_with("\n\n") && !text_.empty()) text_ += '\n';
    return *this;
  }
  // A comment of as many lines as the text needs; nothing for an empty one.
  Code& comment(std::string_view text, std::size_t indent = 0);
  Code& raw(std::string_view text) {
    text_ += text;
    return *this;
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

// The two lines that begin each C++ file.
std::string file_header(const Plan& plan);
// "text" with its quotes, for C++.
std::string cpp_string(std::string_view text);
std::string cpp_literal(const json::Value& value);
// The type of a value of `type`, without regard to null.
std::string cpp_type(const Plan& plan, const Type& type);
// The type of an element of a list: optional where it may be null.
std::string cpp_element(const Plan& plan, const Type& type);
// The type of a member.
std::string cpp_member(const Plan& plan, const PlannedField& field);
// Distinct types of a union, in order, and for each alternative its place among them.
struct VariantTypes {
  std::vector<std::string> types;
  std::vector<std::size_t> places;
};
VariantTypes variant_types(const Plan& plan, const PlannedUnion& alternatives);
// Structures and unions have functions of their own that read and write them.
inline bool has_codec(const PlannedType& type) {
  return type.definition->kind == TypeDefinition::Kind::structure ||
         type.definition->kind == TypeDefinition::Kind::alternatives;
}
// Statements that do `action(alternative)` for the alternative that fits `in`; true where one
// always does. Binary alternatives are left out.
using Action = std::function<std::string(std::size_t alternative)>;
bool emit_choice(Code& code, const PlannedUnion& alternatives, const Action& action);
// What decodes into json::Unknown where nothing fits.
void emit_unknown(Code& code, const PlannedUnion& alternatives);
// Decoding of a union's alternatives: the body of a function from (in, out).
void emit_union_decode(Code& code, const Plan& plan, const PlannedUnion& alternatives);
// "default 20; 0 to 180"
std::string facts(const std::optional<json::Value>& default_value, std::optional<double> min,
                  std::optional<double> max);

}  // namespace parley::schematic::detail
