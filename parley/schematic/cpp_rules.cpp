#include <algorithm>

#include "parley/json/value.hpp"
#include "parley/schematic/detail/cpp_session.hpp"

namespace parley::schematic::detail {
namespace {

int index_of(const std::vector<PlannedMessage>& messages, std::string_view id) {
  for (std::size_t i = 0; i < messages.size(); ++i)
    if (messages[i].message->id == id) return static_cast<int>(i);
  return -1;
}

void emit_messages(Code& code, const PlannedEndpoint& endpoint) {
  if (!endpoint.client.empty()) {
    code.line("constexpr ::parley::api::ClientMessageRule client_messages[] = {{");
    for (const auto& one : endpoint.client) {
      constexpr std::string_view roles[] = {"initialize", "streaming", "close"};
      code.line("    {{{}, ::parley::api::MessageRole::{}, {}}},", cpp_string(one.message->id),
                roles[static_cast<std::size_t>(one.role)], one.message->repeatable);
    }
    code.line("}};");
  }
  if (endpoint.server.empty()) return;
  code.line("constexpr ::parley::api::ServerMessageRule server_messages[] = {{");
  for (const auto& one : endpoint.server)
    code.line("    {{{}, {}, {}, {}}},", cpp_string(one.message->id), one.message->repeatable,
              one.message->terminal, one.message->fatal);
  code.line("}};");
}

void emit_lists(Code& code, const WebSocketEndpoint& endpoint) {
  if (!endpoint.headers.empty()) {
    code.line("constexpr ::parley::api::HeaderRule headers[] = {{");
    for (const auto& [name, value] : endpoint.headers)
      code.line("    {{{}, {}}},", cpp_string(name), cpp_string(value));
    code.line("}};");
  }
  if (!endpoint.subprotocols.empty()) {
    std::string all;
    for (const auto& one : endpoint.subprotocols)
      all += (all.empty() ? "" : ", ") + cpp_string(one);
    code.line("constexpr std::string_view subprotocols[] = {{{}}};", all);
  }
  if (endpoint.close_codes.empty()) return;
  code.line("constexpr ::parley::api::CloseRule close_codes[] = {{");
  for (const auto& one : endpoint.close_codes)
    code.line("    {{{}, {}, ::parley::api::CloseClass::{}}},", one.code, cpp_string(one.name),
              to_string(one.close_class));
  code.line("}};");
}

// Which message a text is, without decoding it.
void emit_which(Code& code, const PlannedEndpoint& endpoint) {
  code.blank().line("int classify_at(::parley::json::Cursor in) {{");
  const bool always = emit_choice(code, endpoint.server_messages,
                                  [](std::size_t at) { return fmt::format("return {};", at); });
  if (!always) code.line("  return -1;");
  code.line("}}").blank();
  code.line("int classify(std::string_view text) {{").line("  int which = -1;");
  code.line("  (void)::parley::json::inspect(text, [&](::parley::json::Cursor in) {{");
  code.line("    which = classify_at(in);").line("  }});").line("  return which;").line("}}");
}

void emit_auto_reply(Code& code, const PlannedEndpoint& endpoint, const Plan& plan) {
  const auto& replies = endpoint.endpoint->auto_replies;
  if (replies.empty()) return;
  code.blank().line("std::optional<std::string> auto_reply(std::string_view text) {{");
  code.line("  std::optional<std::string> reply;");
  code.line("  (void)::parley::json::inspect(text, [&](::parley::json::Cursor in) {{");
  code.line("    const int which = classify_at(in);");
  for (const auto& reply : replies) {
    code.line("    if (which == {}) {{", index_of(endpoint.server, reply.on));
    code.line("      ::parley::json::Writer out(reply.emplace());")
        .line("      out.begin_object();");
    const auto& sent =
        endpoint.client[static_cast<std::size_t>(index_of(endpoint.client, reply.reply))];
    const PlannedType* type = plan.find(plan.resolve(sent.message->schema).name);
    for (const auto& field : fields_of(type))
      if (field.constant)
        code.line("      out.field({}, {});", cpp_string(field.field->wire),
                  cpp_literal(plan.resolve(field.field->type).literal));
    for (const auto& [member, path] : reply.copy) {
      code.line("      if (const auto found = in.find({})) {{", cpp_string(path));
      code.line("        ::parley::json::Value value;").line("        found->read(value);");
      code.line("        out.field({}, value);", cpp_string(member)).line("      }}");
    }
    code.line("      out.end_object();").line("    }}");
  }
  code.line("  }});").line("  return reply;").line("}}");
}

void emit_answered(Code& code, const WebSocketEndpoint& endpoint) {
  if (!endpoint.correlation) return;
  code.blank().line("std::string answered_request(std::string_view text) {{");
  code.line("  std::string id;");
  code.line("  (void)::parley::json::inspect(text, [&](::parley::json::Cursor in) {{");
  code.line("    const auto found = in.find({});",
            cpp_string(endpoint.correlation->response_field));
  code.line("    if (!found || found->is_null()) return;");
  code.line("    ::parley::json::Value value;").line("    found->read(value);");
  code.line(
      "    id = value.is_string() ? std::string(value.as_string()) : "
      "::parley::json::to_string(value);");
  code.line("  }});").line("  return id;").line("}}");
}

std::string keepalive_text(const Plan& plan, const PlannedEndpoint& endpoint) {
  const auto& keepalive = *endpoint.endpoint->keepalive;
  const int index = index_of(endpoint.client, keepalive.message);
  json::Object message;
  const auto& schema = endpoint.client[static_cast<std::size_t>(index)].message->schema;
  if (const PlannedType* type = plan.find(plan.resolve(schema).name))
    for (const auto& field : type->fields)
      if (field.constant) message[field.field->wire] = plan.resolve(field.field->type).literal;
  for (const auto& [name, value] : keepalive.fields) message[name] = value;
  return json::to_string(message);
}

void emit_endpoint(Code& code, const Plan& plan, const PlannedEndpoint& planned) {
  const auto& endpoint = *planned.endpoint;
  code.blank().line("constexpr ::parley::api::EndpointRules endpoint_rules = [] {{");
  code.line("  ::parley::api::EndpointRules rules;").line("  rules.api = &api;");
  code.line("  rules.id = {};", cpp_string(endpoint.id));
  code.line("  rules.path = {};", cpp_string(endpoint.path));
  if (!endpoint.headers.empty()) code.line("  rules.headers = headers;");
  if (!endpoint.subprotocols.empty()) code.line("  rules.subprotocols = subprotocols;");
  if (endpoint.subprotocol_required) code.line("  rules.subprotocol_required = true;");
  if (endpoint.binary_json) code.line("  rules.binary_json = true;");
  if (endpoint.compression) code.line("  rules.compression = true;");
  code.line("  rules.max_message = {};", endpoint.max_message_bytes);
  const auto time = [&](std::string_view name, std::chrono::milliseconds value) {
    code.line("  rules.{} = std::chrono::milliseconds({});", name, value.count());
  };
  time("connect_timeout", endpoint.timeouts.connect);
  time("greeting_timeout", endpoint.timeouts.greeting);
  time("idle_timeout", endpoint.timeouts.idle);
  time("close_timeout", endpoint.timeouts.close);
  if (!planned.client.empty()) code.line("  rules.client = client_messages;");
  if (!planned.server.empty()) code.line("  rules.server = server_messages;");
  if (!endpoint.lifecycle.greeting.empty())
    code.line("  rules.greeting = {};", index_of(planned.server, endpoint.lifecycle.greeting));
  if (!endpoint.lifecycle.ready_after.empty())
    code.line("  rules.ready_after = {};",
              index_of(planned.server, endpoint.lifecycle.ready_after));
  if (endpoint.keepalive) {
    code.line("  rules.keepalive = {};", cpp_string(keepalive_text(plan, planned)));
    time("keepalive_every", endpoint.keepalive->every);
  }
  if (!endpoint.close_codes.empty()) code.line("  rules.close_codes = close_codes;");
  if (endpoint.correlation) time("request_timeout", endpoint.correlation->timeout);
  code.line("  rules.classify = classify;");
  if (!endpoint.auto_replies.empty()) code.line("  rules.auto_reply = auto_reply;");
  if (endpoint.correlation) code.line("  rules.answered_request = answered_request;");
  code.line("  return rules;").line("}}();");
}

}  // namespace

std::string rules_source(const Plan& plan, const PlannedEndpoint& endpoint,
                         const std::string& folder) {
  Code code;
  code.raw(file_header(plan));
  code.line("#include \"{}{}.hpp\"", folder, endpoint.name).blank();
  code.line("#include <optional>").line("#include <string>").blank();
  code.line("#include \"parley/json/codec.hpp\"")
      .line("#include \"parley/json/value.hpp\"")
      .blank();
  code.line("namespace {}::{} {{", plan.cpp_namespace, endpoint.name);
  code.line("namespace {{").blank();
  emit_api_rules(code, plan);
  emit_lists(code, *endpoint.endpoint);
  emit_messages(code, endpoint);
  emit_which(code, endpoint);
  emit_auto_reply(code, endpoint, plan);
  emit_answered(code, *endpoint.endpoint);
  emit_endpoint(code, plan, endpoint);
  code.blank().line("}}  // namespace").blank();
  code.line("const ::parley::api::EndpointRules& rules() {{").line("  return endpoint_rules;");
  code.line("}}").blank();
  code.line("::parley::api::Target target_of(const Params& params) {{");
  code.line("  ::parley::api::Target target(endpoint_rules.path);");
  if (endpoint.params.empty()) code.line("  (void)params;");
  emit_params_use(code, plan, endpoint.params, "params");
  code.line("  return target;").line("}}").blank();
  code.line("}}  // namespace {}::{}", plan.cpp_namespace, endpoint.name);
  return code.take();
}

}  // namespace parley::schematic::detail
