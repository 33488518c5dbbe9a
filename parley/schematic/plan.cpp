#include "parley/schematic/plan.hpp"

#include <algorithm>
#include <functional>
#include <set>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/schematic/detail/unions.hpp"
#include "parley/schematic/names.hpp"

namespace parley::schematic {

const PlannedType* Plan::find(std::string_view type_name) const {
  const auto found = index.find(type_name);
  return found == index.end() ? nullptr : &types[found->second];
}

Type Plan::resolve(const Type& type) const {
  Type at = type;
  for (int steps = 0; steps < 64 && at.kind == Type::Kind::named; ++steps) {
    const PlannedType* found = find(at.name);
    if (!found || found->definition->kind != TypeDefinition::Kind::alias) break;
    const bool nullable = at.nullable;
    at = found->definition->target;
    at.nullable = at.nullable || nullable;
  }
  return at;
}

namespace {

class Planner {
 public:
  Planner(const Definition& definition, Diagnostics& diagnostics) : diagnostics_(diagnostics) {
    plan_.definition = &definition;
  }

  std::optional<Plan> make() {
    const auto& definition = *plan_.definition;
    plan_.cpp_namespace =
        definition.cpp_namespace.empty() ? namespace_of(definition.name) : definition.cpp_namespace;
    const auto last = plan_.cpp_namespace.rfind(':');
    plan_.file_name =
        last == std::string::npos ? plan_.cpp_namespace : plan_.cpp_namespace.substr(last + 1);
    name_types();
    check_names();
    if (diagnostics_.has_errors()) return std::nullopt;
    for (auto& type : plan_.types) plan_fields(type);
    for (auto& type : plan_.types) plan_alternatives(type);
    plan_endpoints();
    if (diagnostics_.has_errors()) return std::nullopt;
    detail::order_types(plan_, diagnostics_);
    if (diagnostics_.has_errors()) return std::nullopt;
    return std::move(plan_);
  }

 private:
  static std::string namespace_of(const std::string& name) {
    NameScope scope;
    return scope.take(snake_name(name));
  }

  void name_types() {
    NameScope scope;
    for (const auto& type : plan_.definition->types) {
      PlannedType& planned = plan_.types.emplace_back();
      planned.definition = &type;
      planned.name = scope.take(pascal_name(type.name));
      if (!plan_.index.emplace(type.name, plan_.types.size() - 1).second)
        diagnostics_.error(type.at, "E0202",
                           fmt::format("the type {} is defined twice", type.name));
      if (planned.name != pascal_name(type.name))
        diagnostics_.warning(
            type.at, "W0501",
            fmt::format("the type {} is named {} in C++", type.name, planned.name));
    }
  }

  void check_type(const Type& type, Location at) {
    for (const auto& argument : type.arguments) check_type(argument, at);
    if (type.kind != Type::Kind::named || plan_.find(type.name)) return;
    std::vector<std::string_view> names = {"bool", "string", "int32", "int64", "float64", "bytes"};
    for (const auto& known : plan_.definition->types) names.push_back(known.name);
    const auto near = nearest_name(type.name, names);
    diagnostics_.error(at, "E0201",
                       fmt::format("there is no type {}{}", type.name,
                                   near ? fmt::format("; did you mean {}?", *near) : ""));
  }

  void check_names() {
    for (const auto& type : plan_.definition->types) {
      for (const auto& field : type.fields) check_type(field.type, field.at);
      for (const auto& one : type.alternatives) check_type(one.type, one.at);
      if (type.kind == TypeDefinition::Kind::alias) check_type(type.target, type.at);
      for (const auto& included : type.includes) {
        const PlannedType* base = plan_.find(included);
        if (!base || base->definition->kind != TypeDefinition::Kind::structure)
          diagnostics_.error(
              type.at, "E0201",
              fmt::format("{} includes {}, which is no type with fields", type.name, included));
      }
    }
    if (const auto& api = plan_.definition->websocket)
      for (const auto& endpoint : api->endpoints) {
        for (const auto& param : endpoint.connection_params) check_type(param.param_type, param.at);
        const auto& cycle = endpoint.lifecycle;
        if (cycle.initialize) check_type(cycle.initialize->schema, cycle.initialize->at);
        if (cycle.close) check_type(cycle.close->schema, cycle.close->at);
        for (const auto& message : cycle.streaming_messages) check_type(message.schema, message.at);
        for (const auto& message : cycle.server_messages) check_type(message.schema, message.at);
      }
    if (const auto& api = plan_.definition->rest)
      for (const auto& endpoint : api->endpoints) {
        for (const auto& param : endpoint.params) check_type(param.param_type, param.at);
        if (endpoint.request) check_type(*endpoint.request, endpoint.at);
        for (const auto& response : endpoint.responses)
          if (response.schema) check_type(*response.schema, endpoint.at);
      }
  }

  void collect_fields(const TypeDefinition& type, std::vector<const Field*>& out, int depth) {
    if (depth > 16)
      return diagnostics_.error(type.at, "E0206", fmt::format("{} includes itself", type.name));
    for (const auto& included : type.includes)
      collect_fields(*plan_.find(included)->definition, out, depth + 1);
    for (const auto& field : type.fields) {
      const auto same = std::ranges::find(out, field.wire, &Field::wire);
      if (same == out.end())
        out.push_back(&field);
      else if (!type.includes.empty())
        *same = &field;  // a type may say more about a field that it includes
      else
        diagnostics_.error(field.at, "E0203",
                           fmt::format("{} has two fields \"{}\"", type.name, field.wire));
    }
  }

  void plan_fields(PlannedType& type) {
    NameScope scope;
    for (const auto& value : type.definition->values)
      type.enumerators.push_back(
          scope.take(snake_name(value.name.empty() ? value.wire : value.name)));
    std::vector<const Field*> fields;
    collect_fields(*type.definition, fields, 0);
    for (const Field* field : fields) {
      PlannedField& planned = type.fields.emplace_back();
      planned.field = field;
      planned.name = scope.take(snake_name(field->name.empty() ? field->wire : field->name));
      const Type target = plan_.resolve(field->type);
      if (field->optional)
        planned.presence = target.nullable ? Presence::maybe : Presence::optional;
      else
        planned.presence = target.nullable ? Presence::nullable : Presence::required;
      planned.constant =
          target.kind == Type::Kind::literal && planned.presence == Presence::required;
      if (target.kind == Type::Kind::raw)
        diagnostics_.error(
            field->at, "E0104",
            fmt::format("\"{}\": raw is for whole messages; use bytes", field->wire));
    }
  }

  void plan_alternatives(PlannedType& type) {
    if (type.definition->kind != TypeDefinition::Kind::alternatives) return;
    std::vector<detail::UnionInput> inputs;
    for (const auto& one : type.definition->alternatives) {
      detail::UnionInput& input = inputs.emplace_back();
      input.type = one.type;
      input.label = to_string(one.type);
      input.match = &one.match;
      input.at = one.at.line ? one.at : type.definition->at;
    }
    type.alternatives = detail::plan_union(plan_, inputs, type.definition->open, diagnostics_);
  }

  static void plan_params(const std::vector<ConnectionParam>& params,
                          std::vector<PlannedParam>& out) {
    NameScope scope;
    for (const auto& param : params) {
      PlannedParam& planned = out.emplace_back();
      planned.param = &param;
      planned.name = scope.take(snake_name(param.name));
    }
  }

  void plan_messages(PlannedEndpoint& endpoint) {
    NameScope client, server;
    const auto add = [](std::vector<PlannedMessage>& to, NameScope& scope,
                        const MessageSchema& message, Role role) {
      PlannedMessage& planned = to.emplace_back();
      planned.message = &message;
      planned.role = role;
      planned.name = scope.take(snake_name(message.id));
    };
    const auto& cycle = endpoint.endpoint->lifecycle;
    if (cycle.initialize) add(endpoint.client, client, *cycle.initialize, Role::initialize);
    for (const auto& message : cycle.streaming_messages)
      add(endpoint.client, client, message, Role::streaming);
    if (cycle.close) add(endpoint.client, client, *cycle.close, Role::close);
    for (const auto& message : cycle.server_messages)
      add(endpoint.server, server, message, Role::streaming);
    std::vector<detail::UnionInput> inputs;
    for (const auto& message : cycle.server_messages) {
      detail::UnionInput& input = inputs.emplace_back();
      input.type = message.schema;
      input.label = message.id;
      input.match = &message.match;
      input.binary = message.schema.kind == Type::Kind::raw;
      input.at = message.at;
    }
    const auto binaries = std::ranges::count(inputs, true, &detail::UnionInput::binary);
    if (binaries > 1)
      diagnostics_.error(
          endpoint.endpoint->at, "E0403",
          fmt::format("{} has {} binary messages from the server; their bytes do not "
                      "tell them apart",
                      endpoint.endpoint->id, binaries));
    endpoint.server_messages = detail::plan_union(plan_, inputs, true, diagnostics_);
  }

  void plan_endpoints() {
    NameScope scope;
    for (const char* taken : {"types", "rest", "client", "fwd"}) scope.reserve(taken);
    if (const auto& api = plan_.definition->websocket)
      for (const auto& endpoint : api->endpoints) {
        PlannedEndpoint& planned = plan_.endpoints.emplace_back();
        planned.endpoint = &endpoint;
        planned.name = scope.take(snake_name(endpoint.id));
        plan_params(endpoint.connection_params, planned.params);
        plan_messages(planned);
      }
    NameScope functions;
    functions.reserve("transport");
    if (const auto& api = plan_.definition->rest)
      for (const auto& endpoint : api->endpoints) {
        PlannedRest& planned = plan_.rest.emplace_back();
        planned.endpoint = &endpoint;
        planned.name = functions.take(snake_name(endpoint.id));
        plan_params(endpoint.params, planned.params);
      }
  }

  Diagnostics& diagnostics_;
  Plan plan_;
};

}  // namespace

std::optional<Plan> make_plan(const Definition& definition, Diagnostics& diagnostics) {
  return Planner(definition, diagnostics).make();
}

}  // namespace parley::schematic
