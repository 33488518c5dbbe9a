#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/base/secret.hpp"

namespace parley::emulator {

// Whom the emulator's authorization server knows. Nobody: it gives no tokens.
struct AuthOptions {
  AuthOptions() = default;

  // Asks with a JWT that is signed by its key (RFC 7523), and may use such a JWT as a token.
  struct Account {
    Account() = default;
    std::string email;
    std::string public_key;  // PEM
  };
  std::vector<Account> accounts;
  // Asks with a refresh token (RFC 6749, 6).
  struct User {
    User() = default;
    std::string client_id;
    Secret client_secret, refresh_token;
  };
  std::vector<User> users;
  std::vector<Secret> subject_tokens;  // of other providers, taken by the exchange (RFC 8693)
  std::string metadata_project;        // of the metadata server; empty: there is none

  std::chrono::seconds token_life{3599};
  // Vertex AI takes the tokens that were given out here and have not ended, and no other one. Off:
  // any token is good, as any API key is.
  bool only_own_tokens = false;
  std::vector<std::string> forbidden_projects;  // 403 IAM_PERMISSION_DENIED
};

// A service account with a key of its own.
struct ServiceAccountFile {
  ServiceAccountFile() = default;
  Secret json;  // as Google's console gives it out
  AuthOptions::Account account;
};
// Makes one; its key is new each time. `token_uri` is where it will ask for tokens:
// "http://127.0.0.1:8090/token". Errors: internal (no key could be made).
Result<ServiceAccountFile> make_service_account(const std::string& project,
                                                const std::string& token_uri);
// The account of such a file. Errors: those of api::read_google_key(); invalid_argument where it is
// another kind of credentials or its key is none.
Result<AuthOptions::Account> account_of(const std::string& json);

}  // namespace parley::emulator
