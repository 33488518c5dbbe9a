#include "parley/api/google_tokens.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "parley/api/detail/token_fetch.hpp"
#include "parley/api/retry_delay.hpp"
#include "parley/base/text.hpp"
#include "parley/net/system.hpp"

namespace parley::api {

namespace {

constexpr std::string_view kPlatform = "https://www.googleapis.com/auth/cloud-platform";
constexpr std::uintmax_t kLargestFile = 1024 * 1024;

}  // namespace

GoogleTokenOptions::GoogleTokenOptions() {
  const std::chrono::milliseconds limit(10'000);
  http.dial.resolve_timeout = http.dial.connect_timeout = http.dial.tls_timeout = limit;
  http.response_timeout = http.read_timeout = limit;
  http.max_body = 1024 * 1024;
}

namespace detail {

FetchWorld::FetchWorld(GoogleTokenOptions of) : options(std::move(of)), client(options.http) {
  if (!options.policy.clock) options.policy.clock = std::make_shared<net::SystemClock>();
}

std::string FetchWorld::scope() const {
  std::string all;
  for (const auto& one : options.scopes) all += (all.empty() ? "" : " ") + one;
  return all.empty() ? std::string(kPlatform) : all;
}

Error named(const std::string& what, Error error) {
  Error out(error.kind(), what + ": " + error.message());
  out = std::move(out).with_http_status(error.http_status()).with_stage(error.stage());
  out = std::move(out).with_service_status(error.service_status());
  if (const auto delay = error.retry_after()) out = std::move(out).with_retry_after(*delay);
  return out;
}

Result<std::string> read_small_file(const std::string& path) {
  std::error_code code;
  const auto size = std::filesystem::file_size(path, code);
  if (!code && size > kLargestFile)
    return fail(ErrorKind::too_large, fmt::format("{} has more than 1 MiB", path));
  std::ifstream stream(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (!stream || code) return fail(ErrorKind::not_found, fmt::format("cannot read {}", path));
  return text;
}

Task<Result<http::Response>> request(World world, std::string method, std::string url,
                                     http::Headers headers, std::string body) {
  auto where = http::parse_url(url);
  if (!where) co_return fail(std::move(where.error()));
  http::Request request(method, where->target);
  request.headers = std::move(headers);
  request.headers.set("Accept", "*/*");
  request.body = std::move(body);
  co_return co_await world->client.send(std::move(*where), std::move(request));
}

namespace {

// What the server asks to wait, up to a day.
std::optional<std::chrono::milliseconds> retry_after(const http::Response& answer, WallTime now) {
  const auto delay = retry_delay(answer.headers, answer.status == 429, now);
  return delay && *delay <= std::chrono::hours(24) ? delay : std::nullopt;
}

}  // namespace

Task<Result<AccessToken>> ask_token_server(World world, std::string url, std::string form,
                                           http::Headers headers) {
  headers.set("Content-Type", "application/x-www-form-urlencoded");
  auto answer =
      co_await request(world, "POST", std::move(url), std::move(headers), std::move(form));
  if (!answer) co_return fail(std::move(answer.error()));
  auto token = read_token_answer(answer->status, answer->body);
  const auto later = retry_after(*answer, world->wall_now());
  if (!token && later) co_return fail(std::move(token.error()).with_retry_after(*later));
  co_return token;
}

namespace {

// RFC 7523, 2.1; google.aip.dev/auth/4111 for the self-signed form.
Task<Result<AccessToken>> fetch(World world, ServiceAccountKey key) {
  JwtClaims claims;
  claims.issuer = key.client_email;
  claims.key_id = key.private_key_id;
  claims.scope = world->scope();
  claims.issued = world->wall_now();
  claims.subject = world->options.subject;
  if (world->options.self_signed) {
    if (claims.subject.empty()) claims.subject = key.client_email;
    auto token = make_jwt(claims, key.private_key);
    if (!token) co_return fail(std::move(token.error()));
    AccessToken made;
    made.value = std::move(*token);
    made.life = claims.life;
    co_return made;
  }
  claims.audience = key.token_uri;
  const auto assertion = make_jwt(claims, key.private_key);
  if (!assertion) co_return fail(assertion.error());
  FormBody form;
  form.add("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
  form.add("assertion", assertion->reveal());
  http::Headers none;
  co_return co_await ask_token_server(world, key.token_uri, form.text(), std::move(none));
}

// RFC 6749, 6.
Task<Result<AccessToken>> fetch(World world, AuthorizedUser user) {
  FormBody form;
  form.add("grant_type", "refresh_token").add("client_id", user.client_id);
  form.add("client_secret", user.client_secret.reveal());
  form.add("refresh_token", user.refresh_token.reveal());
  if (!world->options.scopes.empty()) form.add("scope", world->scope());
  http::Headers none;
  co_return co_await ask_token_server(world, user.token_uri, form.text(), std::move(none));
}

std::string name_of(const GoogleKey& key) {
  if (const auto* account = std::get_if<ServiceAccountKey>(&key.kind))
    return "service account " + account->client_email;
  if (std::holds_alternative<AuthorizedUser>(key.kind)) return "authorized user";
  if (const auto* account = std::get_if<ExternalAccount>(&key.kind))
    return "external account " + account->audience;
  return "impersonated service account";
}

}  // namespace

Task<Result<AccessToken>> fetch_for(World world, std::shared_ptr<const GoogleKey> key) {
  if (const auto* account = std::get_if<ServiceAccountKey>(&key->kind)) {
    ServiceAccountKey copy = *account;
    co_return co_await fetch(std::move(world), std::move(copy));
  }
  if (const auto* user = std::get_if<AuthorizedUser>(&key->kind)) {
    AuthorizedUser copy = *user;
    co_return co_await fetch(std::move(world), std::move(copy));
  }
  if (std::holds_alternative<ExternalAccount>(key->kind))
    co_return co_await fetch_external(std::move(world), std::move(key));
  const auto account = std::get<ImpersonatedAccount>(key->kind);
  auto source = co_await fetch_for(world, account.source);
  if (!source) co_return fail(named("its source", std::move(source.error())));
  co_return co_await impersonate(world, account.url, std::move(*source), account.delegates,
                                 std::chrono::seconds(3600));
}

}  // namespace detail

std::shared_ptr<TokenSource> tokens_of(GoogleKey key, GoogleTokenOptions options) {
  const auto shared = std::make_shared<const GoogleKey>(std::move(key));
  const auto world = std::make_shared<detail::FetchWorld>(std::move(options));
  const std::string name = detail::name_of(*shared);
  const auto fetch = [](detail::World in, std::shared_ptr<const GoogleKey> of,
                        std::string what) -> Task<Result<AccessToken>> {
    auto token = co_await detail::fetch_for(std::move(in), std::move(of));
    if (!token) co_return fail(detail::named(what, std::move(token.error())));
    co_return token;
  };
  auto source = TokenSource::make(
      name, [=] { return fetch(world, shared, name); }, world->options.policy);
  const auto& given = world->options.quota_project;
  source->set_quota_project(given.empty() ? shared->quota_project() : given);
  source->set_project(shared->project());
  return source;
}

Result<std::shared_ptr<TokenSource>> tokens_of_file(const std::string& path,
                                                    GoogleTokenOptions options) {
  const auto text = detail::read_small_file(path);
  if (!text) return fail(text.error());
  auto key = read_google_key(*text);
  if (!key) return fail(detail::named(path, std::move(key.error())));
  return tokens_of(std::move(*key), std::move(options));
}

}  // namespace parley::api
