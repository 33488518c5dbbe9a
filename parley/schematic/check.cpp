#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/schematic/definition.hpp"
#include "parley/schematic/plan.hpp"

namespace parley::schematic {
namespace {

class Checker {
 public:
  Checker(const Definition& definition, Diagnostics& diagnostics)
      : definition_(definition), diagnostics_(diagnostics) {}

  void run() {
    if (definition_.name.empty()) error({}, "E0103", "the definition has no name");
    if (definition_.rest) check_rest(*definition_.rest);
    if (definition_.websocket) check_websocket(*definition_.websocket);
    for (const auto& type : definition_.types) check_type(type);
    if (!definition_.rest && !definition_.websocket && definition_.types.empty())
      error({}, "E0103", "there is nothing to generate: no rest, no websocket, no types");
    if (diagnostics_.has_errors()) return;
    const auto plan = make_plan(definition_, diagnostics_);
    if (plan) check_use(*plan);
  }

 private:
  void error(Location at, std::string_view code, std::string message) {
    diagnostics_.error(at, code, std::move(message));
  }

  void check_type(const TypeDefinition& type) {
    std::set<std::string_view> values;
    for (const auto& value : type.values)
      if (!values.insert(value.wire).second)
        error(value.at, "E0204",
              fmt::format("{} has the value \"{}\" twice", type.name, value.wire));
    if (type.kind == TypeDefinition::Kind::enumeration && type.values.empty())
      error(type.at, "E0103", fmt::format("the enum {} has no values", type.name));
    if (type.kind == TypeDefinition::Kind::alternatives && type.alternatives.empty())
      error(type.at, "E0103", fmt::format("the union {} has no alternatives", type.name));
    std::set<std::string_view> wires;
    for (const auto& field : type.fields) {
      check_default(field.type, field.default_value, field.at, field.wire);
      bool fresh = wires.insert(field.wire).second;
      for (const auto& alias : field.aliases) fresh = wires.insert(alias).second && fresh;
      if (!fresh)
        error(field.at, "E0203",
              fmt::format("{} has the wire name \"{}\" (or an alias of it) twice", type.name,
                          field.wire));
    }
  }

  void check_default(const Type& type, const std::optional<json::Value>& value, Location at,
                     std::string_view name) {
    if (!value) return;
    const auto wrong = [&](std::string_view wanted) {
      error(at, "E0307",
            fmt::format("the default of \"{}\" must be {}, found {}", name, wanted,
                        json::to_string(*value)));
    };
    if (value->is_null() && type.nullable) return;
    switch (type.kind) {
      case Type::Kind::boolean:
        if (!value->is_bool()) wrong("true or false");
        break;
      case Type::Kind::int32:
      case Type::Kind::uint32:
      case Type::Kind::int64:
      case Type::Kind::uint64:
        if (!value->is_int64() && !value->is_uint64()) wrong("a whole number");
        break;
      case Type::Kind::float64:
        if (!value->is_number()) wrong("a number");
        break;
      case Type::Kind::string:
        if (!value->is_string()) wrong("text");
        break;
      case Type::Kind::named: {
        const auto* named = definition_.find_type(type.name);
        if (!named || named->kind != TypeDefinition::Kind::enumeration) break;
        const bool known =
            value->is_string() && std::ranges::any_of(named->values, [&](const EnumValue& one) {
              return one.wire == std::string_view(value->as_string());
            });
        if (known) break;
        if (value->is_string() && named->open)
          diagnostics_.warning(at, "W0307",
                               fmt::format("the default {} of \"{}\" is no value of {}",
                                           json::to_string(*value), name, type.name));
        else
          wrong("a value of " + type.name);
        break;
      }
      default:
        break;
    }
  }

  void check_url(std::string_view url, Location at, std::string_view plain,
                 std::string_view secure) {
    if (!url.starts_with(fmt::format("{}://", plain)) &&
        !url.starts_with(fmt::format("{}://", secure)))
      error(
          at, "E0105",
          fmt::format("base_url must begin with {}:// or {}://, found \"{}\"", plain, secure, url));
  }

  void check_params(std::string_view path, const std::vector<ConnectionParam>& params,
                    Location at) {
    std::set<std::string> in_path;
    for (std::size_t i = 0; i < path.size(); ++i) {
      if (path[i] != '{') continue;
      const auto end = path.find('}', i);
      if (end == std::string_view::npos)
        return error(at, "E0301", fmt::format("the path \"{}\" has a '{{' without its end", path));
      in_path.insert(std::string(path.substr(i + 1, end - i - 1)));
      i = end;
    }
    std::set<std::pair<ParamLocation, std::string>> seen;
    for (const auto& param : params) {
      if (!seen.emplace(param.location, param.name).second)
        error(param.at, "E0204", fmt::format("the parameter \"{}\" is given twice", param.name));
      check_default(param.param_type, param.default_value, param.at, param.name);
      if (param.location != ParamLocation::path) continue;
      if (in_path.erase(param.name) == 0)
        error(param.at, "E0302",
              fmt::format("the parameter \"{}\" is not in the path \"{}\"", param.name, path));
      if (!param.required)
        diagnostics_.warning(
            param.at, "W0302",
            fmt::format("\"{}\" is in the path and so always required", param.name));
    }
    for (const auto& name : in_path)
      error(at, "E0301",
            fmt::format("\"{{{}}}\" in the path has no parameter with \"in: path\"", name));
  }

  void check_websocket(const WebSocketApi& api) {
    check_url(api.base_url, api.at, "ws", "wss");
    std::set<std::string_view> ids;
    for (const auto& endpoint : api.endpoints) {
      if (!ids.insert(endpoint.id).second)
        error(endpoint.at, "E0204", fmt::format("two endpoints have the id \"{}\"", endpoint.id));
      check_params(endpoint.path, endpoint.connection_params, endpoint.at);
      check_lifecycle(endpoint);
    }
  }

  void check_message(const MessageSchema& message, MessageDirection direction,
                     std::set<std::string_view>& ids) {
    if (!ids.insert(message.id).second)
      error(message.at, "E0204", fmt::format("two messages have the id \"{}\"", message.id));
    if (message.direction != direction && message.direction != MessageDirection::bidirectional)
      error(message.at, "E0303",
            fmt::format("{} goes {}, which does not fit its list", message.id,
                        to_string(message.direction)));
    if (direction == MessageDirection::client_to_server && (message.terminal || message.fatal))
      error(
          message.at, "E0303",
          fmt::format("{} is sent by the client; only the server's messages are terminal or fatal",
                      message.id));
    if (message.schema.kind != Type::Kind::named && message.schema.kind != Type::Kind::raw)
      error(message.at, "E0104",
            fmt::format("the schema of {} must be a type with a name, or raw", message.id));
  }

  static bool has(const std::vector<MessageSchema>& messages, std::string_view id) {
    return std::ranges::find(messages, id, &MessageSchema::id) != messages.end();
  }

  void check_reference(std::string_view what, const std::string& id,
                       const std::vector<MessageSchema>& messages, Location at) {
    if (id.empty() || has(messages, id)) return;
    std::vector<std::string_view> names;
    for (const auto& message : messages) names.push_back(message.id);
    const auto near = nearest_name(id, names);
    error(at, "E0304",
          fmt::format("{} names the message \"{}\", which is not there{}", what, id,
                      near ? fmt::format("; did you mean \"{}\"?", *near) : ""));
  }

  void check_lifecycle(const WebSocketEndpoint& endpoint) {
    const auto& cycle = endpoint.lifecycle;
    std::set<std::string_view> client, server;
    const auto to_server = MessageDirection::client_to_server;
    if (cycle.initialize) check_message(*cycle.initialize, to_server, client);
    if (cycle.initialize && cycle.initialize->frame == Frame::binary &&
        cycle.initialize->schema.kind != Type::Kind::raw)
      error(cycle.initialize->at, "E0105", "an initialize message of JSON goes in a text frame");
    for (const auto& message : cycle.streaming_messages) check_message(message, to_server, client);
    if (cycle.close) check_message(*cycle.close, to_server, client);
    for (const auto& message : cycle.server_messages)
      check_message(message, MessageDirection::server_to_client, server);
    if (client.empty() && server.empty())
      diagnostics_.warning(endpoint.at, "W0305", fmt::format("{} has no messages", endpoint.id));
    check_reference("greeting", cycle.greeting, cycle.server_messages, endpoint.at);
    check_reference("ready_after", cycle.ready_after, cycle.server_messages, endpoint.at);
    if (!cycle.ready_after.empty() && !cycle.initialize)
      error(endpoint.at, "E0304", "ready_after needs an initialize message that is answered");
    if (endpoint.keepalive)
      check_reference("keepalive", endpoint.keepalive->message, cycle.streaming_messages,
                      endpoint.keepalive->at);
    for (const auto& reply : endpoint.auto_replies) {
      check_reference("the automatic reply", reply.on, cycle.server_messages, reply.at);
      check_reference("the automatic reply", reply.reply, cycle.streaming_messages, reply.at);
    }
    if (endpoint.subprotocol_required && endpoint.subprotocols.empty())
      error(endpoint.at, "E0105", "subprotocol_required needs subprotocols to offer");
  }

  void check_rest(const RestApi& api) {
    check_url(api.base_url, api.at, "http", "https");
    std::set<std::string_view> ids;
    for (const auto& endpoint : api.endpoints) {
      if (!ids.insert(endpoint.id).second)
        error(endpoint.at, "E0204", fmt::format("two endpoints have the id \"{}\"", endpoint.id));
      check_params(endpoint.path, endpoint.params, endpoint.at);
      constexpr std::string_view methods[] = {"GET",    "POST", "PUT",    "PATCH",
                                              "DELETE", "HEAD", "OPTIONS"};
      if (std::ranges::find(methods, endpoint.method) == std::end(methods))
        error(endpoint.at, "E0105", fmt::format("\"{}\" is no HTTP method", endpoint.method));
    }
  }

  // A name for what one side may send, or for some of it: for those who read that side's messages.
  static bool is_union_of_used(const PlannedType& type, const std::set<std::string>& used) {
    return type.definition->kind == TypeDefinition::Kind::alternatives &&
           std::ranges::all_of(type.definition->alternatives,
                               [&used](const auto& one) { return used.contains(one.type.name); });
  }

  // Types that nothing leads to.
  void check_use(const Plan& plan) {
    if (plan.endpoints.empty() && plan.rest.empty()) return;
    std::set<std::string> used;
    const auto use = [&](const auto& self, const Type& type) -> void {
      for (const auto& argument : type.arguments) self(self, argument);
      if (type.kind != Type::Kind::named || !used.insert(type.name).second) return;
      const PlannedType* found = plan.find(type.name);
      for (const auto& field : found->fields) self(self, field.field->type);
      for (const auto& one : found->definition->alternatives) self(self, one.type);
      for (const auto& included : found->definition->includes) used.insert(included);
      if (found->definition->kind == TypeDefinition::Kind::alias)
        self(self, found->definition->target);
    };
    for (const auto& endpoint : plan.endpoints) {
      for (const auto& message : endpoint.client) use(use, message.message->schema);
      for (const auto& message : endpoint.server) use(use, message.message->schema);
      for (const auto& param : endpoint.params) use(use, param.param->param_type);
    }
    for (const auto& endpoint : plan.rest) {
      for (const auto& param : endpoint.params) use(use, param.param->param_type);
      if (endpoint.endpoint->request) use(use, *endpoint.endpoint->request);
      for (const auto& response : endpoint.endpoint->responses)
        if (response.schema) use(use, *response.schema);
    }
    std::string names;
    std::size_t count = 0;
    Location first;
    for (const auto& type : plan.types) {
      if (used.contains(type.definition->name) || is_union_of_used(type, used)) continue;
      if (++count == 1) first = type.definition->at;
      if (count <= 6) names += (names.empty() ? "" : ", ") + type.definition->name;
    }
    if (count > 0)
      diagnostics_.warning(
          first, "W0306",
          fmt::format("{} used nowhere: {}{}",
                      count == 1 ? "a type is" : fmt::format("{} types are", count), names,
                      count > 6 ? " …" : ""));
  }

  const Definition& definition_;
  Diagnostics& diagnostics_;
};

}  // namespace

void check(const Definition& definition, Diagnostics& diagnostics) {
  Checker(definition, diagnostics).run();
}

}  // namespace parley::schematic
