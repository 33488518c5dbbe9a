#include "parley/schematic/detail/cpp_session.hpp"
#include "parley/schematic/names.hpp"

namespace parley::schematic::detail {
namespace {

std::string param_type(const Plan& plan, const ConnectionParam& param) {
  const auto type = cpp_type(plan, param.param_type);
  // An empty list is not sent; everything else that may be missing is optional.
  const bool plain = param.required || plan.resolve(param.param_type).kind == Type::Kind::list;
  return plain ? type : fmt::format("std::optional<{}>", type);
}

}  // namespace

void emit_params_header(Code& code, const Plan& plan, const std::vector<PlannedParam>& params,
                        std::string_view name) {
  std::string parameters, initializers;
  int count = 0;
  for (const auto& one : params) {
    if (!one.param->required) continue;
    const char* comma = count++ == 0 ? "" : ", ";
    parameters += fmt::format("{}{} {}_value", comma, param_type(plan, *one.param), one.name);
    initializers += fmt::format("{}{}(std::move({}_value))", comma, one.name, one.name);
  }
  code.blank().line("struct {} {{", name);
  if (count == 0) {
    code.line("  {}() = default;", name);
  } else {
    code.line("  {}{}({})", count == 1 ? "explicit " : "", name, parameters);
    code.line("      : {} {{}}", initializers);
  }
  code.blank();
  for (const auto& one : params) {
    const auto& param = *one.param;
    code.comment(param.description, 2);
    std::string note = facts(param.default_value, param.min, param.max);
    if (one.name != param.name) note = cpp_string(param.name) + (note.empty() ? "" : "; " + note);
    const auto declaration = fmt::format("{} {};", param_type(plan, param), one.name);
    code.line("  {}{}{}", declaration, note.empty() ? "" : "  // ", note);
  }
  for (const auto& one : params) {
    if (one.param->required) continue;
    const auto type = cpp_type(plan, one.param->param_type);
    const auto* member = one.name.c_str();
    code.line("  {}& with_{}({} value) & {{", name, member, type);
    code.line("    {} = std::move(value);", member).line("    return *this;").line("  }}");
    code.line("  {}&& with_{}({} value) && {{", name, member, type);
    code.line("    {} = std::move(value);", member)
        .line("    return std::move(*this);")
        .line("  }}");
  }
  code.line("}};");
}

void emit_params_use(Code& code, const Plan& plan, const std::vector<PlannedParam>& params,
                     std::string_view object) {
  for (const auto& one : params) {
    const auto& param = *one.param;
    const bool comma =
        param.style == ListStyle::comma && plan.resolve(param.param_type).kind == Type::Kind::list;
    const std::string_view call = param.location == ParamLocation::path     ? "path"
                                  : param.location == ParamLocation::header ? "header"
                                  : comma                                   ? "query_list"
                                                                            : "query";
    code.line("  target.{}({}, {}.{});", call, cpp_string(param.name), object, one.name);
  }
}

void emit_api_rules(Code& code, const Plan& plan) {
  const auto& definition = *plan.definition;
  const auto pairs = [&](std::string_view name, const auto& all) {
    if (all.empty()) return;
    code.line("constexpr ::parley::api::HeaderRule {}[] = {{", name);
    for (const auto& [key, value] : all)
      code.line("    {{{}, {}}},", cpp_string(key), cpp_string(value));
    code.line("}};");
  };
  if (!definition.auth.empty()) {
    code.line("constexpr ::parley::api::AuthRule auth[] = {{");
    for (const auto& auth : definition.auth)
      code.line("    {{::parley::api::AuthRule::Kind::{}, {}, {}}},",
                auth.kind == AuthStrategy::Kind::none ? "none" : to_string(auth.kind),
                cpp_string(auth.name), cpp_string(auth.prefix));
    code.line("}};");
  }
  if (!definition.env_auth.empty()) {
    std::string names;
    for (const auto& name : definition.env_auth)
      names += (names.empty() ? "" : ", ") + cpp_string(name);
    code.line("constexpr const char* env_auth[] = {{{}}};", names);
  }
  pairs("api_headers", definition.headers);
  code.line("constexpr ::parley::api::ApiRules api = [] {{");
  code.line("  ::parley::api::ApiRules rules;");
  code.line("  rules.name = {};", cpp_string(definition.name));
  if (definition.rest) code.line("  rules.rest_url = {};", cpp_string(definition.rest->base_url));
  if (definition.websocket)
    code.line("  rules.websocket_url = {};", cpp_string(definition.websocket->base_url));
  if (!definition.auth.empty()) code.line("  rules.auth = auth;");
  if (!definition.env_auth.empty()) code.line("  rules.env_auth = env_auth;");
  if (!definition.env_username.empty())
    code.line("  rules.env_username = {};", cpp_string(definition.env_username));
  if (!definition.headers.empty()) code.line("  rules.headers = api_headers;");
  code.line("  return rules;").line("}}();");
}

std::string message_type(const Plan& plan, const PlannedMessage& message) {
  if (message.message->schema.kind == Type::Kind::raw) return pascal_name(message.message->id);
  return cpp_type(plan, message.message->schema);
}

VariantTypes message_types(const Plan& plan, const std::vector<PlannedMessage>& messages) {
  VariantTypes out;
  for (const auto& message : messages) {
    const auto type = message_type(plan, message);
    std::size_t place = 0;
    while (place < out.types.size() && out.types[place] != type) ++place;
    if (place == out.types.size()) out.types.push_back(type);
    out.places.push_back(place);
  }
  return out;
}

std::string send_name(const PlannedMessage& message) {
  return message.name.starts_with("send_") ? message.name : "send_" + message.name;
}

const std::vector<PlannedField>& fields_of(const PlannedType* type) {
  static const std::vector<PlannedField> none;
  return type ? type->fields : none;
}

const PlannedMessage* with_role(const PlannedEndpoint& endpoint, Role role) {
  for (const auto& message : endpoint.client)
    if (message.role == role) return &message;
  return nullptr;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

bool is_default_constructible(const Plan& plan, const PlannedMessage& message) {
  const PlannedType* type = plan.find(plan.resolve(message.message->schema).name);
  if (!type) return false;
  for (const auto& field : type->fields)
    if (field.presence == Presence::required && !field.constant) return false;
  return type->definition->kind == TypeDefinition::Kind::structure;
}

}  // namespace parley::schematic::detail
