#include <filesystem>

#include <fmt/format.h>

#include "parley/api/credentials.hpp"
#include "parley/api/detail/token_fetch.hpp"
#include "parley/base/text.hpp"
#include "parley/http/url.hpp"

namespace parley::api {
namespace {

constexpr const char* kFlavor = "Metadata-Flavor";

// One question; where the name has no address, again at the address that never changes.
Task<Result<http::Response>> ask(detail::World world, MetadataServer server, std::string path) {
  http::Headers headers;
  headers.set(kFlavor, "Google");
  auto answer = co_await detail::request(world, "GET", "http://" + server.host + path, headers, "");
  const bool no_address = !answer && (answer.error().kind() == ErrorKind::resolve_failed ||
                                      answer.error().stage() == Stage::resolve);
  if (no_address && !server.address.empty())
    answer = co_await detail::request(world, "GET", "http://" + server.address + path, headers, "");
  if (answer && !iequals_ascii(answer->headers.find(kFlavor).value_or(""), "Google"))
    co_return fail(
        ErrorKind::invalid_response,
        fmt::format("{} is no metadata server: its answer has no Metadata-Flavor", server.host));
  co_return answer;
}

GoogleTokenOptions with_limits(GoogleTokenOptions options, std::chrono::milliseconds limit) {
  auto& dial = options.http.dial;  // three steps, of which each has its part
  dial.resolve_timeout = dial.connect_timeout = options.http.response_timeout =
      options.http.read_timeout = limit / 3;
  return options;
}

Task<Result<AccessToken>> fetch_machine(detail::World world, MetadataServer server) {
  std::string path = "/computeMetadata/v1/instance/service-accounts/default/token";
  if (!world->options.scopes.empty()) {
    std::string list;
    for (const auto& scope : world->options.scopes) list += (list.empty() ? "" : ",") + scope;
    path += "?scopes=" + http::percent_encode(list);
  }
  auto answer = co_await ask(world, std::move(server), std::move(path));
  if (!answer) co_return fail(detail::named("metadata server", std::move(answer.error())));
  if (answer->status == 404)
    co_return fail(ErrorKind::missing_credentials,
                   "metadata server: this machine has no service account");
  auto token = read_token_answer(answer->status, answer->body);
  if (!token) co_return fail(detail::named("metadata server", std::move(token.error())));
  co_return token;
}

// Whether there is one is found out by the first fetch, and asked again as long as there is none.
Task<Result<AccessToken>> fetch_machine_if_there(detail::World world, MetadataServer server,
                                                 std::string looked_at) {
  const bool there = co_await is_there(server);
  if (there) co_return co_await fetch_machine(std::move(world), std::move(server));
  co_return fail(
      ErrorKind::missing_credentials,
      fmt::format("no credentials of Google Cloud: {}; no metadata server answers at {}. Set "
                  "GOOGLE_APPLICATION_CREDENTIALS, or run `gcloud auth application-default login`",
                  looked_at, server.host));
}

std::string gcloud_file(const Environment& environment) {
  std::filesystem::path folder;
  if (const auto given = environment("CLOUDSDK_CONFIG")) folder = *given;
#ifdef _WIN32
  else if (const auto data = environment("APPDATA"))
    folder = std::filesystem::path(*data) / "gcloud";
#else
  else if (const auto home = environment("HOME"))
    folder = std::filesystem::path(*home) / ".config" / "gcloud";
#endif
  if (folder.empty()) return {};
  return (folder / "application_default_credentials.json").string();
}

}  // namespace

Environment process_environment() {
  return [](const char* name) { return environment(name); };
}

MetadataServer MetadataServer::of(const Environment& environment) {
  MetadataServer server;
  if (auto host = environment("GCE_METADATA_HOST")) {
    server.host = std::move(*host);
    server.address.clear();
  }
  if (auto address = environment("GCE_METADATA_IP")) server.address = std::move(*address);
  return server;
}

Task<bool> is_there(MetadataServer server) {
  const auto limit = server.probe_timeout;
  const auto world = std::make_shared<detail::FetchWorld>(with_limits(GoogleTokenOptions(), limit));
  auto answer = co_await ask(world, std::move(server), "/");
  co_return answer.has_value();
}

Task<Result<std::string>> project_of(MetadataServer server) {
  const auto world = std::make_shared<detail::FetchWorld>(GoogleTokenOptions());
  auto answer = co_await ask(world, std::move(server), "/computeMetadata/v1/project/project-id");
  if (!answer) co_return fail(std::move(answer.error()));
  const auto project = trim(std::string_view(answer->body));
  if (answer->status != 200 || project.empty())
    co_return fail(ErrorKind::invalid_response,
                   fmt::format("the metadata server tells no project ({})", answer->status));
  co_return std::string(project);
}

std::shared_ptr<TokenSource> metadata_tokens(MetadataServer server, GoogleTokenOptions options) {
  const auto world = std::make_shared<detail::FetchWorld>(std::move(options));
  auto source = TokenSource::make(
      "metadata server", [=] { return fetch_machine(world, server); }, world->options.policy);
  source->set_quota_project(world->options.quota_project);
  return source;
}

Result<std::shared_ptr<TokenSource>> default_tokens(const Environment& environment,
                                                    GoogleTokenOptions options) {
  if (const auto path = environment("GOOGLE_APPLICATION_CREDENTIALS")) {
    auto tokens = tokens_of_file(*path, std::move(options));
    if (!tokens)
      return fail(detail::named("GOOGLE_APPLICATION_CREDENTIALS", std::move(tokens.error())));
    return tokens;
  }
  const std::string path = gcloud_file(environment);
  std::error_code code;
  if (!path.empty() && std::filesystem::exists(path, code))
    return tokens_of_file(path, std::move(options));
  std::string looked_at = "GOOGLE_APPLICATION_CREDENTIALS is not set, ";
  looked_at += path.empty() ? "there is no folder of gcloud" : path + " is not there";
  const auto check = environment("NO_GCE_CHECK").value_or("");
  if (iequals_ascii(check, "true"))
    return fail(ErrorKind::missing_credentials,
                fmt::format("no credentials of Google Cloud: {}; the metadata server is not asked "
                            "(NO_GCE_CHECK)",
                            looked_at));
  const auto world = std::make_shared<detail::FetchWorld>(std::move(options));
  const auto server = MetadataServer::of(environment);
  auto source = TokenSource::make(
      "metadata server", [=] { return fetch_machine_if_there(world, server, looked_at); },
      world->options.policy);
  source->set_quota_project(world->options.quota_project);
  return source;
}

}  // namespace parley::api
