#include <algorithm>
#include <set>

#include "parley/schematic/detail/cpp_text.hpp"
#include "parley/schematic/detail/json_schema.hpp"
#include "parley/schematic/emit.hpp"

namespace parley::schematic {

using detail::Code;
using detail::cpp_member;
using detail::cpp_string;
using detail::cpp_type;
using detail::has_codec;

namespace {

bool is(const PlannedType& type, TypeDefinition::Kind kind) {
  return type.definition->kind == kind;
}

void emit_enum(Code& code, const PlannedType& type) {
  const auto& values = type.definition->values;
  code.blank().comment(type.definition->description);
  code.line("struct {}Names {{", type.name).line("  enum Known {{");
  for (std::size_t i = 0; i < values.size(); ++i) {
    code.comment(values[i].description, 4);
    code.line("    {},", type.enumerators[i]);
  }
  code.line("    unlisted,").line("  }};");
  code.line("  static constexpr std::string_view wire_names[] = {{");
  for (const auto& value : values) code.line("      {},", cpp_string(value.wire));
  code.line("  }};");
  code.line("  static constexpr bool is_open = {};", type.definition->open);
  code.line("}};").line("using {} = ::parley::json::Enum<{}Names>;", type.name, type.name);
}

void emit_field(Code& code, const Plan& plan, const PlannedField& field) {
  const auto type = cpp_member(plan, field);
  std::string note = detail::facts(field.field->default_value, field.field->min, field.field->max);
  if (field.name != field.field->wire)
    note = cpp_string(field.field->wire) + (note.empty() ? "" : "; " + note);
  if (field.field->deprecated) note += note.empty() ? "deprecated" : "; deprecated";
  code.comment(field.field->description, 2);
  const auto declaration =
      type == "bool" || type.ends_with("int32_t") || type.ends_with("int64_t") || type == "double"
          ? fmt::format("{} {}{{}};", type, field.name)
          : fmt::format("{} {};", type, field.name);
  if (note.empty())
    code.line("  {}", declaration);
  else if (declaration.size() + note.size() + 8 <= 100)
    code.line("  {}  // {}", declaration, note);
  else
    code.comment(note, 2).line("  {}", declaration);
}

// The fields that a constructor takes: the required ones of a message that is sent, where they
// are few enough to be told apart.
std::vector<const PlannedField*> constructor_fields(const PlannedType& type) {
  std::vector<const PlannedField*> out;

  for (const auto& field : type.fields)
    if (!field.constant && field.presence == Presence::required) out.push_back(&field);
  if (out.size() > 5) out.clear();
  return out;
}

std::string constructor_parameters(const Plan& plan, const PlannedType& type,
                                   std::string_view suffix) {
  std::string out;
  for (const auto* field : constructor_fields(type))
    out += fmt::format("{}{} {}{}", out.empty() ? "" : ", ", cpp_member(plan, *field), field->name,
                       suffix);
  return out;
}

void declare_constructors(Code& code, const Plan& plan, const PlannedType& type) {
  code.line("  {}();", type.name);
  const auto parameters = constructor_parameters(plan, type, "");
  if (parameters.empty()) return;
  const bool one = constructor_fields(type).size() == 1;
  code.line("  {}{}({});", one ? "explicit " : "", type.name, parameters);
}

void define_constructors(Code& code, const Plan& plan, const PlannedType& type) {
  // Not in the class: T() would fill the whole of T with zeros before it is made.
  code.blank().line("{}::{}() = default;", type.name, type.name);
  const auto fields = constructor_fields(type);
  if (fields.empty()) return;
  std::string initializers;
  for (const auto* field : fields)
    initializers += fmt::format("{}{}(std::move({}_value))", initializers.empty() ? "" : ", ",
                                field->name, field->name);
  code.blank().line("{}::{}({})", type.name, type.name,
                    constructor_parameters(plan, type, "_value"));
  code.line("    : {} {{}}", initializers);
}

struct Setter {
  Setter(std::string field_name, std::string argument_type)
      : name(std::move(field_name)), argument(std::move(argument_type)) {}
  std::string name, argument;
};

std::vector<Setter> setters_of(const Plan& plan, const PlannedType& type) {
  std::vector<Setter> out;

  for (const auto& field : type.fields) {
    if (field.constant || field.presence == Presence::required) continue;
    out.emplace_back(field.name, field.presence == Presence::maybe
                                     ? cpp_member(plan, field)
                                     : cpp_type(plan, field.field->type));
  }
  return out;
}

void declare_setters(Code& code, const Plan& plan, const PlannedType& type) {
  const auto setters = setters_of(plan, type);
  if (!setters.empty()) code.blank();
  for (const auto& [name, argument] : setters) {
    code.line("  {}& with_{}({} value) &;", type.name, name, argument);
    code.line("  {}&& with_{}({} value) &&;", type.name, name, argument);
  }
}

void define_setters(Code& code, const Plan& plan, const PlannedType& type) {
  const auto& of = type.name;
  for (const auto& [name, argument] : setters_of(plan, type)) {
    code.blank().line("{}& {}::with_{}({} value) & {{", of, of, name, argument);
    code.line("  {} = std::move(value);", name).line("  return *this;").line("}}");
    code.line("{}&& {}::with_{}({} value) && {{", of, of, name, argument);
    code.line("  return std::move(with_{}(std::move(value)));", name).line("}}");
  }
}

void emit_struct(Code& code, const Plan& plan, const PlannedType& type) {
  code.blank().comment(type.definition->description);
  code.line("struct {} {{", type.name);
  declare_constructors(code, plan, type);
  code.blank();
  for (const auto& field : type.fields) {
    if (field.constant)
      code.line("  // {}: always {}", cpp_string(field.field->wire),
                json::to_string(plan.resolve(field.field->type).literal));
    else
      emit_field(code, plan, field);
  }
  code.line("  ::parley::json::Members extra;  // members that the definition does not know");
  declare_setters(code, plan, type);
  code.blank().line("  bool operator==(const {}&) const;", type.name).line("}};");
}

void emit_variant(Code& code, const Plan& plan, const PlannedType& type) {
  std::string types;
  for (const auto& one : detail::variant_types(plan, type.alternatives).types)
    types += (types.empty() ? "" : ", ") + one;
  if (type.definition->open) types += ", ::parley::json::Unknown";
  code.blank().comment(type.definition->description);
  code.line("struct {} : std::variant<{}> {{", type.name, types);
  code.line("  using variant::variant;").line("  {}();", type.name).line("}};");
}

std::string includes_of(const Plan& plan) {
  std::set<std::string> wanted = {"cstdint", "optional", "string", "string_view", "utility"};
  const auto add = [&](const auto& self, const Type& type) -> void {
    if (type.kind == Type::Kind::list) wanted.insert("vector");
    if (type.kind == Type::Kind::map) wanted.insert("map");
    if (type.kind == Type::Kind::tuple) wanted.insert("tuple");
    for (const auto& argument : type.arguments) self(self, argument);
  };
  for (const auto& type : plan.types) {
    for (const auto& field : type.fields) add(add, field.field->type);
    for (const auto& one : type.definition->alternatives) add(add, one.type);
    if (is(type, TypeDefinition::Kind::alias)) add(add, type.definition->target);
    if (is(type, TypeDefinition::Kind::alternatives)) wanted.insert("variant");
  }
  std::string out;
  for (const auto& name : wanted) out += fmt::format("#include <{}>\n", name);
  return out;
}

std::string emit_header(const Plan& plan) {
  Code code;
  code.raw(detail::file_header(plan)).line("#pragma once").blank();
  code.raw(includes_of(plan)).blank();
  code.line("#include \"parley/base/bytes.hpp\"")
      .line("#include \"parley/json/types.hpp\"")
      .blank();
  code.line("namespace parley::json {{").line("class Cursor;").line("class Writer;").line("}}");
  code.blank().comment(plan.definition->description);
  if (!plan.definition->docs_url.empty()) code.comment(plan.definition->docs_url);
  code.line("namespace {} {{", plan.cpp_namespace).blank();
  for (const auto& type : plan.types)
    if (has_codec(type)) code.line("struct {};", type.name);
  for (const auto at : plan.order)
    if (is(plan.types[at], TypeDefinition::Kind::enumeration)) emit_enum(code, plan.types[at]);
  for (const auto at : plan.order) {
    const PlannedType& type = plan.types[at];
    if (is(type, TypeDefinition::Kind::structure)) emit_struct(code, plan, type);
    if (is(type, TypeDefinition::Kind::alternatives)) emit_variant(code, plan, type);
    if (is(type, TypeDefinition::Kind::alias)) {
      code.blank().comment(type.definition->description);
      code.line("using {} = {};", type.name, cpp_type(plan, type.definition->target));
    }
  }
  code.blank();
  for (const auto& type : plan.types) {
    if (!has_codec(type)) continue;
    code.line("void decode(::parley::json::Cursor in, {}& out);", type.name);
    code.line("void encode(::parley::json::Writer& out, const {}& message);", type.name);
  }
  code.blank().comment(
      "The types as JSON Schema 2020-12, one object by their names: json::schema_of().");
  code.line("std::string_view json_schemas();");
  for (const auto& type : plan.types)
    if (has_codec(type))
      code.line(
          "inline ::parley::json::TypeSchema type_schema(const {}*) {{ return {{{}, "
          "json_schemas()}}; }}",
          type.name, cpp_string(type.definition->name));
  code.blank().line("}}  // namespace {}", plan.cpp_namespace);
  return code.take();
}

void emit_member_read(Code& code, const PlannedField& field, std::size_t required,
                      const json::Value* constant) {
  const auto* name = field.name.c_str();
  if (field.presence == Presence::required || field.presence == Presence::nullable)
    code.line("      required.seen({});", required);
  if (constant)
    code.line("      ::parley::json::read_constant(value, {});", detail::cpp_literal(*constant));
  else if (field.presence == Presence::optional)
    code.line("      ::parley::json::read_optional(value, key, out.{}, out.extra);", name);
  else if (field.boxed && field.presence != Presence::required)
    code.line("      if (!value.is_null()) value.read(out.{});", name);
  else
    code.line("      value.read(out.{});", name);
}

void emit_decode(Code& code, const Plan& plan, const PlannedType& type) {
  code.blank().line("void decode(::parley::json::Cursor in, {}& out) {{", type.name);
  std::string names;
  std::size_t required = 0;
  for (const auto& field : type.fields) {
    if (field.presence != Presence::required && field.presence != Presence::nullable) continue;
    ++required;
    names += (names.empty() ? "" : ", ") + cpp_string(field.field->wire);
  }
  if (required > 0) {
    code.line("  static constexpr std::string_view names[] = {{{}}};", names);
    code.line("  ::parley::json::Required<{}> required;", required);
  }
  code.line("  in.each_field([&](::parley::json::Key key, ::parley::json::Cursor value) {{");
  required = 0;
  bool first = true;
  for (const auto& field : type.fields) {
    std::string test = fmt::format("key == {}", cpp_string(field.field->wire));
    for (const auto& alias : field.field->aliases)
      test += fmt::format(" || key == {}", cpp_string(alias));
    code.line("    {}if ({}) {{", std::exchange(first, false) ? "" : "} else ", test);
    const json::Value constant = plan.resolve(field.field->type).literal;
    emit_member_read(code, field, required, field.constant ? &constant : nullptr);
    if (field.presence == Presence::required || field.presence == Presence::nullable) ++required;
  }
  if (first) {
    code.line("    ::parley::json::keep(value, key, out.extra);");
  } else {
    code.line("    }} else {{")
        .line("      ::parley::json::keep(value, key, out.extra);")
        .line("    }}");
  }
  code.line("  }});");
  if (required > 0) code.line("  required.check(in, names);");
  code.line("}}");
}

void emit_encode(Code& code, const Plan& plan, const PlannedType& type) {
  code.blank().line("void encode(::parley::json::Writer& out, const {}& message) {{", type.name);
  if (is(type, TypeDefinition::Kind::alternatives)) {
    code.line("  std::visit([&out](const auto& one) {{ out.value(one); }}, message);");
    code.line("}}");
    return;
  }
  code.line("  out.begin_object();");
  for (const auto& field : type.fields) {
    const auto wire = cpp_string(field.field->wire);
    const auto* name = field.name.c_str();
    if (field.constant)
      code.line("  out.field({}, {});", wire,
                detail::cpp_literal(plan.resolve(field.field->type).literal));
    else if (field.boxed && field.presence != Presence::required &&
             field.presence != Presence::nullable)
      code.line("  if (message.{}) out.field({}, *message.{});", name, wire, name);
    else if (field.presence == Presence::nullable && !field.boxed)
      code.line("  ::parley::json::write_nullable(out, {}, message.{});", wire, name);
    else
      code.line("  out.field({}, message.{});", wire, name);
  }
  code.line("  out.fields(message.extra);").line("  out.end_object();").line("}}");
}

std::string emit_source(const Plan& plan, const std::string& folder, bool decoders) {
  Code code;
  code.raw(detail::file_header(plan));
  code.line("#include \"{}types.hpp\"", folder).blank();
  code.line("#include \"parley/json/codec.hpp\"").blank();
  code.line("namespace {} {{", plan.cpp_namespace);
  for (const auto& type : plan.types) {
    if (!decoders && has_codec(type)) emit_encode(code, plan, type);
    if (!decoders) continue;
    if (is(type, TypeDefinition::Kind::structure)) emit_decode(code, plan, type);
    if (!is(type, TypeDefinition::Kind::alternatives)) continue;
    code.blank().line("void decode(::parley::json::Cursor in, {}& out) {{", type.name);
    detail::emit_union_decode(code, plan, type.alternatives);
    code.line("}}");
  }
  code.blank().line("}}  // namespace {}", plan.cpp_namespace);
  return code.take();
}

// What the header leaves out so that those who include it do not compile it again.
std::string emit_definitions(const Plan& plan, const std::string& folder) {
  Code code;
  code.raw(detail::file_header(plan));
  code.line("#include \"{}types.hpp\"", folder).blank();
  code.line("namespace {} {{", plan.cpp_namespace);
  for (const auto& type : plan.types) {
    if (is(type, TypeDefinition::Kind::alternatives))
      code.blank().line("{}::{}() = default;", type.name, type.name);
    if (!is(type, TypeDefinition::Kind::structure)) continue;
    define_constructors(code, plan, type);
    define_setters(code, plan, type);
    code.blank().line("bool {}::operator==(const {}&) const = default;", type.name, type.name);
  }
  code.blank().line("}}  // namespace {}", plan.cpp_namespace);
  return code.take();
}

// One literal for each type, so that no line of generated code is out of all measure.
std::string emit_schemas(const Plan& plan, const std::string& folder) {
  Code code;
  code.raw(detail::file_header(plan));
  code.line("#include \"{}types.hpp\"", folder).blank();
  code.line("namespace {} {{", plan.cpp_namespace).blank();
  code.line("std::string_view json_schemas() {{").line("  return \"{{\"");
  std::string_view comma;
  for (const auto& [name, schema] : detail::schemas_of(plan, "#/$defs/")) {
    const auto text =
        fmt::format("{}{}:{}", comma, json::to_string(json::Value(name)), json::to_string(schema));
    code.line("         {}", cpp_string(text));
    comma = ",";
  }
  code.line("         \"}}\";").line("}}");
  code.blank().line("}}  // namespace {}", plan.cpp_namespace);
  return code.take();
}

}  // namespace

std::vector<OutputFile> emit_types(const Plan& plan, const std::string& folder) {
  std::vector<OutputFile> out;
  out.emplace_back("types.hpp", emit_header(plan));
  out.emplace_back("types.cpp", emit_definitions(plan, folder));
  out.emplace_back("decode.cpp", emit_source(plan, folder, true));
  out.emplace_back("encode.cpp", emit_source(plan, folder, false));
  out.emplace_back("schema.cpp", emit_schemas(plan, folder));
  return out;
}

}  // namespace parley::schematic
