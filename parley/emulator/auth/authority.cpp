#include "parley/emulator/auth/detail/authority.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "parley/base/random.hpp"
#include "parley/base/rsa.hpp"
#include "parley/base/text.hpp"
#include "parley/emulator/detail/wire.hpp"
#include "parley/json/codec.hpp"

namespace parley::emulator::detail {
namespace {

constexpr std::string_view kJwtGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
constexpr std::string_view kExchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange";

// RFC 6749, 5.2.
Answer refusal(int status, std::string_view error, std::string_view description) {
  Answer answer = json_answer(
      json::to_pretty_string(json::Object{{"error", error}, {"error_description", description}}));
  answer.status = status;
  return answer;
}

std::string path_of(const http::Target& target) {
  std::string path;
  for (const auto& segment : target.segments) path += "/" + segment;
  return path;
}

std::string_view bearer_of(const http::Request& request) {
  const auto header = request.headers.find("Authorization").value_or("");
  return header.starts_with("Bearer ") ? header.substr(7) : std::string_view();
}

std::string_view field(const http::Target& form, std::string_view name) {
  return form.parameter(name).value_or("");
}

json::Object object_of(std::string_view base64) {
  const auto bytes = from_base64(base64);
  if (!bytes) return {};
  const auto value = json::parse(as_text(*bytes), json::Limits());
  return value && value->is_object() ? value->get_object() : json::Object();
}

std::string text_at(const json::Object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::int64_t number_at(const json::Object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value && value->is_int64() ? value->get_int64() : 0;
}

Answer unauthenticated(std::string_view reason) {
  Answer answer = error_answer(
      401, "UNAUTHENTICATED",
      "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie "
      "or other valid authentication credential. See "
      "https://developers.google.com/identity/sign-in/web/devconsole-project.",
      {json::Object{{"@type", "type.googleapis.com/google.rpc.ErrorInfo"},
                    {"reason", reason},
                    {"domain", "googleapis.com"},
                    {"metadata", json::Object{{"service", "aiplatform.googleapis.com"}}}}});
  answer.headers.set("WWW-Authenticate", "Bearer realm=\"https://accounts.google.com/\"");
  return answer;
}

Answer forbidden(const std::string& project) {
  const std::string resource = "projects/" + project;
  return error_answer(
      403, "PERMISSION_DENIED",
      fmt::format("Permission 'aiplatform.endpoints.predict' denied on resource "
                  "'//aiplatform.googleapis.com/{}' (or it may not exist).",
                  resource),
      {json::Object{{"@type", "type.googleapis.com/google.rpc.ErrorInfo"},
                    {"reason", "IAM_PERMISSION_DENIED"},
                    {"domain", "aiplatform.googleapis.com"},
                    {"metadata", json::Object{{"permission", "aiplatform.endpoints.predict"},
                                              {"resource", resource}}}}});
}

}  // namespace

bool Authority::owns(const http::Request& request, const http::Target& target) const {
  const auto path = path_of(target);
  if (request.method == "POST")
    return path == "/token" || path == "/v1/token" || path.ends_with(":generateAccessToken");
  return path.starts_with("/computeMetadata/") ||
         (request.headers.find("Metadata-Flavor") && path.size() <= 1);
}

Answer Authority::answer(const http::Request& request, const http::Target& target) {
  std::erase_if(tokens_, [now = now_()](const auto& entry) { return entry.second <= now; });
  const auto path = path_of(target);
  if (request.method != "POST") return metadata(request, path);
  if (path.ends_with(":generateAccessToken")) return impersonate(request);
  const auto form = http::parse_target("/?" + request.body);
  const auto type = request.headers.find("Content-Type").value_or("");
  if (!form || !type.starts_with("application/x-www-form-urlencoded"))
    return refusal(400, "invalid_request", "The body is no form.");
  return path == "/token" ? grant(*form) : exchange(*form);
}

std::string Authority::check_jwt(std::string_view jwt, std::string_view audience) const {
  const auto parts = split(jwt, '.');
  if (parts.size() != 3) return "Invalid JWT: it has not three parts.";
  const auto header = object_of(parts[0]), claims = object_of(parts[1]);
  const auto issuer = text_at(claims, "iss");
  const auto account = std::ranges::find(options_.accounts, issuer, &AuthOptions::Account::email);
  if (account == options_.accounts.end()) return "Invalid grant: account not found";
  const auto signature = from_base64(parts[2]);
  const auto signed_part = jwt.substr(0, parts[0].size() + 1 + parts[1].size());
  if (text_at(header, "alg") != "RS256" || !signature ||
      !verify_rs256(account->public_key, signed_part, as_text(*signature)))
    return "Invalid JWT Signature.";
  const auto now = to_unix_ms(now_()) / 1000;
  const auto issued = number_at(claims, "iat"), ends = number_at(claims, "exp");
  if (issued > now + 300 || ends <= now || ends - issued > 3600)
    return "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable "
           "timeframe. Check your iat and exp values in the JWT claim.";
  if (text_at(claims, "scope").empty() && (audience.empty() ? text_at(claims, "aud") : "").empty())
    return "Invalid JWT: it has no scope.";
  if (!audience.empty() && !text_at(claims, "aud").ends_with(audience))
    return "Invalid JWT: its audience is another one.";
  return {};
}

Answer Authority::grant(const http::Target& form) {
  const auto type = field(form, "grant_type");
  if (type == kJwtGrant) {
    const auto bad = check_jwt(field(form, "assertion"), "/token");
    return bad.empty() ? give(false) : refusal(400, "invalid_grant", bad);
  }
  if (type != "refresh_token")
    return refusal(400, "unsupported_grant_type", fmt::format("Invalid grant_type: {}", type));
  for (const auto& user : options_.users) {
    if (user.client_id != field(form, "client_id")) continue;
    if (!equal_in_constant_time(user.client_secret.reveal(), field(form, "client_secret")))
      return refusal(401, "invalid_client", "Unauthorized");
    if (equal_in_constant_time(user.refresh_token.reveal(), field(form, "refresh_token")))
      return give(false);
    return refusal(400, "invalid_grant", "Token has been expired or revoked.");
  }
  return refusal(401, "invalid_client", "The OAuth client was not found.");
}

Answer Authority::exchange(const http::Target& form) {
  if (field(form, "grant_type") != kExchangeGrant)
    return refusal(400, "unsupported_grant_type", "Invalid grant_type.");
  if (field(form, "audience").empty() || field(form, "subject_token_type").empty())
    return refusal(400, "invalid_request", "audience and subject_token_type are needed.");
  const auto token = field(form, "subject_token");
  const bool known = std::ranges::any_of(options_.subject_tokens, [token](const Secret& one) {
    return equal_in_constant_time(one.reveal(), token);
  });
  return known ? give(true) : refusal(400, "invalid_grant", "The subject token is not valid.");
}

Answer Authority::impersonate(const http::Request& request) {
  if (!is_own_token(bearer_of(request))) return unauthenticated("ACCESS_TOKEN_TYPE_UNSUPPORTED");
  const auto body = json::parse(request.body, json::Limits());
  const auto* scopes =
      body && body->is_object() ? body->get_object().if_contains("scope") : nullptr;
  if (scopes == nullptr || !scopes->is_array() || scopes->get_array().empty())
    return error_answer(400, "INVALID_ARGUMENT", "Request contains an invalid argument.");
  const auto life = std::min(options_.token_life, std::chrono::seconds(3600));
  return json_answer(json::to_pretty_string(
      json::Object{{"accessToken", make_token(life)}, {"expireTime", to_iso8601(now_() + life)}}));
}

Answer Authority::metadata(const http::Request& request, const std::string& path) {
  if (options_.metadata_project.empty()) {
    Answer none;
    none.status = 404;
    return none;
  }
  Answer answer;
  answer.headers.set("Metadata-Flavor", "Google");
  answer.headers.set("Server", "Metadata Server for VM");
  answer.headers.set("Content-Type", "application/text");
  if (!iequals_ascii(request.headers.find("Metadata-Flavor").value_or(""), "Google")) {
    answer.status = 403;
    answer.headers.set("Content-Type", "text/html");
    answer.pieces = {
        "<p>Your client does not have permission to get this URL: Missing "
        "Metadata-Flavor:Google header.\n"};
  } else if (path == "/computeMetadata/v1/project/project-id") {
    answer.pieces = {options_.metadata_project};
  } else if (path == "/computeMetadata/v1/instance/service-accounts/default/token") {
    Answer given = give(false);
    answer.headers.set("Content-Type", "application/json");
    answer.pieces = std::move(given.pieces);
  } else if (path.size() > 1) {
    answer.status = 404;
  } else {
    answer.pieces = {"computeMetadata/\n"};
  }
  return answer;
}

Answer Authority::give(bool of_exchange) {
  json::Object body{{"access_token", make_token(options_.token_life)},
                    {"expires_in", options_.token_life.count()},
                    {"token_type", "Bearer"}};
  if (of_exchange) body["issued_token_type"] = "urn:ietf:params:oauth:token-type:access_token";
  return json_answer(json::to_pretty_string(body) + "\n");
}

std::string Authority::make_token(std::chrono::seconds life) {
  SeededRandom random(seed_ * 0x40007 + ++made_);
  std::string token = "ya29.";
  for (int i = 0; i < 4; ++i) token += fmt::format("{:016x}", random.next());
  tokens_[token] = now_() + life;
  return token;
}

bool Authority::is_own_token(std::string_view token) const {
  const auto found = tokens_.find(token);
  return found != tokens_.end() && found->second > now_();
}

std::optional<Answer> Authority::refuse(const http::Request& request,
                                        const std::string& project) const {
  const auto token = bearer_of(request);
  const bool has_key = request.headers.find("x-goog-api-key").has_value();
  if (token.empty() && project.empty() && has_key) return std::nullopt;
  // A key where a token is needed.
  if (token.empty()) return unauthenticated("ACCESS_TOKEN_TYPE_UNSUPPORTED");
  if (options_.only_own_tokens && !is_own_token(token) && !check_jwt(token, "").empty())
    return unauthenticated(tokens_.contains(token) ? "ACCESS_TOKEN_EXPIRED"
                                                   : "ACCESS_TOKEN_TYPE_UNSUPPORTED");
  if (std::ranges::find(options_.forbidden_projects, project) != options_.forbidden_projects.end())
    return forbidden(project);
  return std::nullopt;
}

std::string Authority::masked(std::string_view body) {
  constexpr std::string_view open[] = {"grant_type", "audience",           "scope",
                                       "client_id",  "subject_token_type", "requested_token_type"};
  std::string out;
  for (const auto part : split(body, '&')) {
    const auto name = part.substr(0, part.find('='));
    if (!out.empty()) out += '&';
    out += std::ranges::find(open, name) != std::end(open) ? std::string(part)
                                                           : std::string(name) + "=***";
  }
  return out;
}

}  // namespace parley::emulator::detail
