#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/base/secret.hpp"

// The JSON files that Google's tools write for programs: what Application Default Credentials find
// (cloud.google.com/docs/authentication, google.aip.dev/auth).
namespace parley::api {

// "service_account": an account with a key of its own (google.aip.dev/auth/4112).
struct ServiceAccountKey {
  ServiceAccountKey() = default;
  std::string client_email;
  std::string private_key_id;  // may be empty
  Secret private_key;          // PEM, PKCS#8
  std::string token_uri = "https://oauth2.googleapis.com/token";
  std::string project_id;     // may be empty
  std::string quota_project;  // may be empty
};

// "authorized_user": a person who has logged in, by a token that is good for others
// (google.aip.dev/auth/4113).
struct AuthorizedUser {
  AuthorizedUser() = default;
  std::string client_id;
  Secret client_secret, refresh_token;
  std::string token_uri = "https://oauth2.googleapis.com/token";
  std::string quota_project;
};

// "external_account": an identity of another provider, exchanged for a token of Google
// (google.aip.dev/auth/4117, RFC 8693).
struct ExternalAccount {
  ExternalAccount() = default;
  std::string audience, subject_token_type, token_url;
  // Where the other provider's token is: one of the two. It is read anew for each exchange.
  std::string source_file, source_url;
  std::vector<std::pair<std::string, std::string>> source_headers;
  std::string source_field;       // of a JSON document; empty: the whole text is the token
  std::string impersonation_url;  // empty: the exchanged token is used as it is
  std::chrono::seconds impersonation_life{3600};
  std::string client_id;  // of the exchange; may be empty
  Secret client_secret;
  std::string workforce_project;
  std::string quota_project;
};

struct GoogleKey;

// "impersonated_service_account": another credential that may act for a service account.
struct ImpersonatedAccount {
  ImpersonatedAccount() = default;
  std::string url;  // of generateAccessToken
  std::vector<std::string> delegates;
  std::shared_ptr<const GoogleKey> source;
  std::string quota_project;
};

struct GoogleKey {
  using Kind =
      std::variant<ServiceAccountKey, AuthorizedUser, ExternalAccount, ImpersonatedAccount>;
  explicit GoogleKey(Kind of) : kind(std::move(of)) {}
  Kind kind;
  // The project whose quota is used (x-goog-user-project); may be empty.
  const std::string& quota_project() const;
  // Empty where the file does not tell.
  std::string project() const;
};

// Reads a file's text. Strict about what it uses: a member that is missing, empty or of another
// kind, and a URL that would send a secret in the clear (http, but to this machine), are refused by
// their path; members that it does not use are skipped. Errors: invalid_argument; the message holds
// names of members, never their values.
Result<GoogleKey> read_google_key(std::string_view json);

}  // namespace parley::api
