#include <algorithm>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/schematic/detail/schema_importer.hpp"
#include "parley/schematic/plan.hpp"

namespace parley::schematic::detail {
namespace {

constexpr int max_depth = 100;

std::optional<double> number_of(const Node& schema, std::string_view key) {
  const auto found = schema.find(key);
  if (!found) return std::nullopt;
  const auto value = found.tree->value();
  return value.is_number() ? std::optional(value.to_number<double>()) : std::nullopt;
}

bool mentions(const Type& type, const std::string& name) {
  return type.name == name || std::ranges::any_of(type.arguments, [&](const Type& argument) {
           return mentions(argument, name);
         });
}

void replace(Type& type, const std::string& name, const Type& by) {
  for (auto& argument : type.arguments) replace(argument, name, by);
  if (type.name != name) return;
  const bool nullable = type.nullable || by.nullable;
  type = by;
  type.nullable = nullable && by.kind != Type::Kind::json;
}

}  // namespace

void SchemaImporter::note(const Node& at, std::string_view code, const std::string& text) {
  references_.report().note(at.tree ? at.tree->at : Location(), code,
                            at.file.empty() ? text : at.file + ": " + text);
}

std::string SchemaImporter::description_of(const Node& schema) const {
  return references_.options().descriptions
             ? std::string(trim(std::string_view(
                   schema.find("description") && schema.find("description").tree->is_scalar()
                       ? schema.find("description").tree->text
                       : schema.tree->text)))
             : std::string();
}

std::string SchemaImporter::take_name(const std::string& hint) {
  return names_.take(pascal_name(hint));
}

Type SchemaImporter::add(TypeDefinition type, const std::string& hint) {
  if (type.name.empty()) type.name = take_name(hint);
  auto result = Type::named(type.name);
  places_[type.name] = type.at;
  out_.types.push_back(std::move(type));
  return result;
}

Type SchemaImporter::import(Node schema, const std::string& hint) {
  struct Depth {
    explicit Depth(int& of) : depth(of) { ++depth; }
    ~Depth() { --depth; }
    int& depth;
  } depth(depth_);
  if (!schema) return Type(Type::Kind::json);
  if (depth_ > max_depth) {
    references_.report().error(schema.tree->at, "E0704", "schemas are nested too deeply");
    return Type(Type::Kind::json);
  }
  if (schema.tree->is_scalar()) {
    const auto value = schema.tree->value();
    if (!value.is_bool())
      references_.report().error(schema.tree->at, "E0704", "a schema must be a map or a boolean");
    else if (!value.as_bool())
      note(schema, "I0702", "a schema that allows nothing is taken as json");
    return Type(Type::Kind::json);
  }
  if (!schema.tree->is_map()) {
    references_.report().error(schema.tree->at, "E0704", "a schema must be a map or a boolean");
    return Type(Type::Kind::json);
  }
  const auto target = References::target_of(schema);
  Type type = target.empty() ? by_keyword(schema, hint) : by_reference(schema, target);
  if (schema.flag("nullable")) type.nullable = true;
  type.at = schema.tree->at;
  return type;
}

Type SchemaImporter::import_named(Node schema, const std::string& hint) {
  Type type = import(schema, hint);
  if (type.kind == Type::Kind::named && !type.nullable) return type;
  TypeDefinition alias;
  alias.at = schema ? schema.tree->at : Location();
  alias.kind = TypeDefinition::Kind::alias;
  alias.target = type;
  return add(std::move(alias), hint);
}

void SchemaImporter::import_component(const std::string& name, Node schema) {
  std::string escaped;
  for (const char c : name) escaped += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  by_reference(schema, "#/components/schemas/" + escaped);
}

Type SchemaImporter::by_reference(const Node& schema, const std::string& target) {
  if (const auto known = by_target_.find(target); known != by_target_.end())
    return Type::named(known->second);
  if (const auto known = simple_.find(target); known != simple_.end()) return known->second;
  const Node found = references_.find(target, schema.tree->at);
  if (!found) return Type(Type::Kind::json);
  // A reference to what is being read stands for it until it is known.
  const std::string stand_in = "\x01" + target;
  if (!open_.insert(target).second) {
    used_.insert(target);
    return Type::named(stand_in);
  }
  const auto hint = last_part(target);
  Type type = import(found, hint);
  open_.erase(target);
  if (used_.erase(target) > 0) {
    if (mentions(type, stand_in)) {
      note(found, "I0702",
           fmt::format("{} holds itself without a structure between and is taken as json", hint));
      type = Type(Type::Kind::json);
    }
    for (auto& made : out_.types) {
      for (auto& field : made.fields) replace(field.type, stand_in, type);
      for (auto& one : made.alternatives) replace(one.type, stand_in, type);
      replace(made.target, stand_in, type);
    }
    for (auto& [other, known] : simple_) replace(known, stand_in, type);
  }
  if (type.kind == Type::Kind::named && !type.nullable)
    by_target_[target] = type.name;
  else
    simple_[target] = type;
  return type;
}

std::optional<Type> SchemaImporter::fern_type(const Node& schema) {
  auto text = schema.text("x-fern-type");
  if (text.empty()) return std::nullopt;
  constexpr std::string_view prefix = "literal<";
  if (text.starts_with(prefix) && text.ends_with('>')) {
    auto literal = parse_type(text.substr(prefix.size(), text.size() - prefix.size() - 1));
    if (literal && literal->kind == Type::Kind::literal) return *literal;
  }
  auto type = parse_type(text == "double" ? "float64" : text);
  if (type && type->kind == Type::Kind::list && type->arguments[0].kind != Type::Kind::named)
    return *type;
  return std::nullopt;
}

std::optional<Type> SchemaImporter::literal_or_enum(const Node& schema, const std::string& hint) {
  const auto usable = [](const json::Value& value) {
    return value.is_string() || value.is_bool() || value.is_int64();
  };
  if (const auto constant = schema.find("const")) {
    const auto value = constant.tree->value();
    if (usable(value)) return Type::constant(value);
    note(constant, "I0702", "a constant that is no text, boolean or whole number is taken as json");
    return Type(Type::Kind::json);
  }
  const auto values = schema.find("enum");
  if (!values || !values.tree->is_list() || values.tree->items.empty()) return std::nullopt;
  TypeDefinition type;
  type.at = schema.tree->at;
  type.kind = TypeDefinition::Kind::enumeration;
  bool nullable = false, texts = true, whole = true;
  std::optional<json::Value> single;
  for (const auto& item : values.tree->items) {
    const auto value = item.value();
    // A plain scalar in a schema of type string is its text, whatever YAML takes it for.
    const bool text = value.is_string() ||
                      (schema.text("type") == "string" && item.is_scalar() && !value.is_null());
    if (value.is_null()) {
      nullable = true;
      continue;
    }
    texts = texts && text;
    whole = whole && value.is_int64();
    single = text ? json::Value(item.text) : value;
    const bool known =
        std::ranges::find(type.values, item.text, &EnumValue::wire) != type.values.end();
    if (text && !known) type.values.emplace_back(item.text);
  }
  const auto count = values.tree->items.size() - (nullable ? 1 : 0);
  Type result(Type::Kind::json);
  if (count == 1 && single && usable(*single)) {
    result = Type::constant(*single);
  } else if (texts && !type.values.empty()) {
    type.description = description_of(schema);
    result = add(std::move(type), hint);
  } else if (whole) {
    note(values, "I0702", "an enumeration of numbers is taken as int64");
    result = Type(Type::Kind::int64);
  } else {
    note(values, "I0702", "an enumeration of values of several kinds is taken as json");
  }
  result.nullable = nullable && result.kind != Type::Kind::json;
  return result;
}

void SchemaImporter::note_dropped(const Node& schema) {
  constexpr std::string_view keywords[] = {"not",
                                           "if",
                                           "then",
                                           "else",
                                           "patternProperties",
                                           "propertyNames",
                                           "dependencies",
                                           "contains",
                                           "uniqueItems",
                                           "unevaluatedProperties",
                                           "multipleOf",
                                           "pattern",
                                           "minProperties",
                                           "maxProperties",
                                           "dependentSchemas",
                                           "dependentRequired"};
  for (const auto keyword : keywords)
    if (const auto found = schema.find(keyword))
      note(found, "I0701", fmt::format("\"{}\" is not checked by the generated types", keyword));
}

Type SchemaImporter::by_keyword(const Node& schema, const std::string& hint) {
  note_dropped(schema);
  if (auto type = fern_type(schema)) return *type;
  if (auto type = literal_or_enum(schema, hint)) return *type;
  if (const auto list = schema.find("allOf"); list && list.tree->is_list())
    return all_of(schema, list, hint);
  for (const char* keyword : {"oneOf", "anyOf"})
    if (const auto list = schema.find(keyword);
        list && list.tree->is_list() && !list.tree->items.empty()) {
      if (schema.find("properties"))
        note(schema, "I0702",
             fmt::format("the properties beside \"{}\" are left to its alternatives", keyword));
      return any_of(schema, list, hint);
    }
  const auto word = schema.find("type");
  if (word && word.tree->is_list()) {
    std::vector<std::string> kinds;
    bool nullable = false;
    for (const auto& item : word.tree->items)
      if (item.text == "null")
        nullable = true;
      else
        kinds.push_back(item.text);
    Type type(Type::Kind::json);
    if (kinds.size() == 1)
      type = by_type(schema, kinds[0], hint);
    else
      note(word, "I0702", "a value of several kinds is taken as json");
    type.nullable = nullable && type.kind != Type::Kind::json;
    return type;
  }
  return by_type(schema, schema.text("type"), hint);
}

Type SchemaImporter::by_type(const Node& schema, const std::string& word, const std::string& hint) {
  const auto format = schema.text("format");
  if (word == "string") {
    const bool base64 = format == "byte" || schema.text("contentEncoding") == "base64";
    if (format == "binary") return Type(Type::Kind::raw);
    return Type(base64 ? Type::Kind::bytes : Type::Kind::string);
  }
  if (word == "integer") {
    if (format == "int32") return Type(Type::Kind::int32);
    if (format == "uint32") return Type(Type::Kind::uint32);
    return Type(format == "uint64" ? Type::Kind::uint64 : Type::Kind::int64);
  }
  if (word == "number") return Type(Type::Kind::float64);
  if (word == "boolean") return Type(Type::Kind::boolean);
  if (word == "array") return array(schema, hint);
  if (word == "object") return object(schema, hint);
  if (word == "null") {
    note(schema, "I0702", "a value that is always null is taken as json");
    return Type(Type::Kind::json);
  }
  if (!word.empty()) {
    references_.report().error(schema.find("type").tree->at, "E0704",
                               fmt::format("\"{}\" is no type of JSON Schema", word));
    return Type(Type::Kind::json);
  }
  if (schema.find("properties")) {
    note(schema, "I0702", "a schema with properties and without a type is taken as an object");
    return object(schema, hint);
  }
  if (schema.find("items") || schema.find("prefixItems")) {
    note(schema, "I0702", "a schema with items and without a type is taken as an array");
    return array(schema, hint);
  }
  if (!schema.tree->members.empty() &&
      (schema.find("required") || schema.find("additionalProperties")))
    note(schema, "I0702", "a schema without type and properties is taken as json");
  return Type(Type::Kind::json);
}

Type SchemaImporter::array(const Node& schema, const std::string& hint) {
  auto items = schema.find("items");
  auto first = schema.find("prefixItems");
  if (items && items.tree->is_list()) first = items;
  if (first && first.tree->is_list() && !first.tree->items.empty()) {
    // Only a tuple that is closed and whose elements are all there is one.
    const auto more = schema.find(first.tree == items.tree ? "additionalItems" : "items");
    const bool closed = more && (more.tree->value() == json::Value(false) || more.find("not"));
    const auto least = number_of(schema, "minItems");
    const bool whole =
        closed &&
        (more.find("not") || (least && *least >= static_cast<double>(first.tree->items.size())));
    if (whole) {
      Type tuple(Type::Kind::tuple);
      for (std::size_t i = 0; i < first.tree->items.size(); ++i)
        tuple.arguments.push_back(
            import({&first.tree->items[i], schema.file}, fmt::format("{}Item{}", hint, i + 1)));
      return tuple;
    }
    note(
        first, "I0702",
        "an array with a type for each place that may be shorter or longer is taken as list<json>");
    return Type::list(Type(Type::Kind::json));
  }
  if (!items) return Type::list(Type(Type::Kind::json));
  Type element = import(items, hint + "Item");
  if (element.kind == Type::Kind::raw) element = Type(Type::Kind::string);
  return Type::list(std::move(element));
}

}  // namespace parley::schematic::detail
