#include "parley/schematic/detail/import_common.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "parley/schematic/detail/unions.hpp"

namespace parley::schematic::detail {

std::string text_of(const Node& node, const ImportOptions& options) {
  if (!options.descriptions || !node || !node.tree->is_scalar()) return {};
  std::string out = node.tree->text;
  while (!out.empty() && (out.back() == '\n' || out.back() == ' ')) out.pop_back();
  return out;
}

ConnectionParam import_param(SchemaImporter& schemas, const Node& schema, const std::string& name,
                             const std::string& hint) {
  ConnectionParam param;
  param.name = name;
  param.at = schema.tree->at;
  Type type = schemas.import(schema, hint);
  // Parameters are texts: what has no form of its own goes as a text.
  const bool list = type.kind == Type::Kind::list;
  const Type& element = list ? type.arguments[0] : type;
  const bool plain = element.kind != Type::Kind::object && element.kind != Type::Kind::map &&
                     element.kind != Type::Kind::list && element.kind != Type::Kind::tuple &&
                     element.kind != Type::Kind::json && element.kind != Type::Kind::raw &&
                     element.kind != Type::Kind::bytes;
  if (!plain) type = list ? Type::list(Type(Type::Kind::string)) : Type(Type::Kind::string);
  type.nullable = false;
  if (list) type.arguments[0].nullable = false;
  param.param_type = type;
  return param;
}

void set_default(ConnectionParam& param, const Node& value, Diagnostics& report) {
  const auto found = value.tree->value();
  const auto kind = param.param_type.kind;
  const bool fits = kind == Type::Kind::boolean                              ? found.is_bool()
                    : kind == Type::Kind::int64 || kind == Type::Kind::int32 ? found.is_int64()
                    : kind == Type::Kind::float64                            ? found.is_number()
                    : kind == Type::Kind::list                               ? found.is_array()
                                                                             : found.is_string();
  if (fits)
    param.default_value = found;
  else
    report.note(value.tree->at, "I0702",
                fmt::format("the default {} of \"{}\" is no value of its type and is left out",
                            json::to_string(found), param.name));
}

Node payload_of_traits(References& references, const Node& message) {
  const auto traits = message.find("traits");
  for (const auto& item : items_of(traits)) {
    const auto trait = references.follow({&item, traits.file});
    if (trait && trait.find("payload")) return trait.find("payload");
  }
  return {};
}

void add_security(const Node& scheme, Definition& out, Diagnostics& report) {
  AuthStrategy auth;
  const auto type = scheme.text("type"), word = scheme.text("scheme");
  const auto where = scheme.text("in"), name = scheme.text("name");
  if ((type == "http" && word == "bearer") || type == "oauth2" || type == "openIdConnect") {
    auth.kind = AuthStrategy::Kind::bearer;
  } else if ((type == "http" && word == "basic") || type == "userPassword") {
    auth.kind = AuthStrategy::Kind::basic;
  } else if ((type == "apiKey" || type == "httpApiKey") && where == "header") {
    auth.kind = AuthStrategy::Kind::header;
    auth.name = name;
  } else if ((type == "apiKey" || type == "httpApiKey") && where == "query") {
    auth.kind = AuthStrategy::Kind::query;
    auth.name = name;
  } else {
    report.note(scheme.tree->at, "I0701",
                fmt::format("the security scheme \"{}\"{} is left out", type,
                            where.empty() ? "" : " in " + where));
    return;
  }
  if (std::ranges::find(out.auth, auth) == out.auth.end()) out.auth.push_back(std::move(auth));
}

std::string unique_id(const std::vector<std::string>& taken, std::string id) {
  const auto base = id;
  for (int n = 2; std::ranges::find(taken, id) != taken.end(); ++n)
    id = fmt::format("{}{}", base, n);
  return id;
}

namespace {

// True where a client could not tell one from the other.
bool ambiguous(const Plan& plan, const MessageSchema& a, const MessageSchema& b) {
  std::vector<UnionInput> pair(2);
  for (const auto& [message, input] : {std::pair(&a, &pair[0]), std::pair(&b, &pair[1])}) {
    input->type = message->schema;
    input->label = message->id;
    input->match = &message->match;
    input->binary = message->schema.kind == Type::Kind::raw;
  }
  Diagnostics findings;
  plan_union(plan, pair, true, findings);
  return findings.has_errors() || (pair[0].binary && pair[1].binary);
}

// Server messages that cannot be told apart become one whose value is any JSON.
bool join_ambiguous(Definition& out, Diagnostics& report) {
  if (!out.websocket) return false;
  bool changed = false;
  Definition types;
  types.name = "types";
  types.types = out.types;
  Diagnostics ignored;
  const auto plan = make_plan(types, ignored);
  if (!plan) return false;
  for (auto& endpoint : out.websocket->endpoints) {
    auto& messages = endpoint.lifecycle.server_messages;
    std::vector<bool> joined(messages.size());
    std::string names;
    for (std::size_t i = 0; i < messages.size(); ++i)
      for (std::size_t k = i + 1; k < messages.size(); ++k)
        if (ambiguous(*plan, messages[i], messages[k])) joined[i] = joined[k] = true;
    std::vector<MessageSchema> kept;
    MessageSchema other;
    for (std::size_t i = 0; i < messages.size(); ++i) {
      if (!joined[i]) {
        kept.push_back(std::move(messages[i]));
        continue;
      }
      if (names.empty()) other.at = messages[i].at;
      names += (names.empty() ? "" : ", ") + messages[i].id;
      other.id += messages[i].id;
    }
    if (!names.empty()) {
      changed = true;
      if (other.id.size() > 60) other.id = endpoint.id + "Message";
      std::vector<std::string> taken;
      for (const auto& type : out.types) taken.push_back(type.name);
      TypeDefinition any;
      any.name = unique_id(taken, other.id + "Value");
      any.kind = TypeDefinition::Kind::alias;
      any.target = Type(Type::Kind::json);
      any.at = other.at;
      other.schema = Type::named(any.name);
      other.direction = MessageDirection::server_to_client;
      report.note(
          other.at, "I0705",
          fmt::format("{} cannot be told apart and arrive as one message of any JSON; give them "
                      "a match to have their types",
                      names));
      out.types.push_back(std::move(any));
      kept.push_back(std::move(other));
    }
    messages = std::move(kept);
  }
  return changed;
}

}  // namespace

std::optional<Definition> finish_import(Definition& definition, SchemaImporter& schemas,
                                        Diagnostics& report) {
  schemas.settle();
  // What was joined may be like what was not.
  for (int round = 0; round < 8 && join_ambiguous(definition, report);) ++round;
  if (report.has_errors()) return std::nullopt;
  Diagnostics findings;
  check(definition, findings);
  for (const auto& one : findings.all())
    if (one.severity == Severity::error) report.error(one.at, one.code, one.message);
  if (report.has_errors()) return std::nullopt;
  return std::move(definition);
}

}  // namespace parley::schematic::detail
