#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/schematic/detail/json_schema.hpp"
#include "parley/schematic/detail/write_parts.hpp"
#include "parley/schematic/emit.hpp"
#include "parley/schematic/names.hpp"

namespace parley::schematic {
namespace {

const std::string kSchemas = "#/components/schemas/";

json::Object info_of(const Definition& definition) {
  json::Object info;
  info["title"] = definition.name;
  info["version"] = definition.version.empty() ? "1" : definition.version;
  if (!definition.description.empty()) info["description"] = definition.description;
  return info;
}

json::Object security_of(const AuthStrategy& auth, bool asyncapi) {
  using Kind = AuthStrategy::Kind;
  json::Object out;
  if (auth.kind == Kind::bearer || auth.kind == Kind::basic) {
    out["type"] = "http";
    out["scheme"] = auth.kind == Kind::bearer ? "bearer" : "basic";
  } else if (auth.kind == Kind::header || auth.kind == Kind::query) {
    out["type"] = asyncapi ? "httpApiKey" : "apiKey";
    out["in"] = auth.kind == Kind::header ? "header" : "query";
    out["name"] = auth.name;
  }
  return out;
}

json::Object security_schemes(const Definition& definition, bool asyncapi) {
  json::Object out;
  for (const auto& auth : definition.auth) {
    auto scheme = security_of(auth, asyncapi);
    if (!scheme.empty()) out[std::string(to_string(auth.kind))] = std::move(scheme);
  }
  return out;
}

// What AsyncAPI has no words for; read back by the importer.
json::Object message_extensions(const MessageSchema& message, std::string_view role) {
  json::Object out;
  if (role != "streaming") out["role"] = role;
  if (message.terminal) out["terminal"] = true;
  if (message.fatal) out["fatal"] = true;
  if (!message.repeatable) out["repeatable"] = false;
  if (!message.match.empty()) out["match"] = detail::match_value(message.match);
  return out;
}

json::Object message_of(const Plan& plan, const PlannedMessage& planned) {
  constexpr std::string_view roles[] = {"initialize", "streaming", "close"};
  const auto& message = *planned.message;
  json::Object out;
  out["name"] = message.id;
  if (!message.description.empty()) out["summary"] = message.description;
  const bool raw = message.schema.kind == Type::Kind::raw;
  out["contentType"] = raw ? "application/octet-stream" : "application/json";
  out["payload"] = detail::schema_of(plan, message.schema, kSchemas);
  json::Array examples;
  for (const auto& example : message.examples)
    if (!raw) examples.push_back(json::Object{{"payload", example}});
  if (!examples.empty()) out["examples"] = std::move(examples);
  auto more = message_extensions(message, roles[static_cast<std::size_t>(planned.role)]);
  if (!more.empty()) out["x-schematic"] = std::move(more);
  return out;
}

json::Object channel_of(const Plan& plan, const PlannedEndpoint& endpoint) {
  json::Object out, parameters, query, headers;
  json::Array required_query, required_headers;
  out["address"] = endpoint.endpoint->path;
  if (!endpoint.endpoint->description.empty()) out["description"] = endpoint.endpoint->description;
  for (const auto& one : endpoint.params) {
    const auto& param = *one.param;
    auto schema = detail::schema_of(plan, param.param_type, kSchemas).as_object();
    if (!param.description.empty()) schema["description"] = param.description;
    if (param.default_value) schema["default"] = *param.default_value;
    if (param.location == ParamLocation::path) {
      json::Object described;
      if (!param.description.empty()) described["description"] = param.description;
      parameters[param.name] = std::move(described);
      continue;
    }
    const bool in_query = param.location == ParamLocation::query;
    (in_query ? query : headers)[param.name] = std::move(schema);
    if (param.required) (in_query ? required_query : required_headers).emplace_back(param.name);
  }
  if (!parameters.empty()) out["parameters"] = std::move(parameters);
  json::Object binding;
  const auto add = [&](std::string_view key, json::Object& properties, json::Array& required) {
    if (properties.empty()) return;
    json::Object schema;
    schema["type"] = "object";
    schema["properties"] = std::move(properties);
    if (!required.empty()) schema["required"] = std::move(required);
    binding[key] = std::move(schema);
  };
  add("query", query, required_query);
  add("headers", headers, required_headers);
  if (!binding.empty()) {
    binding["method"] = "GET";
    out["bindings"] = json::Object{{"ws", std::move(binding)}};
  }
  return out;
}

void add_endpoint(const Plan& plan, const PlannedEndpoint& endpoint, json::Object& channels,
                  json::Object& operations) {
  auto channel = channel_of(plan, endpoint);
  json::Object messages;
  const auto& id = endpoint.endpoint->id;
  for (const bool sends : {true, false}) {
    json::Array references;
    for (const auto& message : sends ? endpoint.client : endpoint.server) {
      // A message of both directions stands once, with the roles of the first.
      if (!messages.contains(message.message->id))
        messages[message.message->id] = message_of(plan, message);
      references.push_back(json::Object{
          {"$ref", fmt::format("#/channels/{}/messages/{}", id, message.message->id)}});
    }
    if (references.empty()) continue;
    json::Object operation;
    operation["action"] = sends ? "send" : "receive";
    operation["channel"] = json::Object{{"$ref", "#/channels/" + id}};
    operation["messages"] = std::move(references);
    operations[(sends ? "send" : "receive") + id] = std::move(operation);
  }
  channel["messages"] = std::move(messages);
  channels[id] = std::move(channel);
}

std::string host_of(std::string_view url, std::string& path) {
  auto rest = url.substr(url.find("://") + 3);
  const auto slash = rest.find('/');
  path = slash == std::string_view::npos ? "" : std::string(rest.substr(slash));
  return std::string(rest.substr(0, slash));
}

}  // namespace

OutputFile emit_asyncapi(const Plan& plan) {
  const auto& definition = *plan.definition;
  json::Object out, server, channels, operations, components;
  out["asyncapi"] = "3.0.0";
  out["info"] = info_of(definition);
  std::string path;
  const auto& url = definition.websocket->base_url;
  server["host"] = host_of(url, path);
  if (!path.empty()) server["pathname"] = path;
  server["protocol"] = url.substr(0, url.find(':'));
  auto schemes = security_schemes(definition, true);
  if (!schemes.empty()) {
    json::Array security;
    for (const auto& [name, scheme] : schemes)
      security.push_back(
          json::Object{{"$ref", "#/components/securitySchemes/" + std::string(name)}});
    server["security"] = std::move(security);
    components["securitySchemes"] = std::move(schemes);
  }
  out["servers"] = json::Object{{"main", std::move(server)}};
  for (const auto& endpoint : plan.endpoints) add_endpoint(plan, endpoint, channels, operations);
  out["channels"] = std::move(channels);
  out["operations"] = std::move(operations);
  components["schemas"] = detail::schemas_of(plan, kSchemas);
  out["components"] = std::move(components);
  out["x-schematic-perspective"] = "client";
  return {"asyncapi.json", json::to_pretty_string(out) + "\n"};
}

namespace {

json::Object rest_operation(const Plan& plan, const PlannedRest& rest) {
  const auto& endpoint = *rest.endpoint;
  json::Object out, responses;
  out["operationId"] = endpoint.id;
  if (!endpoint.description.empty()) out["summary"] = endpoint.description;
  json::Array parameters;
  for (const auto& one : rest.params) {
    const auto& param = *one.param;
    json::Object written;
    written["name"] = param.name;
    written["in"] = to_string(param.location);
    if (param.required) written["required"] = true;
    if (!param.description.empty()) written["description"] = param.description;
    if (param.style == ListStyle::comma) written["explode"] = false;
    written["schema"] = detail::schema_of(plan, param.param_type, kSchemas);
    parameters.push_back(std::move(written));
  }
  if (!parameters.empty()) out["parameters"] = std::move(parameters);
  const auto content = [&](const Type& type, const std::string& media) {
    json::Object inner;
    inner[media] = json::Object{{"schema", detail::schema_of(plan, type, kSchemas)}};
    return inner;
  };
  if (endpoint.request)
    out["requestBody"] = json::Object{
        {"required", true}, {"content", content(*endpoint.request, endpoint.request_content_type)}};
  for (const auto& response : endpoint.responses) {
    json::Object written;
    written["description"] = response.description;
    const bool good = response.status >= 200 && response.status < 300;
    const bool events = good && endpoint.streaming == Streaming::sse;
    if (response.schema)
      written["content"] = content(*response.schema, events ? "text/event-stream"
                                                     : response.schema->kind == Type::Kind::raw
                                                         ? "application/octet-stream"
                                                         : "application/json");
    responses[response.status == 0 ? "default" : std::to_string(response.status)] =
        std::move(written);
  }
  out["responses"] = std::move(responses);
  return out;
}

}  // namespace

OutputFile emit_openapi(const Plan& plan) {
  const auto& definition = *plan.definition;
  json::Object out, paths, components;
  out["openapi"] = "3.1.0";
  out["info"] = info_of(definition);
  out["servers"] = json::Array{json::Object{{"url", definition.rest->base_url}}};
  for (const auto& rest : plan.rest) {
    auto& path = paths[rest.endpoint->path];
    if (!path.is_object()) path = json::Object();
    path.as_object()[to_lower_ascii(rest.endpoint->method)] = rest_operation(plan, rest);
  }
  out["paths"] = std::move(paths);
  components["schemas"] = detail::schemas_of(plan, kSchemas);
  auto schemes = security_schemes(definition, false);
  if (!schemes.empty()) {
    json::Array security;
    for (const auto& [name, scheme] : schemes)
      security.push_back(json::Object{{name, json::Array()}});
    out["security"] = std::move(security);
    components["securitySchemes"] = std::move(schemes);
  }
  out["components"] = std::move(components);
  return {"openapi.json", json::to_pretty_string(out) + "\n"};
}

}  // namespace parley::schematic
