#include <algorithm>

#include <fmt/format.h>

#include "parley/schematic/detail/import_common.hpp"

namespace parley::schematic {

using detail::items_of;
using detail::members_of;
using detail::Node;

namespace {

class OpenApiImporter {
 public:
  OpenApiImporter(const Tree& document, const ImportOptions& options, Diagnostics& report)
      : options_(options),
        report_(report),
        references_(document, options, report),
        schemas_(references_, out_) {}

  std::optional<Definition> run() {
    const Node root = references_.root();
    const auto version = root.text("openapi");
    if (!version.starts_with("3.")) {
      const auto found = root.text("swagger");
      report_.error(
          root.tree->at, "E0701",
          !found.empty()    ? fmt::format("Swagger {} is not read; convert it to OpenAPI 3", found)
          : version.empty() ? std::string("this is no OpenAPI document: it has no \"openapi\"")
                            : fmt::format("OpenAPI {} is not known; 3.x is", version));
      return std::nullopt;
    }
    const auto info = root.find("info");
    out_.name = options_.name.empty() ? info.text("title") : options_.name;
    if (out_.name.empty()) out_.name = "Api";
    out_.version = info.text("version");
    out_.description = detail::text_of(info.find("description"), options_);
    read_components(root);
    read_paths(root);
    return detail::finish_import(out_, schemas_, report_);
  }

 private:
  void read_components(const Node& root) {
    const auto components = root.find("components");
    const auto schemas = components.find("schemas");
    for (const auto& member : members_of(schemas))
      schemas_.import_component(member.key, {schemas.tree->find(member.key), schemas.file});
    const auto security = components.find("securitySchemes");
    for (const auto& member : members_of(security))
      if (const auto scheme = references_.follow({security.tree->find(member.key), security.file}))
        detail::add_security(scheme, out_, report_);
    if (const auto webhooks = root.find("webhooks"))
      report_.note(webhooks.tree->at, "I0701",
                   "webhooks are calls to a server of yours and are left out");
  }

  std::string base_url(const Node& root) {
    if (!options_.base_url.empty()) return options_.base_url;
    const auto servers = root.find("servers");
    std::string url;
    if (servers && !servers.tree->items.empty())
      url = Node(&servers.tree->items[0], servers.file).text("url");
    if (url.starts_with("http://") || url.starts_with("https://")) return url;
    report_.warning(
        root.tree->at, "W0706",
        url.empty()
            ? std::string(
                  "the document names no server: base_url must be set before a client can call it")
            : fmt::format(
                  "the server \"{}\" has no host: base_url must be set before a client can call it",
                  url));
    return "https://server.invalid" + (url.starts_with('/') && url != "/" ? url : "");
  }

  void read_paths(const Node& root) {
    const auto paths = root.find("paths");
    if (!paths || paths.tree->members.empty()) {
      if (out_.types.empty())
        report_.error(root.tree->at, "E0705", "the document has neither paths nor schemas");
      return;
    }
    out_.rest.emplace();
    out_.rest->base_url = base_url(root);
    constexpr std::pair<std::string_view, std::string_view> methods[] = {
        {"get", "GET"},       {"post", "POST"}, {"put", "PUT"},        {"patch", "PATCH"},
        {"delete", "DELETE"}, {"head", "HEAD"}, {"options", "OPTIONS"}};
    for (const auto& member : paths.tree->members) {
      const auto item = references_.follow({paths.tree->find(member.key), paths.file});
      if (!item) continue;
      for (const auto& [word, method] : methods)
        if (const auto operation = item.find(word))
          read_operation(item, operation, member.key, std::string(method));
    }
    if (out_.rest->endpoints.empty()) out_.rest.reset();
  }

  void read_operation(const Node& item, const Node& operation, const std::string& path,
                      const std::string& method) {
    RestEndpoint endpoint;
    endpoint.at = operation.tree->at;
    auto id = operation.text("operationId");
    if (id.empty()) id = method + " " + path;
    std::vector<std::string> taken;
    for (const auto& other : out_.rest->endpoints) taken.push_back(other.id);
    endpoint.id = detail::unique_id(taken, pascal_name(id));
    endpoint.method = method;
    endpoint.path = path;
    endpoint.description = detail::text_of(operation.find("summary"), options_);
    read_parameters(item, endpoint);
    read_parameters(operation, endpoint);
    add_missing_path_params(endpoint);
    read_body(operation, endpoint);
    read_responses(operation, endpoint);
    if (const auto callbacks = operation.find("callbacks"))
      report_.note(callbacks.tree->at, "I0701",
                   "callbacks are calls to a server of yours and are left out");
    out_.rest->endpoints.push_back(std::move(endpoint));
  }

  void read_parameters(const Node& owner, RestEndpoint& endpoint) {
    const auto list = owner.find("parameters");
    if (!list) return;
    for (const auto& item : list.tree->items) {
      const auto parameter = references_.follow({&item, list.file});
      if (!parameter) continue;
      const auto name = parameter.text("name"), where = parameter.text("in");
      if (where != "path" && where != "query" && where != "header") {
        report_.note(parameter.tree->at, "I0701",
                     fmt::format("the parameter \"{}\" in {} is left out", name, where));
        continue;
      }
      ConnectionParam param;
      auto schema = parameter.find("schema");
      if (!schema)
        if (const auto content = parameter.find("content");
            content && !content.tree->members.empty())
          schema = Node(&content.tree->members[0].value, content.file).find("schema");
      if (schema) param = detail::import_param(schemas_, schema, name, endpoint.id + "_" + name);
      param.at = parameter.tree->at;
      param.name = name;
      param.location = where == "path"    ? ParamLocation::path
                       : where == "query" ? ParamLocation::query
                                          : ParamLocation::header;
      param.required = where == "path" || parameter.flag("required");
      param.description = detail::text_of(parameter.find("description"), options_);
      if (const auto explode = parameter.find("explode");
          explode && explode.tree->value() == json::Value(false))
        param.style = ListStyle::comma;
      std::erase_if(endpoint.params, [&](const ConnectionParam& other) {
        return other.name == param.name && other.location == param.location;
      });
      endpoint.params.push_back(std::move(param));
    }
  }

  void add_missing_path_params(RestEndpoint& endpoint) {
    std::erase_if(endpoint.params, [&](const ConnectionParam& param) {
      if (param.location != ParamLocation::path ||
          endpoint.path.find("{" + param.name + "}") != std::string::npos)
        return false;
      report_.note(param.at, "I0702",
                   fmt::format("the path parameter \"{}\" is not in \"{}\" and is left out",
                               param.name, endpoint.path));
      return true;
    });
    for (std::size_t at = endpoint.path.find('{'); at != std::string::npos;
         at = endpoint.path.find('{', at + 1)) {
      const auto end = endpoint.path.find('}', at);
      if (end == std::string::npos) return;
      const auto name = endpoint.path.substr(at + 1, end - at - 1);
      const bool known = std::ranges::any_of(endpoint.params, [&](const ConnectionParam& param) {
        return param.name == name && param.location == ParamLocation::path;
      });
      if (known) continue;
      report_.note(
          endpoint.at, "I0702",
          fmt::format("the path parameter \"{}\" is not described and is taken as text", name));
      ConnectionParam param;
      param.name = name;
      param.location = ParamLocation::path;
      param.required = true;
      endpoint.params.push_back(std::move(param));
    }
  }

  // The JSON of a content map, or its first entry as bytes.
  std::optional<Type> content_type(const Node& owner, const std::string& hint, std::string& media,
                                   Streaming* streaming) {
    const auto content = owner.find("content");
    if (!content || content.tree->members.empty()) return std::nullopt;
    for (const auto& member : content.tree->members) {
      const bool json = member.key.starts_with("application/json") ||
                        member.key.find("+json") != std::string::npos || member.key == "*/*";
      const bool events = streaming && member.key.starts_with("text/event-stream");
      if (!json && !events) continue;
      if (events) *streaming = Streaming::sse;
      const Node entry(content.tree->find(member.key), content.file);
      media = json && member.key != "*/*" ? member.key : "application/json";
      if (!entry.find("schema")) return Type(Type::Kind::json);
      Type type = schemas_.import(entry.find("schema"), hint);
      if (type.kind == Type::Kind::raw) media = member.key;
      return type;
    }
    media = content.tree->members[0].key;
    report_.note(content.tree->at, "I0702", fmt::format("{} is taken as bytes", media));
    return Type(Type::Kind::raw);
  }

  void read_body(const Node& operation, RestEndpoint& endpoint) {
    const auto body = references_.follow(operation.find("requestBody"));
    if (!body) return;
    std::string media = endpoint.request_content_type;
    endpoint.request = content_type(body, endpoint.id + "Request", media, nullptr);
    if (endpoint.request && !media.empty()) endpoint.request_content_type = media;
  }

  void read_responses(const Node& operation, RestEndpoint& endpoint) {
    const auto responses = operation.find("responses");
    for (const auto& member : members_of(responses)) {
      const auto response = references_.follow({responses.tree->find(member.key), responses.file});
      if (!response) continue;
      RestResponse out;
      out.status = 0;
      if (member.key.size() == 3 && member.key.find_first_not_of("0123456789") == std::string::npos)
        out.status = std::stoi(member.key);
      else if (member.key != "default") {
        report_.note(member.at, "I0702",
                     fmt::format("the responses {} are left to the default", member.key));
        continue;
      }
      if (out.status != 0 && (out.status < 100 || out.status > 599)) {
        report_.error(member.at, "E0105", fmt::format("\"{}\" is no HTTP status", member.key));
        continue;
      }
      out.description = detail::text_of(response.find("description"), options_);
      std::string media;
      const bool good = out.status >= 200 && out.status < 300;
      out.schema =
          content_type(response, fmt::format("{}{}Response", endpoint.id, good ? "" : member.key),
                       media, good ? &endpoint.streaming : nullptr);
      if (out.schema && out.schema->kind != Type::Kind::raw && out.schema->nullable)
        out.schema->nullable = false;
      endpoint.responses.push_back(std::move(out));
    }
  }

  const ImportOptions& options_;
  Diagnostics& report_;
  Definition out_;
  detail::References references_;
  detail::SchemaImporter schemas_;
};

}  // namespace

std::optional<Definition> import_openapi(const Tree& document, const ImportOptions& options,
                                         Diagnostics& report) {
  if (!document.is_map()) {
    report.error(document.at, "E0701", "this is no OpenAPI document: it is no map");
    return std::nullopt;
  }
  return OpenApiImporter(document, options, report).run();
}

std::optional<Definition> import_json_schema(const Tree& document, const ImportOptions& options,
                                             Diagnostics& report) {
  const auto value = document.is_scalar() ? document.value() : json::Value();
  if (!document.is_map() && !value.is_bool()) {
    report.error(document.at, "E0701", "this is no JSON Schema: it is neither a map nor a boolean");
    return std::nullopt;
  }
  Definition out;
  out.name = options.name.empty() ? "Schema" : options.name;
  detail::References references(document, options, report);
  detail::SchemaImporter schemas(references, out);
  const Type root = schemas.import_named(references.root(), "Root");
  if (root.name != "Root" && !out.find_type("Root")) {
    TypeDefinition alias;
    alias.at = document.at;
    alias.name = "Root";
    alias.kind = TypeDefinition::Kind::alias;
    alias.target = root;
    out.types.push_back(std::move(alias));
  }
  return detail::finish_import(out, schemas, report);
}

}  // namespace parley::schematic
