#include "parley/schematic/detail/cpp_session.hpp"
#include "parley/schematic/emit.hpp"
#include "parley/schematic/names.hpp"

namespace parley::schematic {

using detail::Code;

namespace detail {

const RestResponse* good_response(const RestEndpoint& endpoint) {
  for (const auto& one : endpoint.responses)
    if (one.status >= 200 && one.status < 300) return &one;
  for (const auto& one : endpoint.responses)
    if (one.status == 0) return &one;
  return nullptr;
}

std::string rest_result(const Plan& plan, const PlannedRest& rest) {
  const auto* good = good_response(*rest.endpoint);
  if (!good || !good->schema) return "void";
  const auto type = cpp_element(plan, *good->schema);
  return rest.endpoint->streaming == Streaming::sse
             ? fmt::format("::parley::api::TypedEvents<{}>", type)
             : type;
}

std::string rest_params(const PlannedRest& rest) {
  return pascal_name(rest.endpoint->id) + "Params";
}

std::string rest_arguments(const Plan& plan, const PlannedRest& rest) {
  std::string out;
  if (!rest.params.empty()) out = rest_params(rest) + " params";
  if (rest.endpoint->request)
    out += (out.empty() ? "" : ", ") + cpp_type(plan, *rest.endpoint->request) + " request";
  return out;
}

}  // namespace detail

namespace {

std::string rest_header(const Plan& plan, const std::string& folder) {
  Code code;
  code.raw(detail::file_header(plan)).line("#pragma once").blank();
  code.line("#include <optional>").line("#include <string>").line("#include <utility>");
  code.line("#include <vector>").blank();
  code.line("#include \"{}types.hpp\"", folder).line("#include \"parley/api/rest.hpp\"").blank();
  code.line("namespace {} {{", plan.cpp_namespace);
  for (const auto& one : plan.rest)
    if (!one.params.empty())
      detail::emit_params_header(code, plan, one.params, detail::rest_params(one));
  code.blank().comment(
      "Calls to the API. Belongs to one executor; calls may run side by side. Errors of each "
      "call: see ::parley::api::RestClient; invalid_response with the JSON path.");
  code.line("class RestClient {{").line(" public:");
  code.line(
          "  static ::parley::Result<RestClient> make(::parley::api::RestOptions options = {{}});")
      .blank();
  for (const auto& one : plan.rest) {
    code.comment(one.endpoint->description, 2);
    code.comment(fmt::format("{} {}", one.endpoint->method, one.endpoint->path), 2);
    code.line("  [[nodiscard]] ::parley::Task<::parley::Result<{}>> {}({});",
              detail::rest_result(plan, one), one.name, detail::rest_arguments(plan, one));
  }
  code.blank().line(" private:");
  code.line(
      "  explicit RestClient(::parley::api::RestClient client) : client_(std::move(client)) {{}}");
  code.line("  ::parley::api::RestClient client_;").line("}};").blank();
  code.line("}}  // namespace {}", plan.cpp_namespace);
  return code.take();
}

void emit_call(Code& code, const Plan& plan, const PlannedRest& rest) {
  const auto& endpoint = *rest.endpoint;
  const auto result = detail::rest_result(plan, rest);
  code.blank().line("::parley::Task<::parley::Result<{}>> RestClient::{}({}) {{", result, rest.name,
                    detail::rest_arguments(plan, rest));
  code.line("  ::parley::api::Target target({});", detail::cpp_string(endpoint.path));
  for (const auto& [name, value] : endpoint.headers)
    code.line("  target.header({}, std::string_view({}));", detail::cpp_string(name),
              detail::cpp_string(value));
  detail::emit_params_use(code, plan, rest.params, "params");
  std::string content_type, body;
  if (endpoint.request) {
    const auto kind = plan.resolve(*endpoint.request).kind;
    content_type = endpoint.request_content_type;
    if (kind == Type::Kind::raw || kind == Type::Kind::bytes)
      body = "std::string(::parley::as_text(request))";
    else
      body = "::parley::json::encode_text(request)";
  }
  const bool events = endpoint.streaming == Streaming::sse;
  code.line("  auto answer = co_await client_.{}({}, std::move(target), {}, {});",
            events ? "open_events" : "send", detail::cpp_string(endpoint.method),
            detail::cpp_string(content_type), body.empty() ? "std::string()" : body);
  code.line("  if (!answer) co_return ::parley::fail(std::move(answer.error()));");
  const auto* good = detail::good_response(endpoint);
  if (events)
    code.line("  co_return {}(std::move(*answer), {});", result,
              detail::cpp_string(endpoint.sentinel));
  else if (result == "void")
    code.line("  co_return ::parley::Result<void>();");
  else if (plan.resolve(*good->schema).kind == Type::Kind::raw)
    code.line("  const auto bytes = ::parley::as_bytes(answer->body);")
        .line("  co_return ::parley::Bytes(bytes.begin(), bytes.end());");
  else
    code.line("  co_return ::parley::api::decode_body<{}>(answer->body);", result);
  code.line("}}");
}

std::string rest_source(const Plan& plan, const std::string& folder) {
  Code code;
  code.raw(detail::file_header(plan));
  code.line("#include \"{}rest.hpp\"", folder).blank();
  code.line("#include \"parley/json/codec.hpp\"").blank();
  code.line("namespace {} {{", plan.cpp_namespace).line("namespace {{").blank();
  detail::emit_api_rules(code, plan);
  code.blank().line("}}  // namespace").blank();
  code.line("::parley::Result<RestClient> RestClient::make(::parley::api::RestOptions options) {{");
  code.line("  auto client = ::parley::api::RestClient::make(api, std::move(options));");
  code.line("  if (!client) return ::parley::fail(std::move(client.error()));");
  code.line("  return RestClient(std::move(*client));").line("}}");
  for (const auto& one : plan.rest) emit_call(code, plan, one);
  code.blank().line("}}  // namespace {}", plan.cpp_namespace);
  return code.take();
}

}  // namespace

std::vector<OutputFile> emit_rest(const Plan& plan, const std::string& folder) {
  std::vector<OutputFile> out;
  if (plan.rest.empty()) return out;
  out.emplace_back("rest.hpp", rest_header(plan, folder));
  out.emplace_back("rest.cpp", rest_source(plan, folder));
  return out;
}

}  // namespace parley::schematic
