#include <fmt/format.h>

#include "parley/api/detail/token_fetch.hpp"
#include "parley/base/text.hpp"
#include "parley/json/codec.hpp"
#include "parley/json/value.hpp"

// Tokens that are exchanged for others: workload identity federation and impersonation.
namespace parley::api::detail {
namespace {

constexpr std::string_view kPlatform = "https://www.googleapis.com/auth/cloud-platform";

// The other provider's token: the whole text, or a member of a JSON document.
Result<Secret> subject_token(const ExternalAccount& account, const std::string& text) {
  if (account.source_field.empty()) {
    const auto token = trim(text);
    if (token.empty()) return fail(ErrorKind::missing_credentials, "its source is empty");
    return Secret(std::string(token));
  }
  const auto document = json::parse(text, json::Limits());
  const auto* object = document ? document->if_object() : nullptr;
  const auto* member = object ? object->if_contains(account.source_field) : nullptr;
  if (member == nullptr || !member->is_string() || member->get_string().empty())
    return fail(ErrorKind::missing_credentials,
                fmt::format("its source has no member \"{}\" with a token", account.source_field));
  return Secret(std::string(member->get_string()));
}

Task<Result<Secret>> read_source(World world, ExternalAccount account) {
  if (!account.source_file.empty()) {
    const auto text = read_small_file(account.source_file);
    if (!text) co_return fail(named("its source", text.error()));
    co_return subject_token(account, *text);
  }
  http::Headers headers;
  for (const auto& [name, value] : account.source_headers) headers.set(name, value);
  auto answer = co_await request(world, "GET", account.source_url, std::move(headers), "");
  if (!answer) co_return fail(named("its source", std::move(answer.error())));
  if (answer->status != 200)
    co_return fail(
        Error(ErrorKind::unauthenticated, fmt::format("its source answered {}", answer->status))
            .with_http_status(answer->status));
  co_return subject_token(account, answer->body);
}

// RFC 8693, 2.1. Workforce identities without a client of their own name their project.
std::string exchange_form(const ExternalAccount& account, const Secret& token,
                          const std::string& scope) {
  FormBody form;
  form.add("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange");
  form.add("requested_token_type", "urn:ietf:params:oauth:token-type:access_token");
  form.add("audience", account.audience);
  form.add("scope", account.impersonation_url.empty() ? scope : std::string(kPlatform));
  form.add("subject_token_type", account.subject_token_type);
  form.add("subject_token", token.reveal());
  if (!account.workforce_project.empty() && account.client_id.empty())
    form.add("options", json::to_string(json::Object{{"userProject", account.workforce_project}}));
  return form.text();
}

struct GeneratedToken {
  GeneratedToken() = default;
  std::string access_token;
};
void decode(json::Cursor in, GeneratedToken& out) {
  in.each_field([&out](json::Key key, json::Cursor value) {
    if (key == "accessToken") value.read(out.access_token);
  });
}

}  // namespace

Task<Result<AccessToken>> fetch_external(World world, std::shared_ptr<const GoogleKey> key) {
  const auto account = std::get<ExternalAccount>(key->kind);
  const auto subject = co_await read_source(world, account);
  if (!subject) co_return fail(subject.error());
  http::Headers headers;
  if (!account.client_id.empty())
    headers.set("Authorization", "Basic " + to_base64(as_bytes(account.client_id + ":" +
                                                               account.client_secret.reveal())));
  auto token = co_await ask_token_server(world, account.token_url,
                                         exchange_form(account, *subject, world->scope()), headers);
  if (!token || account.impersonation_url.empty()) co_return token;
  std::vector<std::string> none;
  co_return co_await impersonate(world, account.impersonation_url, std::move(*token),
                                 std::move(none), account.impersonation_life);
}

Task<Result<AccessToken>> impersonate(World world, std::string url, AccessToken source,
                                      std::vector<std::string> delegates,
                                      std::chrono::seconds life) {
  http::Headers headers;
  headers.set("Authorization", "Bearer " + source.value.reveal());
  headers.set("Content-Type", "application/json");
  std::string body;
  json::Writer writer(body);
  writer.begin_object();
  if (!delegates.empty()) writer.field("delegates", delegates);
  std::vector<std::string> scopes = world->options.scopes;
  if (scopes.empty()) scopes.emplace_back(kPlatform);
  writer.field("scope", scopes).field("lifetime", fmt::format("{}s", life.count())).end_object();
  auto answer =
      co_await request(world, "POST", std::move(url), std::move(headers), std::move(body));
  if (!answer) co_return fail(std::move(answer.error()));
  if (answer->status != 200) {
    auto refusal = read_token_answer(answer->status, answer->body);
    if (refusal)
      co_return fail(ErrorKind::invalid_response, "the impersonation has no accessToken");
    if (answer->status == 403)
      co_return fail(Error(ErrorKind::permission_denied,
                           "the impersonation was refused: " + refusal.error().message())
                         .with_http_status(403));
    co_return refusal;
  }
  const auto made = json::decode_text<GeneratedToken>(answer->body, json::Limits());
  if (!made || made->access_token.empty())
    co_return fail(ErrorKind::invalid_response, "the impersonation's answer has no accessToken");
  AccessToken token;
  token.value = Secret(made->access_token);
  // Its expireTime is by the service's clock; what was asked for is not longer.
  token.life = life;
  co_return token;
}

}  // namespace parley::api::detail
