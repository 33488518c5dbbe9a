#include <algorithm>
#include <set>

#include "parley/schematic/detail/cpp_session.hpp"
#include "parley/schematic/emit.hpp"
#include "parley/schematic/names.hpp"

namespace parley::schematic {

using detail::Code;

namespace {

std::string quoted(std::string_view text) {
  return json::to_string(json::Value(text));
}

std::string ts_type(const Plan& plan, const Type& type) {
  std::string out;
  switch (type.kind) {
    case Type::Kind::boolean:
      out = "boolean";
      break;
    case Type::Kind::string:
      out = "string";
      break;
    case Type::Kind::decimal:
      out = "Decimal";
      break;
    case Type::Kind::bytes:
      out = "Base64";
      break;
    case Type::Kind::raw:
      out = "ArrayBuffer";
      break;
    case Type::Kind::object:
      out = "{ [name: string]: unknown }";
      break;
    case Type::Kind::json:
      return "unknown";
    case Type::Kind::literal:
      out = json::to_string(type.literal);
      break;
    case Type::Kind::list:
      out = fmt::format("Array<{}>", ts_type(plan, type.arguments[0]));
      break;
    case Type::Kind::map:
      out = fmt::format("{{ [name: string]: {} }}", ts_type(plan, type.arguments[0]));
      break;
    case Type::Kind::tuple:
      for (const auto& argument : type.arguments)
        out += (out.empty() ? "" : ", ") + ts_type(plan, argument);
      out = "[" + out + "]";
      break;
    case Type::Kind::named:
      out = plan.find(type.name)->name;
      break;
    default:
      out = "number";
  }
  return type.nullable ? out + " | null" : out;
}

void doc(Code& code, std::string_view text, std::size_t indent) {
  if (text.empty()) return;
  std::string safe(text);
  for (std::size_t at = safe.find("*/"); at != std::string::npos; at = safe.find("*/", at))
    safe.replace(at, 2, "* /");
  std::ranges::replace(safe, '\n', ' ');
  code.line("{}/** {} */", std::string(indent, ' '), safe);
}

void emit_type(Code& code, const Plan& plan, const PlannedType& type) {
  const auto& definition = *type.definition;
  code.blank();
  doc(code, definition.description, 0);
  if (definition.kind == TypeDefinition::Kind::structure) {
    code.line("export interface {} {{", type.name);
    for (const auto& field : type.fields) {
      doc(code, field.field->description, 2);
      code.line("  {}{}: {};", quoted(field.field->wire), field.field->optional ? "?" : "",
                ts_type(plan, field.field->type));
    }
    code.line("}}");
    return;
  }
  std::string all;
  for (const auto& value : definition.values)
    all += (all.empty() ? "" : " | ") + quoted(value.wire);
  if (definition.kind == TypeDefinition::Kind::enumeration && definition.open)
    all += " | (string & {})";
  for (const auto& one : definition.alternatives)
    all += (all.empty() ? "" : " | ") + ts_type(plan, one.type);
  if (definition.kind == TypeDefinition::Kind::alternatives && definition.open)
    all += " | UnknownMessage";
  if (definition.kind == TypeDefinition::Kind::alias) all = ts_type(plan, definition.target);
  code.line("export type {} = {};", type.name, all);
}

std::string condition(const Test& test) {
  const auto path = fmt::format("at(message, {})", quoted(test.path));
  switch (test.kind) {
    case Test::Kind::present: {
      auto out = fmt::format("{} != null", path);
      for (const auto& alias : test.aliases)
        out += fmt::format(" || at(message, {}) != null", quoted(alias));
      return test.aliases.empty() ? out : "(" + out + ")";
    }
    case Test::Kind::absent:
      return fmt::format("{} == null", path);
    case Test::Kind::json_kind:
      return fmt::format("kindOf({}) === {}", path, quoted(test.json_kind));
    case Test::Kind::equals:
      break;
  }
  std::string out;
  for (const auto& value : test.values)
    out += fmt::format("{}{} === {}", out.empty() ? "" : " || ", path, json::to_string(value));
  return test.values.size() > 1 ? "(" + out + ")" : out;
}

// The name of the message that a value is: the same tests in the same order as the C++ decoder's.
void emit_guards(Code& code, const Plan& plan, const PlannedEndpoint& endpoint) {
  const auto name = pascal_name(endpoint.endpoint->id);
  std::set<std::string> types;
  std::string all;
  for (const auto& one : endpoint.server)
    if (one.message->schema.kind != Type::Kind::raw &&
        types.insert(ts_type(plan, one.message->schema)).second)
      all += (all.empty() ? "" : " | ") + ts_type(plan, one.message->schema);
  if (all.empty()) return;
  code.blank();
  doc(code, "What the server sends: " + endpoint.endpoint->id, 0);
  code.line("export type {}ServerMessage = {} | UnknownMessage;", name, all);
  std::string client;
  types.clear();
  for (const auto& one : endpoint.client)
    if (types.insert(ts_type(plan, one.message->schema)).second)
      client += (client.empty() ? "" : " | ") + ts_type(plan, one.message->schema);
  if (!client.empty()) code.line("export type {}ClientMessage = {};", name, client);
  code.blank();
  doc(code, "The id of the message that a parsed text is; empty: unknown.", 0);
  code.line("export function classify{}(message: unknown): string {{", name);
  for (const auto at : endpoint.server_messages.order) {
    const auto& one = endpoint.server_messages.alternatives[at];
    if (one.type.kind == Type::Kind::raw) continue;
    std::string tests;
    for (const auto& test : one.tests) tests += (tests.empty() ? "" : " && ") + condition(test);
    code.line("  if ({}) return {};", tests.empty() ? "true" : tests, quoted(one.label));
  }
  code.line("  return \"\";").line("}}");
  for (const auto& one : endpoint.server) {
    if (one.message->schema.kind == Type::Kind::raw) continue;
    code.line("export function is{}{}(message: unknown): message is {} {{", name,
              pascal_name(one.message->id), ts_type(plan, one.message->schema));
    code.line("  return classify{}(message) === {};", name, quoted(one.message->id)).line("}}");
  }
}

}  // namespace

OutputFile emit_typescript(const Plan& plan) {
  Code code;
  code.raw(detail::file_header(plan)).blank();
  code.line("/** Bytes as base64. */").line("export type Base64 = string;");
  code.line("/** A number as its text. */").line("export type Decimal = string;");
  code.line("/** A message that the definition does not know. */");
  code.line("export interface UnknownMessage {{ [name: string]: unknown }}");
  for (const auto& type : plan.types) emit_type(code, plan, type);
  if (plan.endpoints.empty()) return {"types.ts", code.take()};
  code.blank().raw(R"(function at(value: unknown, path: string): unknown {
  if (path === "") return value;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const object = value as { [name: string]: unknown };
  if (Object.prototype.hasOwnProperty.call(object, path)) return object[path];
  const dot = path.indexOf(".");
  return dot < 0 ? undefined : at(at(object, path.slice(0, dot)), path.slice(dot + 1));
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
void kindOf;
)");
  for (const auto& endpoint : plan.endpoints) emit_guards(code, plan, endpoint);
  return {"types.ts", code.take()};
}

}  // namespace parley::schematic
