#include <algorithm>

#include "parley/schematic/detail/cpp_session.hpp"
#include "parley/schematic/emit.hpp"

namespace parley::schematic {
namespace detail {
namespace {

bool is_raw(const PlannedMessage& message) {
  return message.message->schema.kind == Type::Kind::raw;
}

void emit_codec(Code& code, const Plan& plan, const PlannedEndpoint& endpoint) {
  const auto types = message_types(plan, endpoint.server);
  code.blank().line("ServerMessage::ServerMessage() = default;");
  code.blank().line("void decode(::parley::json::Cursor in, ServerMessage& out) {{");
  const bool always = emit_choice(code, endpoint.server_messages, [&](std::size_t at) {
    return fmt::format("return in.read(out.emplace<{}>());", types.places[at]);
  });
  if (!always) emit_unknown(code, endpoint.server_messages);
  code.line("}}").blank();
  code.line("void encode(::parley::json::Writer& out, const ServerMessage& message) {{");
  code.line("  std::visit([&out](const auto& one) {{ write(out, one); }}, message);").line("}}");
}

void emit_which(Code& code, const Plan& plan, const PlannedEndpoint& endpoint) {
  const auto types = message_types(plan, endpoint.server);
  code.line("int which(const ServerMessage& message) {{");
  code.line("  switch (message.index()) {{");
  std::vector<char> done(types.types.size());
  for (std::size_t i = 0; i < endpoint.server.size(); ++i)
    if (!std::exchange(done[types.places[i]], true))
      code.line("    case {}:", types.places[i]).line("      return {};", i);
  code.line("    default:").line("      return -1;").line("  }}").line("}}").blank();
  const auto raw = std::ranges::find_if(endpoint.server, is_raw);
  if (raw != endpoint.server.end()) {
    code.line("ServerMessage from_bytes(::parley::Bytes data) {{");
    code.line("  return ServerMessage({}(std::move(data)));", message_type(plan, *raw))
        .line("}}")
        .blank();
  }
  code.line("::parley::api::MessageCodec<ServerMessage> codec() {{");
  code.line("  ::parley::api::MessageCodec<ServerMessage> out;");
  code.line("  out.binary_json = {};", endpoint.endpoint->binary_json);
  if (raw != endpoint.server.end()) code.line("  out.from_bytes = from_bytes;");
  code.line("  out.which = which;").line("  return out;").line("}}");
}

// The field of the first message that carries the key, where the definition has one.
std::string key_field(const Plan& plan, const PlannedMessage& message) {
  for (const auto& auth : plan.definition->auth) {
    if (auth.kind != AuthStrategy::Kind::message) continue;
    const PlannedType* type = plan.find(plan.resolve(message.message->schema).name);
    for (const auto& field : fields_of(type))
      if (field.field->wire == auth.name && field.presence == Presence::optional) return field.name;
  }
  return {};
}

void emit_send(Code& code, const Plan& plan, const PlannedMessage& message, std::size_t index) {
  const std::string name = message.role == Role::initialize ? "initialize"
                           : message.role == Role::close    ? "close"
                                                            : send_name(message);
  code.blank().line("::parley::Task<::parley::Result<void>> Connection::{}({} message) {{", name,
                    message_type(plan, message));
  if (is_raw(message)) {
    code.line("  co_return co_await core_.send_bytes({}, std::move(message.data));", index)
        .line("}}");
    return;
  }
  if (message.message->frame == Frame::binary) {
    code.line("  const std::string text = ::parley::json::encode_text(message);");
    code.line("  const auto bytes = ::parley::as_bytes(text);");
    code.line("  ::parley::Bytes data(bytes.begin(), bytes.end());");
    code.line("  co_return co_await core_.send_bytes({}, std::move(data));", index).line("}}");
    return;
  }
  if (message.role == Role::initialize) {
    if (const auto field = key_field(plan, message); !field.empty())
      code.line("  if (!core_.message_key().empty() && !message.{})", field)
          .line("    message.{} = core_.message_key().reveal();", field);
    code.line("  auto sent = co_await core_.send({}, ::parley::json::encode_text(message));",
              index);
    code.line("  if (!sent) co_return sent;")
        .line("  co_return co_await core_.ready();")
        .line("}}");
    return;
  }
  code.line("  co_return co_await core_.send({}, ::parley::json::encode_text(message));", index);
  code.line("}}");
}

void emit_sends(Code& code, const Plan& plan, const PlannedEndpoint& endpoint) {
  code.blank().line("::parley::Task<::parley::Result<Connection>> Connection::open(");
  code.line("    Params params, ::parley::api::SessionOptions options) {{");
  code.line(
      "  auto core = co_await ::parley::api::SessionCore::open(rules(), target_of(params), "
      "std::move(options));");
  code.line("  if (!core) co_return ::parley::fail(std::move(core.error()));");
  code.line("  co_return Connection(std::move(*core));").line("}}");
  for (std::size_t i = 0; i < endpoint.client.size(); ++i)
    emit_send(code, plan, endpoint.client[i], i);
  if (!with_role(endpoint, Role::close)) {
    code.blank().line("::parley::Task<::parley::Result<void>> Connection::close() {{");
    code.line("  core_.begin_close();").line("  co_return ::parley::Result<void>();").line("}}");
  }
  code.blank().line("::parley::Task<std::optional<ServerMessage>> Connection::next() {{");
  code.line("  const auto how = codec();");
  code.line("  co_return co_await ::parley::api::next_message(core_, how);").line("}}");
  if (endpoint.client.empty()) return;
  const auto types = message_types(plan, endpoint.client);
  code.blank().line(
      "::parley::Task<::parley::Result<void>> Connection::send(ClientMessage message) {{");
  code.line("  switch (message.index()) {{");
  std::vector<char> done(types.types.size());
  for (std::size_t i = 0; i < endpoint.client.size(); ++i) {
    if (std::exchange(done[types.places[i]], true)) continue;
    const auto& one = endpoint.client[i];
    const std::string name = one.role == Role::initialize ? "initialize"
                             : one.role == Role::close    ? "close"
                                                          : send_name(one);
    code.line("    case {}:", types.places[i]);
    code.line("      co_return co_await {}(std::get<{}>(std::move(message)));", name,
              types.places[i]);
  }
  code.line("    default:");
  code.line(
      "      co_return ::parley::fail(::parley::ErrorKind::invalid_argument, \"the message is "
      "valueless\");");
  code.line("  }}").line("}}");
}

void emit_request(Code& code, const Plan& plan, const PlannedEndpoint& endpoint) {
  const auto& correlation = endpoint.endpoint->correlation;
  if (!correlation || endpoint.client.empty()) return;
  const auto types = message_types(plan, endpoint.client);
  code.blank().line(
      "::parley::Task<::parley::Result<ServerMessage>> Connection::request(ClientMessage "
      "message) {{");
  code.line("  const auto number = core_.new_request_id();");
  code.line("  std::string id = std::to_string(number);").line("  std::string text;");
  code.line("  std::size_t which_message = 0;");
  std::vector<char> done(types.types.size());
  for (std::size_t i = 0; i < endpoint.client.size(); ++i) {
    if (std::exchange(done[types.places[i]], true) || is_raw(endpoint.client[i])) continue;
    const PlannedType* type = plan.find(plan.resolve(endpoint.client[i].message->schema).name);
    const PlannedField* field = nullptr;
    for (const auto& one : fields_of(type))
      if (one.field->wire == correlation->request_field) field = &one;
    code.line("  if (auto* one = std::get_if<{}>(&message)) {{", types.places[i]);
    if (field && !field->constant) {
      const bool text = plan.resolve(field->field->type).kind == Type::Kind::string;
      code.line(
          "    one->{} = {};", field->name,
          text ? "id" : fmt::format("static_cast<{}>(number)", cpp_type(plan, field->field->type)));
    }
    code.line("    text = ::parley::json::encode_text(*one);");
    code.line("    which_message = {};", i).line("  }}");
  }
  code.line(
      "  auto answer = co_await core_.request(which_message, std::move(text), std::move(id));");
  code.line("  if (!answer) co_return ::parley::fail(std::move(answer.error()));");
  code.line("  co_return ::parley::api::decode_message(std::move(*answer), codec());").line("}}");
}

void emit_phases(Code& code, const Plan& plan, const PlannedEndpoint& endpoint) {
  const auto* initialize = with_role(endpoint, Role::initialize);
  const auto* close = with_role(endpoint, Role::close);
  const char* first = initialize ? "Connected" : "Streaming";
  code.blank().line("::parley::Task<::parley::Result<{}>> connect(", first);
  code.line("    Params params, ::parley::api::SessionOptions options) {{");
  code.line(
      "  auto connection = co_await Connection::open(std::move(params), std::move(options));");
  code.line("  if (!connection) co_return ::parley::fail(std::move(connection.error()));");
  code.line("  co_return {}(std::move(*connection));", first).line("}}");
  code.blank().line("namespace detail {{");
  const auto step = [&](std::string_view name, std::string_view next, std::string_view parameter,
                        std::string_view argument) {
    code.blank().line("::parley::Task<::parley::Result<{}>> {}(Connection connection{}) {{", next,
                      name, parameter);
    code.line("  auto done = co_await connection.{}({});", name, argument);
    code.line("  if (!done) co_return ::parley::fail(std::move(done.error()));");
    code.line("  co_return {}(std::move(connection));", next).line("}}");
  };
  if (initialize)
    step("initialize", "Streaming", fmt::format(", {} message", message_type(plan, *initialize)),
         "std::move(message)");
  step("close", "Closing", close ? fmt::format(", {} message", message_type(plan, *close)) : "",
       close ? "std::move(message)" : "");
  code.blank().line("}}  // namespace detail");
}

void emit_dispatch(Code& code, const Plan& plan, const PlannedEndpoint& endpoint) {
  const auto types = message_types(plan, endpoint.server);
  code.blank().line("namespace {{").blank();
  code.line("void call(const Handlers& handlers, const ServerMessage& message) {{");
  code.line("  switch (message.index()) {{");
  const auto add = [&code](std::size_t place, std::string_view member) {
    code.line("    case {}:", place);
    code.line("      if (handlers.{}) handlers.{}(std::get<{}>(message));", member, member, place);
    code.line("      return;");
  };
  std::vector<char> done(types.types.size());
  for (std::size_t i = 0; i < endpoint.server.size(); ++i)
    if (!std::exchange(done[types.places[i]], true)) add(types.places[i], endpoint.server[i].name);
  add(types.types.size(), "unknown_message");
  code.line("    default:").line("      return;").line("  }}").line("}}").blank();
  code.line("}}  // namespace").blank();
  for (const auto& [setter, member, argument] : handlers_of(plan, endpoint)) {
    code.line("Handlers& Handlers::on_{}(std::function<void(const {}&)> handler) {{", setter,
              argument);
    code.line("  {} = std::move(handler);", member).line("  return *this;").line("}}");
  }
  code.blank().line(
      "::parley::Task<::parley::Result<void>> dispatch(Connection connection, Handlers handlers) "
      "{{");
  code.line("  ::parley::Result<void> outcome;").line("  try {{");
  code.line("    while (auto message = co_await connection.next()) call(handlers, *message);");
  code.line("    outcome = connection.outcome();")
      .line("  }} catch (const std::exception& error) {{");
  code.line(
      "    outcome = ::parley::fail(::parley::ErrorKind::internal, std::string(\"a handler threw: "
      "\") + "
      "error.what());");
  code.line("  }}");
  code.line("  if (handlers.closed) handlers.closed(outcome);")
      .line("  co_return outcome;")
      .line("}}");
  code.blank().line("::parley::Task<::parley::Result<Connection>> connect(");
  code.line("    Params params, Handlers handlers, ::parley::api::SessionOptions options) {{");
  code.line(
      "  auto connection = co_await Connection::open(std::move(params), std::move(options));");
  code.line("  if (!connection) co_return connection;");
  code.line("  ::parley::api::start(co_await ::parley::api::current_executor(),");
  code.line("                       dispatch(connection->share(), std::move(handlers)));");
  code.line("  co_return connection;").line("}}");
}

}  // namespace

std::string session_source(const Plan& plan, const PlannedEndpoint& endpoint,
                           const std::string& folder) {
  Code code;
  code.raw(file_header(plan));
  code.line("#include \"{}{}.hpp\"", folder, endpoint.name).blank();
  code.line("#include <exception>").blank();
  code.line("#include \"parley/api/typed_session.hpp\"")
      .line("#include \"parley/json/codec.hpp\"")
      .blank();
  code.line("namespace {}::{} {{", plan.cpp_namespace, endpoint.name);
  code.line("namespace {{").blank();
  code.line("template <class Message>");
  code.line("[[maybe_unused]] void write(::parley::json::Writer& out, const Message& message) {{");
  code.line(
      "  if constexpr (requires {{ message.data.size(); }} && !requires {{ message.extra; }})");
  code.line("    out.value(message.data);")
      .line("  else")
      .line("    out.value(message);")
      .line("}}")
      .blank();
  emit_which(code, plan, endpoint);
  code.blank().line("}}  // namespace");
  emit_codec(code, plan, endpoint);
  emit_sends(code, plan, endpoint);
  emit_request(code, plan, endpoint);
  emit_phases(code, plan, endpoint);
  emit_dispatch(code, plan, endpoint);
  code.blank().line("}}  // namespace {}::{}", plan.cpp_namespace, endpoint.name);
  return code.take();
}

}  // namespace detail

std::vector<OutputFile> emit_sessions(const Plan& plan, const std::string& folder) {
  std::vector<OutputFile> out;
  for (const auto& endpoint : plan.endpoints) {
    out.emplace_back(endpoint.name + ".hpp", detail::session_header(plan, endpoint, folder));
    out.emplace_back(endpoint.name + ".cpp", detail::session_source(plan, endpoint, folder));
    out.emplace_back(endpoint.name + "_rules.cpp", detail::rules_source(plan, endpoint, folder));
  }
  return out;
}

}  // namespace parley::schematic
