#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "parley/base/error.hpp"
#include "parley/base/secret.hpp"
#include "parley/base/time.hpp"

// The rules of access tokens, without I/O: what they are asked for with, how an answer is read, and
// when another is due.
namespace parley::api {

// A token as an authorization server gave it (RFC 6749, 5.1).
struct AccessToken {
  AccessToken() = default;
  Secret value;
  // From the moment at which it was asked for; empty: it is not known to end.
  std::optional<std::chrono::seconds> life;
};

// A token and when it was asked for, by both clocks: the wall clock jumps, and the monotonic one
// stands still while a machine sleeps.
struct HeldToken {
  HeldToken() = default;
  AccessToken token;
  TimePoint asked{};
  WallTime asked_wall{};
};

// fresh: to be used. due: still good, but another one is to be fetched before it is used again.
// expired: not to be used.
enum class TokenAge { fresh, due, expired };

// How long before its end a token is due: `margin`, or a quarter of its life where that is less.
std::chrono::milliseconds renewal_margin(const AccessToken& token,
                                         std::chrono::milliseconds margin);

// The age is what the clock says that has gone further. A wall clock that was set back says
// nothing; one that was set forward ends the token early, which costs one fetch and no refused
// call.
TokenAge age_of(const HeldToken& held, std::chrono::milliseconds margin, TimePoint now,
                WallTime wall_now);

// The claims of a JSON Web Token that a service account signs.
struct JwtClaims {
  JwtClaims() = default;
  std::string issuer;    // iss: the account's e-mail address
  std::string subject;   // sub; empty: left out
  std::string audience;  // aud; empty: left out
  std::string scope;     // separated by spaces; empty: left out
  std::string key_id;    // kid of the header; empty: left out
  WallTime issued{};
  std::chrono::seconds life{3600};  // Google takes at most one hour
};

// A compact JWT signed with RS256 (RFC 7519, RFC 7515): the assertion of RFC 7523, 2.1, or, with
// the service as audience or a scope, itself a token. Errors: those of sign_rs256().
Result<Secret> make_jwt(const JwtClaims& claims, const Secret& private_key);

// The body of a POST as application/x-www-form-urlencoded. Values are percent-encoded.
class FormBody {
 public:
  FormBody& add(std::string_view name, std::string_view value);  // an empty value is left out
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// The token in an answer of a token endpoint (RFC 6749, 5). `status` is its HTTP status. Errors:
// unauthenticated for a refusal, with the server's error code as service status and its description
// redacted; unavailable for 408, 429 and 5xx; invalid_response for a success without a token.
Result<AccessToken> read_token_answer(int status, std::string_view body);

}  // namespace parley::api
