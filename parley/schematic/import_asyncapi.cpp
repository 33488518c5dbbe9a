#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "parley/schematic/detail/import_common.hpp"
#include "parley/schematic/detail/map_reader.hpp"

namespace parley::schematic {

using detail::items_of;
using detail::members_of;
using detail::Node;

namespace {

class AsyncApiImporter {
 public:
  AsyncApiImporter(const Tree& document, const ImportOptions& options, Diagnostics& report)
      : options_(options),
        report_(report),
        references_(document, options, report),
        schemas_(references_, out_) {}

  std::optional<Definition> run() {
    const Node root = references_.root();
    const auto version = root.text("asyncapi");
    const bool two = version.starts_with("2."), three = version.starts_with("3.");
    if (!two && !three) {
      report_.error(root.tree->at, "E0701",
                    version.empty()
                        ? "this is no AsyncAPI document: it has no \"asyncapi\""
                        : fmt::format("AsyncAPI {} is not known; 2.x and 3.x are", version));
      return std::nullopt;
    }
    if (!options_.perspective) {
      report_.error(
          root.tree->at, "E0702",
          "say whose view the document is written from: perspective client or server; the "
          "same words mean opposite things");
      return std::nullopt;
    }
    read_info(root);
    detail::read_servers(references_, out_);
    if (report_.has_errors()) return std::nullopt;
    two ? read_channels_2(root) : read_channels_3(root);
    if (out_.websocket->endpoints.empty() && !report_.has_errors())
      report_.error(root.tree->at, "E0705", "the document has no channel with messages");
    return detail::finish_import(out_, schemas_, report_);
  }

 private:
  void read_info(const Node& root) {
    const auto info = references_.follow(root.find("info"));
    out_.name = options_.name.empty() ? info.text("title") : options_.name;
    if (out_.name.empty()) out_.name = "Api";
    out_.version = info.text("version");
    out_.description = detail::text_of(info.find("description"), options_);
    out_.websocket.emplace();
  }

  bool sends_to_server(bool first_word) const {
    // 2.x: publish; 3.x: receive, in the server's view.
    return first_word == (options_.perspective == Perspective::server);
  }

  MessageSchema read_message(Node node, const std::string& hint, MessageDirection direction) {
    MessageSchema out;
    out.direction = direction;
    const auto target = detail::References::target_of(node);
    const auto message = references_.follow(node);
    if (!message) return out;
    if (const auto known = messages_.find(message.tree); known != messages_.end()) {
      out = known->second;
      out.direction = direction;
      return out;
    }
    out.at = message.tree->at;
    auto id = message.text("name");
    if (id.empty()) id = message.text("messageId");
    if (id.empty() && !target.empty()) id = target.substr(target.rfind('/') + 1);
    if (id.empty()) id = hint;
    out.id = pascal_name(id);
    out.description = detail::text_of(message.find("summary"), options_);
    if (out.description.empty())
      out.description = detail::text_of(message.find("description"), options_);
    auto payload = message.find("payload");
    if (!payload) payload = detail::payload_of_traits(references_, message);
    if (payload && payload.find("schemaFormat")) {
      const auto format = payload.text("schemaFormat");
      if (format.find("avro") != std::string::npos ||
          format.find("protobuf") != std::string::npos || format.find("raml") != std::string::npos)
        report_.error(payload.tree->at, "E0704",
                      fmt::format("payloads in {} are not read", format));
      payload = payload.find("schema");
    }
    if (message.find("headers"))
      report_.note(message.find("headers").tree->at, "I0701",
                   "headers of messages have no place in a WebSocket message and are left out");
    read_payload(message, payload, out);
    read_examples(message, out);
    read_extension(message, out);
    messages_[message.tree] = out;
    return out;
  }

  void read_payload(const Node& message, const Node& payload, MessageSchema& out) {
    const auto content = message.text("contentType");
    const bool bytes =
        content.starts_with("application/octet-stream") || content.starts_with("audio/");
    if (bytes || !payload) {
      if (!bytes)
        report_.note(message.tree->at, "I0702",
                     fmt::format("{} has no payload and is taken as any JSON", out.id));
      out.schema = bytes ? Type(Type::Kind::raw) : named_json(out.id);
      if (bytes) out.frame = Frame::binary;
      return;
    }
    const auto hint = out.id.ends_with("Message") || !detail::References::target_of(payload).empty()
                          ? out.id
                          : out.id + "Message";
    Type type = schemas_.import_named(payload, hint);
    out.schema = type;
  }

  Type named_json(const std::string& id) {
    TypeDefinition type;
    type.name = detail::unique_id(type_names(), id + "Payload");
    type.kind = TypeDefinition::Kind::alias;
    type.target = Type(Type::Kind::json);
    out_.types.push_back(type);
    return Type::named(type.name);
  }
  std::vector<std::string> type_names() const {
    std::vector<std::string> out;
    for (const auto& type : out_.types) out.push_back(type.name);
    return out;
  }

  // What `parley generate` writes beside a message, where AsyncAPI has no word for it.
  void read_extension(const Node& message, MessageSchema& out) {
    const auto more = message.find("x-schematic");
    if (!more || !more.tree->is_map()) return;
    out.terminal = more.flag("terminal");
    out.fatal = more.flag("fatal");
    out.repeatable = !(more.find("repeatable") && !more.flag("repeatable"));
    if (const auto match = more.find("match")) out.match = detail::read_match(*match.tree, report_);
    if (const auto role = more.text("role"); !role.empty()) roles_[out.id] = role;
  }

  void read_examples(const Node& message, MessageSchema& out) {
    const auto examples = message.find("examples");
    for (const auto& item : items_of(examples)) {
      const Node one(&item, examples.file);
      if (const auto payload = one.find("payload")) out.examples.push_back(payload.tree->value());
    }
  }

  // The messages of one direction: one, oneOf, or a map.
  void add_messages(Node list, const std::string& hint, bool to_server,
                    WebSocketEndpoint& endpoint) {
    const auto direction =
        to_server ? MessageDirection::client_to_server : MessageDirection::server_to_client;
    auto& cycle = endpoint.lifecycle;
    auto& messages = to_server ? cycle.streaming_messages : cycle.server_messages;
    const auto followed = references_.follow(list);
    if (!followed) return;
    const auto one_of = followed.find("oneOf");
    std::vector<Node> all;
    for (const auto& item : items_of(one_of)) all.emplace_back(&item, one_of.file);
    if (all.empty()) all.push_back(list);
    // The tree's nodes must outlive the loop, so they are found again by their place.
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Node one = one_of ? Node(&one_of.tree->items[i], one_of.file) : list;
      auto message = read_message(
          one, fmt::format("{}{}", hint, all.size() > 1 ? std::to_string(i + 1) : ""), direction);
      if (message.id.empty()) continue;
      std::vector<std::string> taken;
      for (const auto& other : messages) taken.push_back(other.id);
      const auto same = std::ranges::find_if(messages, [&](const MessageSchema& other) {
        return other.id == message.id && other.schema == message.schema;
      });
      if (same != messages.end()) continue;
      message.id = detail::unique_id(taken, message.id);
      messages.push_back(std::move(message));
    }
  }

  // Roles by name, as a proposal that the report tells.
  void propose_roles(WebSocketEndpoint& endpoint) {
    auto& cycle = endpoint.lifecycle;
    auto& messages = cycle.streaming_messages;
    const auto take = [&](std::initializer_list<std::string_view> begins, std::string_view role) {
      std::optional<MessageSchema> out;
      const auto found = std::ranges::find_if(messages, [&](const MessageSchema& message) {
        return std::ranges::any_of(
            begins, [&](std::string_view begin) { return message.id.starts_with(begin); });
      });
      if (found == messages.end() || messages.size() < 2) return out;
      report_.note(found->at, "I0704",
                   fmt::format("{} is taken as the {} message of {}, by its name", found->id, role,
                               endpoint.id));
      out = std::move(*found);
      out->repeatable = false;
      messages.erase(found);
      return out;
    };
    for (const std::string_view role : {"initialize", "close"}) {
      const auto found = std::ranges::find_if(messages, [&](const MessageSchema& message) {
        return roles_.contains(message.id) && roles_[message.id] == role;
      });
      if (found == messages.end()) continue;
      found->repeatable = false;
      (role == "initialize" ? cycle.initialize : cycle.close) = std::move(*found);
      messages.erase(found);
    }
    if (!roles_.empty()) return;
    cycle.initialize = take({"InitializeConnection", "ConnectionInit"}, "initialize");
    cycle.close = take({"CloseConnection", "CloseSocket", "CloseStream"}, "close");
  }

  void read_channel_common(const Node& channel, const std::string& address, const std::string& id,
                           WebSocketEndpoint& endpoint) {
    endpoint.at = channel.tree->at;
    endpoint.id = id;
    endpoint.path = address.starts_with('/') ? address : "/" + address;
    if (address.empty() || address == "/") endpoint.path = "/";
    endpoint.description = detail::text_of(channel.find("description"), options_);
    read_parameters(channel, endpoint);
    const auto bindings = references_.follow(channel.find("bindings"));
    const auto socket = references_.follow(bindings.find("ws"));
    if (!socket) return;
    for (const auto& [key, location] :
         {std::pair("query", ParamLocation::query), std::pair("headers", ParamLocation::header)}) {
      const auto schema = references_.follow(socket.find(key));
      const auto properties = schema.find("properties");
      const auto required = schema.find("required");
      for (const auto& member : members_of(properties)) {
        const Node property(properties.tree->find(member.key), properties.file);
        auto param = detail::import_param(schemas_, property, member.key, id + "_" + member.key);
        param.location = location;
        const auto followed = references_.follow(property);
        param.description = detail::text_of(followed.find("description"), options_);
        param.required = required && std::ranges::any_of(
                                         required.tree->items,
                                         [&](const Tree& one) { return one.text == member.key; });
        if (const auto value = followed.find("default"); value && !value.tree->is_null())
          detail::set_default(param, value, report_);
        endpoint.connection_params.push_back(std::move(param));
      }
    }
  }

  void read_parameters(const Node& channel, WebSocketEndpoint& endpoint) {
    const auto parameters = references_.follow(channel.find("parameters"));
    for (std::size_t at = endpoint.path.find('{'); at != std::string::npos;
         at = endpoint.path.find('{', at + 1)) {
      const auto end = endpoint.path.find('}', at);
      if (end == std::string::npos) break;
      const auto name = endpoint.path.substr(at + 1, end - at - 1);
      const auto parameter = parameters ? references_.follow(parameters.find(name)) : Node();
      ConnectionParam param;
      param.name = name;
      if (parameter && parameter.find("schema"))
        param = detail::import_param(schemas_, parameter.find("schema"), name,
                                     endpoint.id + "_" + name);
      param.location = ParamLocation::path;
      param.required = true;
      param.description = parameter ? detail::text_of(parameter.find("description"), options_) : "";
      const bool known =
          std::ranges::find(endpoint.connection_params, name, &ConnectionParam::name) !=
          endpoint.connection_params.end();
      if (!known) endpoint.connection_params.push_back(std::move(param));
    }
    // What stands under "parameters" but not in the path goes into the query.
    for (const auto& member : members_of(parameters)) {
      if (endpoint.path.find("{" + member.key + "}") != std::string::npos) continue;
      report_.note(member.at, "I0702",
                   fmt::format("the channel parameter \"{}\" is not in the address and is taken as "
                               "a query parameter",
                               member.key));
      const auto parameter =
          references_.follow({parameters.tree->find(member.key), parameters.file});
      ConnectionParam param;
      param.name = member.key;
      if (parameter && parameter.find("schema"))
        param = detail::import_param(schemas_, parameter.find("schema"), member.key,
                                     endpoint.id + "_" + member.key);
      endpoint.connection_params.push_back(std::move(param));
    }
  }

  std::string endpoint_id(const std::string& wanted) {
    std::vector<std::string> taken;
    for (const auto& endpoint : out_.websocket->endpoints) taken.push_back(endpoint.id);
    return detail::unique_id(taken, pascal_name(wanted));
  }

  void read_channels_2(const Node& root) {
    const auto channels = references_.follow(root.find("channels"));
    for (const auto& member : members_of(channels)) {
      const auto channel = references_.follow({channels.tree->find(member.key), channels.file});
      if (!channel) continue;
      WebSocketEndpoint endpoint;
      const auto group = channel.text("x-fern-sdk-group-name");
      read_channel_common(channel, member.key, endpoint_id(group.empty() ? member.key : group),
                          endpoint);
      for (const char* word : {"publish", "subscribe"}) {
        const auto operation = channel.find(word);
        if (!operation || !operation.find("message")) continue;
        auto hint = operation.text("operationId");
        if (hint.empty())
          hint = endpoint.id + (std::string_view(word) == "publish" ? "Request" : "Event");
        add_messages(operation.find("message"), pascal_name(hint),
                     sends_to_server(std::string_view(word) == "publish"), endpoint);
      }
      add_endpoint(std::move(endpoint));
    }
  }

  void add_endpoint(WebSocketEndpoint endpoint) {
    if (endpoint.lifecycle.streaming_messages.empty() &&
        endpoint.lifecycle.server_messages.empty()) {
      report_.note(endpoint.at, "I0701",
                   fmt::format("the channel {} has no messages and is left out", endpoint.path));
      return;
    }
    propose_roles(endpoint);
    out_.websocket->endpoints.push_back(std::move(endpoint));
  }

  void read_operation_3(const Node& operation, const std::string& name,
                        const std::string& channel_target, const Node& channel,
                        WebSocketEndpoint& endpoint, bool reply) {
    const auto part = reply ? operation.find("reply") : operation;
    if (!part || detail::References::target_of(part.find("channel")) != channel_target) return;
    const bool receives = (operation.text("action") == "receive") != reply;
    const auto messages = part.find("messages");
    if (messages) {
      for (std::size_t i = 0; i < messages.tree->items.size(); ++i)
        add_messages({&messages.tree->items[i], messages.file}, pascal_name(name),
                     sends_to_server(receives), endpoint);
      return;
    }
    const auto all = references_.follow(channel.find("messages"));
    for (const auto& member : members_of(all))
      add_messages({all.tree->find(member.key), all.file}, pascal_name(member.key),
                   sends_to_server(receives), endpoint);
  }

  void read_channels_3(const Node& root) {
    const auto channels = references_.follow(root.find("channels"));
    const auto operations = references_.follow(root.find("operations"));
    for (const auto& member : members_of(channels)) {
      const Node entry(channels.tree->find(member.key), channels.file);
      const auto channel = references_.follow(entry);
      if (!channel) continue;
      WebSocketEndpoint endpoint;
      auto address = channel.text("address");
      if (!channel.find("address")) address = member.key;
      if (channel.find("address") && channel.find("address").tree->is_null()) address = "/";
      read_channel_common(channel, address, endpoint_id(member.key), endpoint);
      const auto target = channels.file + "#/channels/" + member.key;
      for (const auto& one : members_of(operations)) {
        const auto operation =
            references_.follow({operations.tree->find(one.key), operations.file});
        if (!operation) continue;
        read_operation_3(operation, one.key, target, channel, endpoint, false);
        read_operation_3(operation, one.key, target, channel, endpoint, true);
      }
      add_endpoint(std::move(endpoint));
    }
  }

  const ImportOptions& options_;
  Diagnostics& report_;
  Definition out_;
  detail::References references_;
  detail::SchemaImporter schemas_;
  std::map<const Tree*, MessageSchema> messages_;          // that operations share
  std::map<std::string, std::string, std::less<>> roles_;  // that the document gives, by message
};

}  // namespace

std::optional<Definition> import_asyncapi(const Tree& document, const ImportOptions& options,
                                          Diagnostics& report) {
  if (!document.is_map()) {
    report.error(document.at, "E0701", "this is no AsyncAPI document: it is no map");
    return std::nullopt;
  }
  return AsyncApiImporter(document, options, report).run();
}

}  // namespace parley::schematic
