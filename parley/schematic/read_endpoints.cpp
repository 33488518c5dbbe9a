#include <charconv>

#include <fmt/format.h>

#include "parley/schematic/detail/map_reader.hpp"

namespace parley::schematic::detail {
namespace {

MessageSchema read_message(const Tree& tree, MessageDirection direction, Diagnostics& diagnostics) {
  MessageSchema out;
  out.at = tree.at;
  out.direction = direction;
  if (tree.is_scalar()) {
    out.schema = read_type(tree, diagnostics);
    out.id = default_message_id(out.schema);
    return out;
  }
  MapReader in(tree, "the message", diagnostics);
  if (!in.ok()) return out;
  if (in.require("schema")) in.type("schema", out.schema);
  out.id = default_message_id(out.schema);
  in.text("id", out.id);
  in.text("description", out.description);
  in.word<MessageDirection>("direction", out.direction,
                            {{"client_to_server", MessageDirection::client_to_server},
                             {"server_to_client", MessageDirection::server_to_client},
                             {"bidirectional", MessageDirection::bidirectional}});
  in.flag("repeatable", out.repeatable);
  if (out.schema.kind == Type::Kind::raw) out.frame = Frame::binary;
  in.word<Frame>("frame", out.frame, {{"text", Frame::text}, {"binary", Frame::binary}});
  if (const Tree* match = in.take("match")) out.match = read_match(*match, diagnostics);
  in.flag("terminal", out.terminal);
  in.flag("fatal", out.fatal);
  if (const Tree* examples = in.take("examples"))
    for (const auto& example : examples->items) out.examples.push_back(example.value());
  in.finish();
  return out;
}

void read_list(const Tree* tree, MessageDirection direction, std::vector<MessageSchema>& out,
               Diagnostics& diagnostics) {
  if (!tree) return;
  if (!tree->is_list()) {
    diagnostics.error(tree->at, "E0101", "messages must be a list");
    return;
  }
  for (const auto& item : tree->items) out.push_back(read_message(item, direction, diagnostics));
}

// Also the other spelling: open, close, and messages with a direction each.
void read_lifecycle(const Tree& tree, ConnectionLifecycle& out, Diagnostics& diagnostics) {
  MapReader in(tree, "the lifecycle", diagnostics);
  if (!in.ok()) return;
  const auto to_server = MessageDirection::client_to_server;
  const auto once = [&](const Tree& message) {
    auto read = read_message(message, to_server, diagnostics);
    read.repeatable = false;
    return read;
  };
  in.text("greeting", out.greeting);
  in.text("ready_after", out.ready_after);
  const Tree* initialize = in.take("initialize");
  const Tree* open = in.take("open");
  if (initialize && open)
    diagnostics.error(open->at, "E0103", "initialize and open are the same; give one");
  if (initialize || open) out.initialize = once(initialize ? *initialize : *open);
  read_list(in.take("streaming_messages"), to_server, out.streaming_messages, diagnostics);
  if (const Tree* close = in.take("close")) out.close = once(*close);
  read_list(in.take("server_messages"), MessageDirection::server_to_client, out.server_messages,
            diagnostics);
  std::vector<MessageSchema> mixed;
  read_list(in.take("messages"), to_server, mixed, diagnostics);
  for (auto& message : mixed) {
    const bool both = message.direction == MessageDirection::bidirectional;
    if (both || message.direction == MessageDirection::server_to_client)
      out.server_messages.push_back(message);
    if (message.direction != MessageDirection::server_to_client)
      out.streaming_messages.push_back(std::move(message));
  }
  in.finish();
}

ConnectionParam read_param(const Tree& tree, Diagnostics& diagnostics) {
  ConnectionParam out;
  out.at = tree.at;
  MapReader in(tree, "the parameter", diagnostics);
  if (!in.ok()) return out;
  in.require_text("name", out.name);
  in.type("type", out.param_type);
  in.word<ParamLocation>("in", out.location,
                         {{"query", ParamLocation::query},
                          {"path", ParamLocation::path},
                          {"header", ParamLocation::header}});
  out.required = out.location == ParamLocation::path;
  in.flag("required", out.required);
  if (const Tree* value = in.take("default")) out.default_value = value->value();
  in.text("description", out.description);
  in.word<ListStyle>("style", out.style,
                     {{"repeat", ListStyle::repeat}, {"comma", ListStyle::comma}});
  in.number("min", out.min);
  in.number("max", out.max);
  in.flag("secret", out.secret);
  in.finish();
  return out;
}

void read_keepalive(const Tree& tree, Keepalive& out, Diagnostics& diagnostics) {
  out.at = tree.at;
  MapReader in(tree, "keepalive", diagnostics);
  in.require_text("message", out.message);
  if (const Tree* fields = in.take("fields")) {
    if (fields->is_map())
      out.fields = fields->value().as_object();
    else
      diagnostics.error(fields->at, "E0101", "keepalive's fields must be a map");
  }
  if (in.require("every")) in.duration("every", out.every);
  in.finish();
}

void read_close_codes(const Tree& tree, WebSocketEndpoint& out, Diagnostics& diagnostics) {
  if (!tree.is_map())
    return diagnostics.error(tree.at, "E0101", "close_codes must be a map from codes to classes");
  for (const auto& member : tree.members) {
    CloseCode& code = out.close_codes.emplace_back();
    const auto* end = member.key.data() + member.key.size();
    const auto parsed = std::from_chars(member.key.data(), end, code.code);
    if (parsed.ec != std::errc() || parsed.ptr != end || code.code < 1000 || code.code > 4999)
      diagnostics.error(member.at, "E0105",
                        fmt::format("\"{}\" is no close code (1000 to 4999)", member.key));
    MapReader in(member.value, "the close code", diagnostics);
    in.text("name", code.name);
    in.word<CloseClass>("class", code.close_class,
                        {{"normal", CloseClass::normal},
                         {"auth", CloseClass::auth},
                         {"fatal", CloseClass::fatal},
                         {"retryable", CloseClass::retryable},
                         {"expired", CloseClass::expired}});
    in.finish();
  }
}

void read_timeouts(const Tree& tree, Timeouts& out, Diagnostics& diagnostics) {
  MapReader in(tree, "timeouts", diagnostics);
  in.duration("connect", out.connect);
  in.duration("greeting", out.greeting);
  in.duration("idle", out.idle);
  in.duration("close", out.close);
  in.finish();
}

void read_protocols(MapReader& in, WebSocketEndpoint& out, Diagnostics& diagnostics) {
  in.texts("subprotocols", out.subprotocols);
  in.flag("subprotocol_required", out.subprotocol_required);
  in.flag("binary_json", out.binary_json);
  in.flag("compression", out.compression);
  in.count("max_message_bytes", out.max_message_bytes);
  if (const Tree* timeouts = in.take("timeouts"))
    read_timeouts(*timeouts, out.timeouts, diagnostics);
  if (const Tree* keepalive = in.take("keepalive"))
    read_keepalive(*keepalive, out.keepalive.emplace(), diagnostics);
  if (const Tree* codes = in.take("close_codes")) read_close_codes(*codes, out, diagnostics);
  if (const Tree* replies = in.take("auto_replies"))
    for (const auto& item : replies->items) {
      AutoReply& reply = out.auto_replies.emplace_back();
      reply.at = item.at;
      MapReader one(item, "the reply", diagnostics);
      one.require_text("on", reply.on);
      one.require_text("reply", reply.reply);
      one.pairs("copy", reply.copy);
      one.finish();
    }
  if (const Tree* context = in.take("context")) {
    MapReader one(*context, "context", diagnostics);
    Context& found = out.context.emplace();
    one.require_text("client_field", found.client_field);
    found.server_field = found.client_field;
    one.text("server_field", found.server_field);
    std::size_t most = 0;
    one.count("max_open", most);
    found.max_open = static_cast<int>(most);
    one.finish();
  }
  if (const Tree* correlation = in.take("correlation")) {
    MapReader one(*correlation, "correlation", diagnostics);
    Correlation& found = out.correlation.emplace();
    one.require_text("request_field", found.request_field);
    found.response_field = found.request_field;
    one.text("response_field", found.response_field);
    one.duration("timeout", found.timeout);
    one.finish();
  }
}

WebSocketEndpoint read_endpoint(const Tree& tree, Diagnostics& diagnostics) {
  WebSocketEndpoint out;
  out.at = tree.at;
  MapReader in(tree, "the endpoint", diagnostics);
  if (!in.ok()) return out;
  in.require_text("id", out.id);
  in.require_text("path", out.path);
  in.text("description", out.description);
  out.connection_params = read_params(in.take("connection_params"), diagnostics);
  in.pairs("headers", out.headers);
  read_protocols(in, out, diagnostics);
  if (const Tree* lifecycle = in.require("lifecycle"))
    read_lifecycle(*lifecycle, out.lifecycle, diagnostics);
  in.finish();
  return out;
}

RestResponse read_response(const Tree::Member& member, Diagnostics& diagnostics) {
  RestResponse out;
  const auto& key = member.key;
  const auto parsed = std::from_chars(key.data(), key.data() + key.size(), out.status);
  if (key == "default")
    out.status = 0;
  else if (parsed.ec != std::errc() || out.status < 100 || out.status > 599)
    diagnostics.error(member.at, "E0105", fmt::format("\"{}\" is no HTTP status", key));
  if (member.value.is_null()) return out;
  if (member.value.is_scalar()) {
    out.schema = read_type(member.value, diagnostics);
    return out;
  }
  MapReader in(member.value, "the response", diagnostics);
  if (in.tree().find("schema")) in.type("schema", out.schema.emplace());
  in.text("description", out.description);
  in.finish();
  return out;
}

RestEndpoint read_rest_endpoint(const Tree& tree, Diagnostics& diagnostics) {
  RestEndpoint out;
  out.at = tree.at;
  MapReader in(tree, "the endpoint", diagnostics);
  if (!in.ok()) return out;
  in.require_text("id", out.id);
  in.text("method", out.method);
  in.require_text("path", out.path);
  in.text("description", out.description);
  out.params = read_params(in.take("params"), diagnostics);
  in.pairs("headers", out.headers);
  if (in.tree().find("request")) in.type("request", out.request.emplace());
  in.text("request_content_type", out.request_content_type);
  if (const Tree* responses = in.take("responses")) {
    if (!responses->is_map())
      diagnostics.error(responses->at, "E0101", "responses must be a map from statuses to types");
    for (const auto& member : responses->members)
      out.responses.push_back(read_response(member, diagnostics));
  }
  in.word<Streaming>("stream", out.streaming, {{"none", Streaming::none}, {"sse", Streaming::sse}});
  in.text("sentinel", out.sentinel);
  in.finish();
  return out;
}

}  // namespace

std::vector<ConnectionParam> read_params(const Tree* tree, Diagnostics& diagnostics) {
  std::vector<ConnectionParam> out;
  if (!tree) return out;
  if (!tree->is_list()) diagnostics.error(tree->at, "E0101", "parameters must be a list");
  for (const auto& item : tree->items) out.push_back(read_param(item, diagnostics));
  return out;
}

void read_websocket(const Tree& tree, WebSocketApi& out, Diagnostics& diagnostics) {
  MapReader in(tree, "websocket", diagnostics);
  if (!in.ok()) return;
  in.require_text("base_url", out.base_url);
  if (const Tree* url = tree.find("base_url")) out.at = url->at;
  if (const Tree* endpoints = in.require("endpoints"))
    for (const auto& item : endpoints->items)
      out.endpoints.push_back(read_endpoint(item, diagnostics));
  in.finish();
}

void read_rest(const Tree& tree, RestApi& out, Diagnostics& diagnostics) {
  MapReader in(tree, "rest", diagnostics);
  if (!in.ok()) return;
  in.require_text("base_url", out.base_url);
  if (const Tree* url = tree.find("base_url")) out.at = url->at;
  if (const Tree* endpoints = in.require("endpoints"))
    for (const auto& item : endpoints->items)
      out.endpoints.push_back(read_rest_endpoint(item, diagnostics));
  in.finish();
}

}  // namespace parley::schematic::detail
