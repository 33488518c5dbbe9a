#include <fmt/format.h>

#include "parley/schematic/detail/write_parts.hpp"

namespace parley::schematic::detail {
namespace {

json::Value params_value(const std::vector<ConnectionParam>& params) {
  json::Array all;
  for (const auto& param : params) {
    json::Object out;
    out["name"] = param.name;
    out["type"] = to_string(param.param_type);
    if (param.location != ParamLocation::query) out["in"] = to_string(param.location);
    put(out, "required", param.required, param.location == ParamLocation::path);
    if (param.default_value) out["default"] = *param.default_value;
    put(out, "description", param.description);
    if (param.style == ListStyle::comma) out["style"] = "comma";
    put(out, "min", param.min);
    put(out, "max", param.max);
    put(out, "secret", param.secret, false);
    all.push_back(std::move(out));
  }
  return all;
}

json::Value message_value(const MessageSchema& message, MessageDirection usual, bool repeatable) {
  json::Object out;
  out["id"] = message.id;
  out["schema"] = to_string(message.schema);
  put(out, "description", message.description);
  if (message.direction != usual) out["direction"] = to_string(message.direction);
  put(out, "repeatable", message.repeatable, repeatable);
  const auto frame = message.schema.kind == Type::Kind::raw ? Frame::binary : Frame::text;
  if (message.frame != frame) out["frame"] = message.frame == Frame::text ? "text" : "binary";
  if (!message.match.empty()) out["match"] = match_value(message.match);
  put(out, "terminal", message.terminal, false);
  put(out, "fatal", message.fatal, false);
  put(out, "examples", message.examples);
  if (out.size() == 2 && message.id == default_message_id(message.schema)) return out["schema"];
  return out;
}

json::Value messages_value(const std::vector<MessageSchema>& messages, MessageDirection usual) {
  json::Array all;
  for (const auto& message : messages) all.push_back(message_value(message, usual, true));
  return all;
}

json::Value lifecycle_value(const ConnectionLifecycle& lifecycle) {
  const auto to_server = MessageDirection::client_to_server;
  json::Object out;
  put(out, "greeting", lifecycle.greeting);
  if (lifecycle.initialize)
    out["initialize"] = message_value(*lifecycle.initialize, to_server, true);
  put(out, "ready_after", lifecycle.ready_after);
  if (!lifecycle.streaming_messages.empty())
    out["streaming_messages"] = messages_value(lifecycle.streaming_messages, to_server);
  if (lifecycle.close) out["close"] = message_value(*lifecycle.close, to_server, true);
  if (!lifecycle.server_messages.empty())
    out["server_messages"] =
        messages_value(lifecycle.server_messages, MessageDirection::server_to_client);
  return out;
}

void put_protocols(json::Object& out, const WebSocketEndpoint& endpoint) {
  put(out, "subprotocols", endpoint.subprotocols);
  put(out, "subprotocol_required", endpoint.subprotocol_required, false);
  put(out, "binary_json", endpoint.binary_json, false);
  put(out, "compression", endpoint.compression, false);
  const WebSocketEndpoint usual;
  if (endpoint.max_message_bytes != usual.max_message_bytes)
    out["max_message_bytes"] = endpoint.max_message_bytes;
  json::Object timeouts;
  put(timeouts, "connect", endpoint.timeouts.connect, usual.timeouts.connect);
  put(timeouts, "greeting", endpoint.timeouts.greeting, usual.timeouts.greeting);
  put(timeouts, "idle", endpoint.timeouts.idle, usual.timeouts.idle);
  put(timeouts, "close", endpoint.timeouts.close, usual.timeouts.close);
  if (!timeouts.empty()) out["timeouts"] = std::move(timeouts);
  if (endpoint.keepalive) {
    json::Object keepalive;
    keepalive["message"] = endpoint.keepalive->message;
    if (!endpoint.keepalive->fields.empty()) keepalive["fields"] = endpoint.keepalive->fields;
    put(keepalive, "every", endpoint.keepalive->every, std::chrono::milliseconds(-1));
    out["keepalive"] = std::move(keepalive);
  }
  json::Array replies;
  for (const auto& reply : endpoint.auto_replies) {
    json::Object one;
    one["on"] = reply.on;
    one["reply"] = reply.reply;
    put(one, "copy", reply.copy);
    replies.push_back(std::move(one));
  }
  if (!replies.empty()) out["auto_replies"] = std::move(replies);
  json::Object codes;
  for (const auto& code : endpoint.close_codes) {
    json::Object one;
    put(one, "name", code.name);
    one["class"] = to_string(code.close_class);
    codes[std::to_string(code.code)] = std::move(one);
  }
  if (!codes.empty()) out["close_codes"] = std::move(codes);
}

void put_identifiers(json::Object& out, const WebSocketEndpoint& endpoint) {
  if (endpoint.context) {
    json::Object context;
    context["client_field"] = endpoint.context->client_field;
    context["server_field"] = endpoint.context->server_field;
    if (endpoint.context->max_open > 0) context["max_open"] = endpoint.context->max_open;
    out["context"] = std::move(context);
  }
  if (endpoint.correlation) {
    json::Object correlation;
    correlation["request_field"] = endpoint.correlation->request_field;
    correlation["response_field"] = endpoint.correlation->response_field;
    put(correlation, "timeout", endpoint.correlation->timeout, Correlation().timeout);
    out["correlation"] = std::move(correlation);
  }
}

}  // namespace

json::Value websocket_value(const WebSocketApi& api) {
  json::Object out;
  out["base_url"] = api.base_url;
  json::Array endpoints;
  for (const auto& endpoint : api.endpoints) {
    json::Object one;
    one["id"] = endpoint.id;
    one["path"] = endpoint.path;
    put(one, "description", endpoint.description);
    if (!endpoint.connection_params.empty())
      one["connection_params"] = params_value(endpoint.connection_params);
    put(one, "headers", endpoint.headers);
    put_protocols(one, endpoint);
    put_identifiers(one, endpoint);
    one["lifecycle"] = lifecycle_value(endpoint.lifecycle);
    endpoints.push_back(std::move(one));
  }
  out["endpoints"] = std::move(endpoints);
  return out;
}

json::Value rest_value(const RestApi& api) {
  json::Object out;
  out["base_url"] = api.base_url;
  json::Array endpoints;
  for (const auto& endpoint : api.endpoints) {
    json::Object one;
    one["id"] = endpoint.id;
    one["method"] = endpoint.method;
    one["path"] = endpoint.path;
    put(one, "description", endpoint.description);
    if (!endpoint.params.empty()) one["params"] = params_value(endpoint.params);
    put(one, "headers", endpoint.headers);
    if (endpoint.request) one["request"] = to_string(*endpoint.request);
    if (endpoint.request_content_type != RestEndpoint().request_content_type)
      one["request_content_type"] = endpoint.request_content_type;
    json::Object responses;
    for (const auto& response : endpoint.responses) {
      json::Object written;
      if (response.schema) written["schema"] = to_string(*response.schema);
      put(written, "description", response.description);
      json::Value value = written;
      if (response.schema && response.description.empty()) value = to_string(*response.schema);
      responses[response.status == 0 ? "default" : std::to_string(response.status)] =
          std::move(value);
    }
    if (!responses.empty()) one["responses"] = std::move(responses);
    if (endpoint.streaming == Streaming::sse) one["stream"] = "sse";
    put(one, "sentinel", endpoint.sentinel);
    endpoints.push_back(std::move(one));
  }
  out["endpoints"] = std::move(endpoints);
  return out;
}

}  // namespace parley::schematic::detail
