#include "parley/api/access_token.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "parley/base/rsa.hpp"
#include "parley/base/text.hpp"
#include "parley/http/url.hpp"
#include "parley/json/cursor.hpp"
#include "parley/json/writer.hpp"

namespace parley::api {

using std::chrono::milliseconds;

milliseconds renewal_margin(const AccessToken& token, milliseconds margin) {
  return token.life ? std::min<milliseconds>(margin, milliseconds(*token.life) / 4) : margin;
}

TokenAge age_of(const HeldToken& held, milliseconds margin, TimePoint now, WallTime wall_now) {
  if (!held.token.life) return TokenAge::fresh;
  const auto steady = std::chrono::duration_cast<milliseconds>(now - held.asked);
  const auto age = std::max(steady, wall_now - held.asked_wall);
  const auto left = milliseconds(*held.token.life) - age;
  if (left <= milliseconds(0)) return TokenAge::expired;
  return left <= renewal_margin(held.token, margin) ? TokenAge::due : TokenAge::fresh;
}

namespace {

std::int64_t seconds_of(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

void add_member(json::Writer& out, std::string_view name, const std::string& value) {
  if (!value.empty()) out.key(name).value(value);
}

struct TokenAnswer {
  TokenAnswer() = default;
  std::string access_token, type, error, description;
  std::optional<std::int64_t> expires_in;
};

void decode(json::Cursor in, TokenAnswer& out) {
  in.each_field([&out](json::Key key, json::Cursor value) {
    const bool text = value.kind() == json::Kind::string;
    if (key == "access_token")
      value.read(out.access_token);
    else if (key == "token_type")
      value.read(out.type);
    else if (key == "expires_in")
      value.read(out.expires_in);
    else if (key == "error" && text)
      value.read(out.error);
    else if (key == "error" && value.kind() == json::Kind::object) {
      out.error = value.text_at("status");
      out.description = value.text_at("message");
    } else if (key == "error_description" && text)
      value.read(out.description);
  });
}

std::string shown(std::string_view text) {
  const auto clean = redact(to_valid_utf8(text.substr(0, 800)));
  return std::string(first_scalars(clean, 200));
}

Error refusal_of(int status, const Result<TokenAnswer>& answer) {
  const bool later = status == 408 || status == 429 || status >= 500;
  std::string message = fmt::format("the token server answered {}", status);
  std::string code;
  if (answer && !answer->error.empty()) {
    code = shown(answer->error);
    message += ": " + code;
    if (!answer->description.empty()) message += ": " + shown(answer->description);
  }
  return Error(later ? ErrorKind::unavailable : ErrorKind::unauthenticated, std::move(message))
      .with_http_status(status)
      .with_service_status(std::move(code));
}

}  // namespace

Result<Secret> make_jwt(const JwtClaims& claims, const Secret& private_key) {
  std::string header, payload;
  json::Writer head(header);
  head.begin_object().field("alg", "RS256").field("typ", "JWT");
  add_member(head, "kid", claims.key_id);
  head.end_object();
  json::Writer body(payload);
  body.begin_object();
  add_member(body, "iss", claims.issuer);
  add_member(body, "sub", claims.subject);
  add_member(body, "aud", claims.audience);
  add_member(body, "scope", claims.scope);
  body.field("iat", seconds_of(claims.issued));
  body.field("exp", seconds_of(claims.issued) + claims.life.count()).end_object();
  std::string text = to_base64url(as_bytes(header)) + "." + to_base64url(as_bytes(payload));
  auto signature = sign_rs256(private_key, text);
  if (!signature) return fail(std::move(signature.error()));
  return Secret(text + "." + to_base64url(as_bytes(*signature)));
}

FormBody& FormBody::add(std::string_view name, std::string_view value) {
  if (value.empty()) return *this;
  if (!text_.empty()) text_ += '&';
  text_ += http::percent_encode(name) + "=" + http::percent_encode(value);
  return *this;
}

Result<AccessToken> read_token_answer(int status, std::string_view body) {
  const auto answer = json::decode_text<TokenAnswer>(body, json::Limits());
  if (status < 200 || status > 299) return fail(refusal_of(status, answer));
  const auto broken = [status](std::string why) {
    return fail(Error(ErrorKind::invalid_response, std::move(why)).with_http_status(status));
  };
  if (!answer)
    return broken("the token server's answer cannot be read: " + answer.error().message());
  if (answer->access_token.empty()) return broken("the token server's answer has no access_token");
  if (!answer->type.empty() && !iequals_ascii(answer->type, "Bearer"))
    return broken(fmt::format("the token is of the type \"{}\", not Bearer", shown(answer->type)));
  if (answer->expires_in && *answer->expires_in <= 0)
    return broken(fmt::format("the token ended {} seconds ago", -*answer->expires_in));
  AccessToken token;
  token.value = Secret(answer->access_token);
  // Nothing is held longer than a day without asking anew.
  if (answer->expires_in)
    token.life = std::chrono::seconds(std::min<std::int64_t>(*answer->expires_in, 86'400));
  return token;
}

}  // namespace parley::api
