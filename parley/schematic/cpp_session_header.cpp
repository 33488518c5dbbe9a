#include "parley/schematic/detail/cpp_session.hpp"

namespace parley::schematic::detail {
namespace {

// Structs for messages that are only bytes, each once.
void emit_raw_types(Code& code, const PlannedEndpoint& endpoint, const Plan& plan) {
  std::vector<std::string> seen;
  for (const auto* list : {&endpoint.client, &endpoint.server})
    for (const auto& one : *list) {
      if (one.message->schema.kind != Type::Kind::raw) continue;
      const auto type = message_type(plan, one);
      bool known = false;
      for (const auto& other : seen) known = known || other == type;
      if (known) continue;
      seen.push_back(type);
      code.blank().comment(one.message->description.empty() ? "The bytes of a binary message."
                                                            : one.message->description);
      code.line("struct {} {{", type).line("  {}() = default;", type);
      code.line("  explicit {}(::parley::Bytes bytes) : data(std::move(bytes)) {{}}", type);
      code.line("  bool operator==(const {}&) const = default;", type).blank();
      code.line("  ::parley::Bytes data;").line("}};");
    }
}

void emit_variants(Code& code, const Plan& plan, const PlannedEndpoint& endpoint) {
  auto server = message_types(plan, endpoint.server).types;
  server.emplace_back("::parley::json::Unknown");
  code.blank().comment("What the server sends.");
  for (const auto& one : endpoint.server)
    if (!one.message->description.empty())
      code.comment(fmt::format("{}: {}", message_type(plan, one), one.message->description));
  code.line("struct ServerMessage : std::variant<{}> {{", joined(server));
  code.line("  using variant::variant;").line("  ServerMessage();").line("}};");
  code.line("void decode(::parley::json::Cursor in, ServerMessage& out);");
  code.line("void encode(::parley::json::Writer& out, const ServerMessage& message);");
  const auto client = message_types(plan, endpoint.client).types;
  if (client.empty()) return;
  code.blank().comment("What the client sends.");
  code.line("struct ClientMessage : std::variant<{}> {{", joined(client));
  code.line("  using variant::variant;").line("}};");
}

void emit_reading(Code& code) {
  code.comment("The next message; empty: the end, see outcome(). One at a time.", 2);
  code.line("  [[nodiscard]] ::parley::Task<std::optional<ServerMessage>> next();");
  code.comment("Waits until next() need not, at most that long (0: not at all); false: it must.",
               2);
  code.line("  [[nodiscard]] ::parley::Task<bool> wait(std::chrono::milliseconds limit) {{");
  code.line("    return core_.wait(limit);").line("  }}");
  code.line("  ::parley::Result<void> outcome() const {{ return core_.outcome(); }}");
  code.line("  ::parley::api::Phase phase() const {{ return core_.phase(); }}");
  code.line(
      "  const ::parley::api::SessionCounters& counters() const {{ return core_.counters(); }}");
  code.line("  const std::string& subprotocol() const {{ return core_.subprotocol(); }}");
}

void emit_connection(Code& code, const Plan& plan, const PlannedEndpoint& endpoint) {
  code.blank().comment(
      "The session with its rules checked when it runs: a message out of its phase is an Error "
      "(invalid_state). Belongs to its executor's thread; destroying it closes the "
      "connection and does not wait.");
  code.line("class Connection {{").line(" public:");
  code.comment("Errors: see ::parley::api::SessionCore::open().", 2);
  code.line("  [[nodiscard]] static ::parley::Task<::parley::Result<Connection>> open(");
  code.line("      Params params, ::parley::api::SessionOptions options = {{}});").blank();
  const auto* initialize = with_role(endpoint, Role::initialize);
  const auto* close = with_role(endpoint, Role::close);
  if (initialize) {
    code.comment(initialize->message->description, 2);
    code.line("  [[nodiscard]] ::parley::Task<::parley::Result<void>> initialize({} message{});",
              message_type(plan, *initialize),
              is_default_constructible(plan, *initialize) ? " = {}" : "");
  }
  for (const auto& one : endpoint.client) {
    if (one.role != Role::streaming) continue;
    code.comment(one.message->description, 2);
    code.line("  [[nodiscard]] ::parley::Task<::parley::Result<void>> {}({} message);",
              send_name(one), message_type(plan, one));
  }
  if (!endpoint.client.empty())
    code.line(
        "  [[nodiscard]] ::parley::Task<::parley::Result<void>> send(ClientMessage message);");
  if (endpoint.endpoint->correlation && !endpoint.client.empty()) {
    code.comment(
        fmt::format("Sends a message with an id of its own in \"{}\", and waits for the message "
                    "that answers it. Errors: those of send(), timeout, invalid_response.",
                    endpoint.endpoint->correlation->request_field),
        2);
    code.line(
        "  [[nodiscard]] ::parley::Task<::parley::Result<ServerMessage>> request(ClientMessage "
        "message);");
  }
  if (close) {
    code.comment(close->message->description, 2);
    code.line("  [[nodiscard]] ::parley::Task<::parley::Result<void>> close({} message{});",
              message_type(plan, *close), is_default_constructible(plan, *close) ? " = {}" : "");
  } else {
    code.comment("Begins the close handshake; next() ends when it is done.", 2);
    code.line("  [[nodiscard]] ::parley::Task<::parley::Result<void>> close();");
  }
  emit_reading(code);
  code.comment("A second handle to the same session.", 2);
  code.line("  Connection share() const {{ return Connection(core_.share()); }}").blank();
  code.line(" private:");
  code.line("  explicit Connection(::parley::api::SessionCore core) : core_(std::move(core)) {{}}");
  code.line("  ::parley::api::SessionCore core_;").line("}};");
}

std::string in_phase(std::string_view phase) {
  return fmt::format("requires(P == ::parley::api::Phase::{})", phase);
}

void emit_close_step(Code& code, const Plan& plan, const PlannedMessage* close) {
  code.comment(close ? close->message->description
                     : "Begins the close handshake; what the server still sends can be read.",
               2);
  if (close) {
    code.line("  [[nodiscard]] ::parley::Task<::parley::Result<Closing>> close(");
    code.line("      {} message{}) && {} {{", message_type(plan, *close),
              is_default_constructible(plan, *close) ? " = {}" : "", in_phase("streaming"));
    code.line("    return detail::close(std::move(connection_), std::move(message));").line("  }}");
  } else {
    code.line("  [[nodiscard]] ::parley::Task<::parley::Result<Closing>> close() && {} {{",
              in_phase("streaming"));
    code.line("    return detail::close(std::move(connection_));").line("  }}");
  }
}

void emit_typestate(Code& code, const Plan& plan, const PlannedEndpoint& endpoint) {
  const auto* initialize = with_role(endpoint, Role::initialize);
  const auto* close = with_role(endpoint, Role::close);
  const std::string first = initialize ? "connected" : "streaming";
  code.blank().comment(
      "The session with its phases checked when it is compiled. A step to the next phase takes the "
      "session and gives the next one.");
  code.line("template <::parley::api::Phase P>").line("class Session;");
  if (initialize) code.line("using Connected = Session<::parley::api::Phase::connected>;");
  code.line("using Streaming = Session<::parley::api::Phase::streaming>;");
  code.line("using Closing = Session<::parley::api::Phase::closing>;").blank();
  code.line("[[nodiscard]] ::parley::Task<::parley::Result<{}>> connect(",
            initialize ? "Connected" : "Streaming");
  code.line("    Params params, ::parley::api::SessionOptions options = {{}});").blank();
  code.line("namespace detail {{");
  if (initialize)
    code.line(
        "::parley::Task<::parley::Result<Streaming>> initialize(Connection connection, {} "
        "message);",
        message_type(plan, *initialize));
  code.line("::parley::Task<::parley::Result<Closing>> close(Connection connection{});",
            close ? fmt::format(", {} message", message_type(plan, *close)) : "");
  code.line("}}  // namespace detail").blank();
  code.line("template <::parley::api::Phase P>").line("class Session {{").line(" public:");
  code.line("  explicit Session(Connection connection) : connection_(std::move(connection)) {{}}")
      .blank();
  if (initialize) {
    code.comment(initialize->message->description, 2);
    if (!endpoint.endpoint->lifecycle.ready_after.empty())
      code.comment(
          fmt::format("Returns when the server has answered with {}, which next() still gives.",
                      endpoint.endpoint->lifecycle.ready_after),
          2);
    code.line("  [[nodiscard]] ::parley::Task<::parley::Result<Streaming>> initialize(");
    code.line("      {} message{}) && {} {{", message_type(plan, *initialize),
              is_default_constructible(plan, *initialize) ? " = {}" : "", in_phase("connected"));
    code.line("    return detail::initialize(std::move(connection_), std::move(message));")
        .line("  }}");
  }
  for (const auto& one : endpoint.client) {
    if (one.role != Role::streaming) continue;
    code.comment(one.message->description, 2);
    code.line("  [[nodiscard]] ::parley::Task<::parley::Result<void>> {}({} message)",
              send_name(one), message_type(plan, one));
    code.line("    {} {{", in_phase("streaming"));
    code.line("    return connection_.{}(std::move(message));", send_name(one)).line("  }}");
  }
  emit_close_step(code, plan, close);
  code.comment("The next message; empty: the end, see outcome(). One at a time.", 2);
  code.line("  [[nodiscard]] ::parley::Task<std::optional<ServerMessage>> next() {{");
  code.line("    return connection_.next();").line("  }}");
  code.line("  ::parley::Result<void> outcome() const {{ return connection_.outcome(); }}");
  code.comment("The same session with its rules checked when it runs.", 2);
  code.line("  Connection into_dynamic() && {{ return std::move(connection_); }}").blank();
  code.line(" private:").line("  Connection connection_;").line("}};");
}

void emit_split(Code& code, const PlannedEndpoint& endpoint) {
  if (endpoint.client.empty()) return;
  code.blank().comment(
      "The two directions of a session for two coroutines of one executor: one send() and one "
      "next() may be pending at a time. The session ends with the later of the two.");
  code.line("class Sink {{").line(" public:");
  code.line("  explicit Sink(Connection connection) : connection_(std::move(connection)) {{}}");
  code.line(
      "  [[nodiscard]] ::parley::Task<::parley::Result<void>> send(ClientMessage message) {{");
  code.line("    return connection_.send(std::move(message));").line("  }}");
  code.line(" private:").line("  Connection connection_;").line("}};").blank();
  code.line("class Stream {{").line(" public:");
  code.line("  explicit Stream(Connection connection) : connection_(std::move(connection)) {{}}");
  code.line("  [[nodiscard]] ::parley::Task<std::optional<ServerMessage>> next() {{");
  code.line("    return connection_.next();").line("  }}");
  code.line("  ::parley::Result<void> outcome() const {{ return connection_.outcome(); }}");
  code.line(" private:").line("  Connection connection_;").line("}};").blank();
  code.line("inline std::pair<Sink, Stream> split(Connection connection) {{");
  code.line("  auto other = connection.share();");
  code.line("  return {{Sink(std::move(other)), Stream(std::move(connection))}};").line("}}");
  code.line("template <::parley::api::Phase P>");
  code.line("std::pair<Sink, Stream> split(Session<P> session) {{");
  code.line("  return split(std::move(session).into_dynamic());").line("}}");
}

}  // namespace

std::vector<Handler> handlers_of(const Plan& plan, const PlannedEndpoint& endpoint) {
  std::vector<Handler> out;
  const auto types = message_types(plan, endpoint.server);
  std::vector<char> done(types.types.size());
  for (std::size_t i = 0; i < endpoint.server.size(); ++i) {
    const auto& name = endpoint.server[i].name;
    if (!std::exchange(done[types.places[i]], true))
      out.emplace_back(name, name, types.types[types.places[i]]);
  }
  out.emplace_back("unknown", "unknown_message", "::parley::json::Unknown");
  out.emplace_back("closed", "closed", "::parley::Result<void>");
  return out;
}

namespace {

void emit_callbacks(Code& code, const Plan& plan, const PlannedEndpoint& endpoint) {
  code.blank().comment(
      "The session with a function for each message of the server. They are called on the "
      "executor, one at a time; what has no function is dropped. An exception of one ends the "
      "session, and closed() tells it.");
  code.line("struct Handlers {{").line("  Handlers() = default;").blank();
  const auto handlers = handlers_of(plan, endpoint);
  for (const auto& [setter, member, argument] : handlers)
    code.line("  Handlers& on_{}(std::function<void(const {}&)> handler);", setter, argument);
  code.blank();
  for (const auto& [setter, member, argument] : handlers)
    code.line("  std::function<void(const {}&)> {};", argument, member);
  code.line("}};").blank();
  code.comment("Calls the handlers until the session ends; returns its outcome.");
  code.line(
      "[[nodiscard]] ::parley::Task<::parley::Result<void>> dispatch(Connection connection, "
      "Handlers "
      "handlers);");
  code.comment(
      "Opens a session and calls its handlers from then on; the returned connection is for "
      "sending.");
  code.line("[[nodiscard]] ::parley::Task<::parley::Result<Connection>> connect(");
  code.line("    Params params, Handlers handlers, ::parley::api::SessionOptions options = {{}});");
  if (endpoint.client.empty()) return;
  code.blank().comment(
      "Sends what `source.next()` gives, a Task of an optional message, until it gives none.");
  code.line("template <class Source>");
  code.line(
      "::parley::Task<::parley::Result<void>> send_all(Connection& connection, Source source) {{");
  code.line("  while (auto message = co_await source.next()) {{");
  code.line("    ClientMessage one(std::move(*message));");
  code.line("    auto sent = co_await connection.send(std::move(one));");
  code.line("    if (!sent) co_return sent;").line("  }}");
  code.line("  co_return ::parley::Result<void>();").line("}}");
}

}  // namespace

std::string session_header(const Plan& plan, const PlannedEndpoint& endpoint,
                           const std::string& folder) {
  Code code;
  code.raw(file_header(plan)).line("#pragma once").blank();
  for (const char* name :
       {"chrono", "functional", "optional", "string", "utility", "variant", "vector"})
    code.line("#include <{}>", name);
  code.blank().line("#include \"{}types.hpp\"", folder);
  code.line("#include \"parley/api/session.hpp\"").blank();
  code.comment(endpoint.endpoint->description);
  code.line("namespace {}::{} {{", plan.cpp_namespace, endpoint.name);
  emit_raw_types(code, endpoint, plan);
  code.blank().comment("Parameters of the connection; what is not set is not sent.");
  emit_params_header(code, plan, endpoint.params, "Params");
  emit_variants(code, plan, endpoint);
  code.blank().line("const ::parley::api::EndpointRules& rules();");
  code.line("::parley::api::Target target_of(const Params& params);");
  emit_connection(code, plan, endpoint);
  emit_typestate(code, plan, endpoint);
  emit_split(code, endpoint);
  emit_callbacks(code, plan, endpoint);
  code.blank().line("}}  // namespace {}::{}", plan.cpp_namespace, endpoint.name);
  return code.take();
}

}  // namespace parley::schematic::detail
