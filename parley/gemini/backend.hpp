#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "parley/api/google_tokens.hpp"
#include "parley/base/error.hpp"
#include "parley/base/secret.hpp"
#include "parley/http/url.hpp"

namespace parley::gemini {

// Gemini is offered by two services: the Developer API, for which a key is enough, and Vertex AI of
// Google Cloud, which wants a project and access tokens (or, in express mode, a key alone).
enum class Service { by_environment, developer, vertex };

// Which service is used, and as whom. What is left empty is looked for in the environment.
struct Access {
  Access() = default;
  // by_environment: Vertex AI where GOOGLE_GENAI_USE_VERTEXAI or GOOGLE_GENAI_USE_ENTERPRISE is
  // true or 1, or where a project, tokens or credentials are given here; else the Developer API.
  Service service = Service::by_environment;
  std::string project;   // Vertex AI; else GOOGLE_CLOUD_PROJECT, else the credentials' own
  std::string location;  // Vertex AI; else GOOGLE_CLOUD_LOCATION, else us-central1; "global"
  // Vertex AI: a file with credentials, or tokens (api/google_tokens.hpp); else Application Default
  // Credentials. One of the two at most.
  std::string credentials_file;
  std::shared_ptr<api::TokenSource> tokens;
  api::GoogleTokenOptions token_options;  // for those that are made here: events, limits, scopes
};

// One of the services at one place: its URL, its paths, and how things are named there. A value.
class Backend {
 public:
  // What a client was given, and the environment. `key` empty: GOOGLE_API_KEY, else GEMINI_API_KEY;
  // on Vertex AI a key is used where it is given, or where no project is known (express mode).
  // `base_url` empty: GOOGLE_GEMINI_BASE_URL or GOOGLE_VERTEX_BASE_URL, else Google's.
  // `version` empty: v1beta, on Vertex AI v1beta1. Nothing is sent. Errors: missing_credentials;
  // invalid_argument (URL, project, location, version, two kinds of credentials at once); those of
  // api::tokens_of_file().
  static Result<Backend> choose(Access access, Secret key, std::string base_url,
                                std::string version,
                                const api::Environment& environment = api::process_environment());

  bool vertex() const { return vertex_; }
  // Vertex AI with a key and without a project.
  bool express() const { return vertex_ && project_.empty(); }
  const http::Url& base() const { return base_; }
  const std::string& version() const { return version_; }
  const std::string& project() const { return project_; }    // empty: Developer API, express mode
  const std::string& location() const { return location_; }  // as above
  const Secret& key() const { return key_; }
  const std::shared_ptr<api::TokenSource>& tokens() const { return tokens_; }

  // A model's resource name from every spelling: "x", "models/x", "publishers/google/models/x",
  // the full path, each also with ":method" behind it; "tunedModels/x" (Developer API),
  // "endpoints/1" and "meta/llama" (Vertex AI). Errors (invalid_argument): no name; a name that
  // this service does not have; another location than this one's.
  Result<std::string> model_name(std::string_view model) const;
  // The name of a thing of the project, as "cachedContents/x": below projects/…/locations/… on
  // Vertex AI, unless it is there already. Errors (invalid_argument): express mode has none.
  Result<std::string> resource_name(std::string_view name) const;
  // "/v1beta/models/x:generateContent"; what would change the meaning of a path is escaped.
  // Errors: those of model_name().
  Result<std::string> model_path(std::string_view model, std::string_view method) const;
  std::string path(std::string_view name) const;
  std::string models_path() const;  // of the list of models
  // Of the Live API, for the WebSocket.
  std::string live_path() const;

 private:
  Backend() = default;
  std::string parent() const;  // "projects/P/locations/L/", empty in express mode
  Result<void> use_vertex(Access access, const api::Environment& environment);
  Result<void> use_tokens(Access access, const api::Environment& environment);

  bool vertex_ = false;
  http::Url base_;
  bool own_base_ = false;  // a base URL was given: it may lead anywhere
  std::string version_, project_, location_;
  Secret key_;
  std::shared_ptr<api::TokenSource> tokens_;
};

// The host of Vertex AI in a location (cloud.google.com/vertex-ai/docs/reference/rest):
// "us-central1-aiplatform.googleapis.com"; for global, and where it is empty, the one without a
// region; for the multi-regions us and eu "aiplatform.us.rep.googleapis.com".
std::string vertex_host(std::string_view location);

// "models/x" for "x" and "models/x"; "tunedModels/x" and other resource names stay. A ":method"
// behind it is dropped.
std::string model_resource(std::string_view model);

}  // namespace parley::gemini
