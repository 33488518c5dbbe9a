#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "parley/api/google_key.hpp"
#include "parley/api/token_source.hpp"
#include "parley/net/http_client.hpp"

// Access tokens of Google, for each kind of credentials. Nothing is sent before the first token is
// asked for; nothing is retried.
namespace parley::api {

struct GoogleTokenOptions {
  GoogleTokenOptions();             // the timeouts of `http` become 10 s each
  std::vector<std::string> scopes;  // empty: https://www.googleapis.com/auth/cloud-platform
  std::string subject;        // service account: the person it acts for (domain-wide delegation)
  bool self_signed = false;   // service account: a JWT of its own is the token; nobody is asked
  std::string quota_project;  // in place of the file's
  net::HttpClientOptions http;
  TokenPolicy policy;
};

// Errors of the tokens: missing_credentials, unauthenticated (refused), permission_denied
// (impersonation), unavailable, invalid_response, those of the network. Their messages name the
// credentials.
std::shared_ptr<TokenSource> tokens_of(GoogleKey key,
                                       GoogleTokenOptions options = GoogleTokenOptions());

// The same for a file. Errors: not_found (it cannot be read), invalid_argument with the file's name
// and the member that is wrong.
Result<std::shared_ptr<TokenSource>> tokens_of_file(
    const std::string& path, GoogleTokenOptions options = GoogleTokenOptions());

// Looks a variable up; empty: it is not set, or empty.
using Environment = std::function<std::optional<std::string>(const char* name)>;
Environment process_environment();

// Where the metadata server of Google's machines is
// (cloud.google.com/compute/docs/metadata/overview).
struct MetadataServer {
  MetadataServer() = default;
  // By GCE_METADATA_HOST ("host" or "host:port") and GCE_METADATA_IP, each with a usual value.
  static MetadataServer of(const Environment& environment);
  std::string host = "metadata.google.internal";
  std::string address = "169.254.169.254";  // where the name has no address
  std::chrono::milliseconds probe_timeout{3'000};
};

// True where it answers, and as itself (header Metadata-Flavor), within the probe's time.
Task<bool> is_there(MetadataServer server);
// The project of the machine. Errors: those of the network, invalid_response.
Task<Result<std::string>> project_of(MetadataServer server);
// Tokens of the machine's own account. An answer without the header Metadata-Flavor comes from
// somebody else and is refused: invalid_response.
std::shared_ptr<TokenSource> metadata_tokens(MetadataServer server,
                                             GoogleTokenOptions options = GoogleTokenOptions());

// Application Default Credentials, in their order: the file that GOOGLE_APPLICATION_CREDENTIALS
// names; the file that gcloud writes (CLOUDSDK_CONFIG, else ~/.config/gcloud, on Windows
// %APPDATA%/gcloud; application_default_credentials.json); the metadata server, which is asked
// only when a token is needed, and not where NO_GCE_CHECK is true. The first that is there is used:
// one that is wrong is an error, not a reason to go on. Errors: those of tokens_of_file(); of the
// tokens: missing_credentials, which lists where was looked.
Result<std::shared_ptr<TokenSource>> default_tokens(
    const Environment& environment = process_environment(),
    GoogleTokenOptions options = GoogleTokenOptions());

}  // namespace parley::api
