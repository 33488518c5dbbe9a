#include "parley/schematic/conform.hpp"
#include "parley/schematic/detail/cpp_session.hpp"
#include "parley/schematic/emit.hpp"

namespace parley::schematic {

using detail::Code;
using detail::cpp_string;
using detail::has_codec;

namespace {

std::string exercise_header(const Plan& plan) {
  Code code;
  code.raw(detail::file_header(plan)).line("#pragma once").blank();
  code.line("#include <string>").line("#include <vector>").blank();
  code.line("#include \"parley/api/exercise.hpp\"").blank();
  code.line("namespace {} {{", plan.cpp_namespace).blank();
  code.comment("Each type's way from JSON to a value and back, by the definition's names.");
  code.line("std::vector<::parley::api::CodecCase> codec_cases();");
  code.comment(
      "Each endpoint against a server that plays the other side at `base_url`; what went wrong.");
  code.line("std::vector<::parley::api::EndpointCase> endpoint_cases();").blank();
  code.line("}}  // namespace {}", plan.cpp_namespace);
  return code.take();
}

std::string sample_argument(const Plan& plan, const Type& type) {
  const auto target = plan.resolve(type);
  const auto cpp = detail::cpp_type(plan, type);
  const auto value = sample(plan, type);
  switch (target.kind) {
    case Type::Kind::boolean:
      return "true";
    case Type::Kind::string:
      return "std::string(\"sample\")";
    case Type::Kind::named:
      if (value.is_string()) return fmt::format("{}::of({})", cpp, cpp_string(value.as_string()));
      return cpp + "{}";
    case Type::Kind::literal:
      return detail::cpp_literal(target.literal);
    case Type::Kind::list:
      return fmt::format("{}({{{}}})", cpp, sample_argument(plan, target.arguments[0]));
    case Type::Kind::float64:
      return "1.5";
    case Type::Kind::decimal:
      return cpp + "(\"1.5\")";
    default:
      return fmt::format("{}{{1}}", cpp);
  }
}

std::string params_arguments(const Plan& plan, const std::vector<PlannedParam>& params) {
  std::string out;
  for (const auto& one : params)
    if (one.param->required)
      out += (out.empty() ? "" : ", ") + sample_argument(plan, one.param->param_type);
  return out;
}

json::Value example_of(const Plan& plan, const MessageSchema& message) {
  if (!message.examples.empty()) return message.examples.front();
  const PlannedType* type = plan.find(plan.resolve(message.schema).name);
  if (type && !type->definition->examples.empty()) return type->definition->examples.front();
  return sample(plan, message.schema);
}

// Decodes the example and hands it to `call`.
void emit_step(Code& code, const Plan& plan, const PlannedMessage& message, std::string_view call) {
  const auto type = detail::message_type(plan, message);
  const auto label = cpp_string(message.message->id);
  code.line("  {{");
  if (message.message->schema.kind == Type::Kind::raw) {
    code.line("    {} message(::parley::Bytes(640));", type);
    code.line("    check.sent({}, co_await connection.{}(std::move(message)));", label, call);
  } else {
    code.line("    auto message = check.decode<{}>({}, {});", type, label,
              cpp_string(json::to_string(example_of(plan, *message.message))));
    code.line("    if (!message) co_return check.failures;");
    code.line("    check.sent({}, co_await connection.{}(std::move(*message)));", label, call);
  }
  code.line("  }}");
}

// Messages that a mock sends for each message of the client.
bool answers(const PlannedEndpoint& endpoint) {
  const auto& cycle = endpoint.endpoint->lifecycle;
  for (const auto& message : cycle.server_messages)
    if (!message.terminal && !message.fatal && message.repeatable && message.id != cycle.greeting &&
        message.id != cycle.ready_after)
      return true;
  return false;
}

void emit_socket(Code& code, const Plan& plan, const PlannedEndpoint& endpoint) {
  const auto& cycle = endpoint.endpoint->lifecycle;
  code.blank().line("::parley::Task<std::vector<std::string>> exercise_{}(std::string base_url) {{",
                    endpoint.name);
  code.line("  namespace endpoint = {}::{};", plan.cpp_namespace, endpoint.name);
  code.line("  using namespace endpoint;  // messages that are bytes");
  code.line("  ::parley::api::ExerciseCheck check;");
  code.line("  endpoint::Params params{};",
            params_arguments(plan, endpoint.params).empty()
                ? ""
                : "(" + params_arguments(plan, endpoint.params) + ")");
  code.line(
      "  auto opened = co_await endpoint::Connection::open(params, "
      "check.options(std::move(base_url)));");
  code.line("  if (!check.opened(opened)) co_return check.failures;");
  code.line("  auto& connection = *opened;");
  if (!cycle.greeting.empty()) code.line("  check.received(co_await connection.next());");
  if (const auto* initialize = detail::with_role(endpoint, Role::initialize)) {
    emit_step(code, plan, *initialize, "initialize");
    if (!cycle.ready_after.empty()) code.line("  check.received(co_await connection.next());");
  }
  const bool answered = answers(endpoint);
  for (const auto& message : endpoint.client) {
    if (message.role != Role::streaming) continue;
    emit_step(code, plan, message, detail::send_name(message));
    if (answered) code.line("  check.received(co_await connection.next());");
  }
  if (const auto* close = detail::with_role(endpoint, Role::close))
    emit_step(code, plan, *close, "close");
  else
    code.line("  check.sent(\"close\", co_await connection.close());");
  code.line("  while (auto message = co_await connection.next()) check.received(message);");
  code.line("  check.ended(connection.outcome());");
  code.line("  co_return check.failures;").line("}}");
}

void emit_rest_call(Code& code, const Plan& plan, const PlannedRest& rest) {
  code.blank().line(
      "::parley::Task<std::vector<std::string>> exercise_rest_{}(std::string base_url) {{",
      rest.name);
  code.line("  ::parley::api::ExerciseCheck check;");
  code.line("  auto client = RestClient::make(check.rest_options(std::move(base_url)));");
  code.line("  if (!check.opened(client)) co_return check.failures;");
  std::string arguments;
  if (!rest.params.empty()) {
    const auto values = params_arguments(plan, rest.params);
    code.line("  {} params{};", detail::rest_params(rest),
              values.empty() ? "" : "(" + values + ")");
    arguments = "params";
  }
  if (rest.endpoint->request) {
    const auto type = detail::cpp_type(plan, *rest.endpoint->request);
    const PlannedType* named = plan.find(plan.resolve(*rest.endpoint->request).name);
    const auto example = named && !named->definition->examples.empty()
                             ? named->definition->examples.front()
                             : sample(plan, *rest.endpoint->request);
    if (type == "::parley::Bytes")
      code.line("  std::optional<::parley::Bytes> request(::parley::Bytes(16));");
    else
      code.line("  auto request = check.decode<{}>(\"request\", {});", type,
                cpp_string(json::to_string(example)));
    code.line("  if (!request) co_return check.failures;");
    arguments += arguments.empty() ? "std::move(*request)" : ", std::move(*request)";
  }
  code.line("  auto answer = co_await client->{}({});", rest.name, arguments);
  code.line("  if (!check.opened(answer)) co_return check.failures;");
  if (rest.endpoint->streaming == Streaming::sse) {
    code.line("  int events = 0;").line("  while (auto event = co_await answer->next()) ++events;");
    code.line("  check.ended(answer->outcome());");
    code.line("  if (events == 0) check.failures.push_back(\"no event came\");");
  }
  code.line("  co_return check.failures;").line("}}");
}

std::string exercise_source(const Plan& plan, const std::string& folder) {
  Code code;
  code.raw(detail::file_header(plan));
  code.line("#include \"{}exercise.hpp\"", folder).blank();
  for (const auto& one : plan.endpoints) code.line("#include \"{}{}.hpp\"", folder, one.name);
  if (!plan.rest.empty()) code.line("#include \"{}rest.hpp\"", folder);
  code.line("#include \"{}types.hpp\"", folder).line("#include \"parley/json/codec.hpp\"").blank();
  code.line("namespace {} {{", plan.cpp_namespace).line("namespace {{");
  for (const auto& one : plan.endpoints) emit_socket(code, plan, one);
  for (const auto& one : plan.rest) emit_rest_call(code, plan, one);
  code.blank().line("}}  // namespace").blank();
  code.line("std::vector<::parley::api::CodecCase> codec_cases() {{").line("  return {{");
  for (const auto& type : plan.types)
    if (has_codec(type))
      code.line("      {{{}, ::parley::api::round_trip<{}>}},", cpp_string(type.definition->name),
                type.name);
  code.line("  }};").line("}}").blank();
  code.line("std::vector<::parley::api::EndpointCase> endpoint_cases() {{").line("  return {{");
  for (const auto& one : plan.endpoints)
    code.line("      {{{}, exercise_{}}},", cpp_string(one.endpoint->id), one.name);
  for (const auto& one : plan.rest)
    code.line("      {{{}, exercise_rest_{}}},", cpp_string(one.endpoint->id), one.name);
  code.line("  }};").line("}}").blank();
  code.line("}}  // namespace {}", plan.cpp_namespace);
  return code.take();
}

}  // namespace

std::vector<OutputFile> emit_exercise(const Plan& plan, const std::string& folder) {
  std::vector<OutputFile> out;
  out.emplace_back("exercise.hpp", exercise_header(plan));
  out.emplace_back("exercise.cpp", exercise_source(plan, folder));
  return out;
}

}  // namespace parley::schematic
