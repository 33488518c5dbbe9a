#include "parley/gemini/backend.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "parley/api/credentials.hpp"
#include "parley/base/text.hpp"
#include "parley/gemini/detail/call.hpp"

namespace parley::gemini {
namespace {

constexpr std::string_view kDeveloper = "https://generativelanguage.googleapis.com";

std::unexpected<Error> wrong(std::string why) {
  return fail(ErrorKind::invalid_argument, std::move(why));
}

// Of a project, a location or a version: they become parts of hosts and paths.
bool is_word(std::string_view text, std::string_view further) {
  return !text.empty() && std::ranges::all_of(text, [further](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           further.find(c) != std::string_view::npos;
  });
}

bool is_true(const std::optional<std::string>& value) {
  return value && (*value == "1" || iequals_ascii(*value, "true"));
}

bool wants_vertex(const Access& access, const api::Environment& environment) {
  if (access.service != Service::by_environment) return access.service == Service::vertex;
  return !access.project.empty() || !access.credentials_file.empty() || access.tokens ||
         is_true(environment("GOOGLE_GENAI_USE_VERTEXAI")) ||
         is_true(environment("GOOGLE_GENAI_USE_ENTERPRISE"));
}

Secret key_of(const api::Environment& environment) {
  for (const char* name : {"GOOGLE_API_KEY", "GEMINI_API_KEY"})
    if (const auto value = environment(name)) return Secret(std::string(trim(*value)));
  return Secret();
}

// Without a slash before it, and without the ":method" behind it.
std::string_view plain_name(std::string_view model) {
  model = trim(model);
  while (model.starts_with('/')) model.remove_prefix(1);
  const auto last = model.rfind('/') == std::string_view::npos ? 0 : model.rfind('/') + 1;
  if (const auto colon = model.find(':', last); colon != std::string_view::npos)
    model = model.substr(0, colon);
  return model;
}

std::size_t slashes(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count(text, '/'));
}

}  // namespace

std::string model_resource(std::string_view model) {
  const auto name = plain_name(model);
  if (name.find('/') != std::string_view::npos) return std::string(name);
  return "models/" + std::string(name);
}

std::string vertex_host(std::string_view location) {
  if (location.empty() || location == "global") return "aiplatform.googleapis.com";
  if (location == "us" || location == "eu")
    return fmt::format("aiplatform.{}.rep.googleapis.com", location);
  return fmt::format("{}-aiplatform.googleapis.com", location);
}

Result<Backend> Backend::choose(Access access, Secret key, std::string base_url,
                                std::string version, const api::Environment& environment) {
  Backend made;
  made.vertex_ = wants_vertex(access, environment);
  made.key_ = std::move(key);
  if (made.vertex_) {
    if (auto good = made.use_vertex(std::move(access), environment); !good)
      return fail(std::move(good.error()));
  } else {
    if (access.tokens || !access.credentials_file.empty() || !access.project.empty())
      return wrong("a project, tokens and files with credentials are for Vertex AI");
    auto found = made.key_.empty() ? key_of(environment) : made.key_;
    if (found.empty())
      return fail(ErrorKind::missing_credentials,
                  "no API key: pass one, or set GOOGLE_API_KEY or GEMINI_API_KEY");
    made.key_ = std::move(found);
  }
  if (base_url.empty())
    base_url = environment(made.vertex_ ? "GOOGLE_VERTEX_BASE_URL" : "GOOGLE_GEMINI_BASE_URL")
                   .value_or("");
  made.own_base_ = !base_url.empty();
  if (base_url.empty())
    base_url = made.vertex_ ? "https://" + vertex_host(made.location_) : std::string(kDeveloper);
  auto url = http::parse_url(base_url);
  if (!url) return fail(std::move(url.error()));
  if (url->scheme != "http" && url->scheme != "https")
    return wrong("the base URL must be http or https");
  made.base_ = std::move(*url);
  made.version_ = std::move(version);
  if (made.version_.empty()) made.version_ = made.vertex_ ? "v1beta1" : "v1beta";
  if (!is_word(made.version_, ""))
    return wrong(fmt::format("\"{}\" is no version of the API", made.version_));
  return made;
}

Result<void> Backend::use_vertex(Access access, const api::Environment& environment) {
  if (access.tokens && !access.credentials_file.empty())
    return wrong("tokens and a file with credentials were given: one of them is enough");
  const bool given_tokens = access.tokens || !access.credentials_file.empty();
  if (!key_.empty() && (given_tokens || !access.project.empty()))
    return wrong(
        "an API key was given for Vertex AI beside a project or credentials: express mode takes "
        "the "
        "key alone");
  location_ = access.location.empty() ? environment("GOOGLE_CLOUD_LOCATION").value_or("us-central1")
                                      : access.location;
  if (!is_word(location_, ""))
    return wrong(fmt::format("\"{}\" is no location of Vertex AI; us-central1 is one", location_));
  project_ =
      access.project.empty() ? environment("GOOGLE_CLOUD_PROJECT").value_or("") : access.project;
  // Express mode: a key that was given, or one of the environment where no project is known.
  if (key_.empty() && project_.empty() && !given_tokens) key_ = key_of(environment);
  if (!key_.empty()) {
    project_.clear();
    location_.clear();
    return {};
  }
  if (auto good = use_tokens(std::move(access), environment); !good) return good;
  if (project_.empty()) project_ = tokens_->project();
  if (project_.empty())
    return wrong("no project for Vertex AI: pass one, or set GOOGLE_CLOUD_PROJECT");
  // "example.com:project" is an old form that is still valid.
  if (!is_word(project_, ".:"))
    return wrong(fmt::format("\"{}\" is no project id", to_valid_utf8(project_)));
  return {};
}

Result<void> Backend::use_tokens(Access access, const api::Environment& environment) {
  if (access.tokens) {
    tokens_ = std::move(access.tokens);
    return {};
  }
  auto made = access.credentials_file.empty()
                  ? api::default_tokens(environment, std::move(access.token_options))
                  : api::tokens_of_file(access.credentials_file, std::move(access.token_options));
  if (!made) return fail(std::move(made.error()));
  tokens_ = std::move(*made);
  return {};
}

std::string Backend::parent() const {
  return project_.empty() ? "" : fmt::format("projects/{}/locations/{}/", project_, location_);
}

Result<std::string> Backend::model_name(std::string_view model) const {
  const auto name = plain_name(model);
  if (name.empty() || name.ends_with('/')) return wrong("no model was named");
  if (name.find("//") != std::string_view::npos)
    return wrong(fmt::format("\"{}\" is no name of a model", model));
  const auto google = name.find("publishers/google/models/");
  if (!vertex_) {
    if (google != std::string_view::npos)
      return "models/" + std::string(name.substr(name.rfind('/') + 1));
    if (name.starts_with("projects/") || name.starts_with("publishers/") ||
        name.starts_with("endpoints/"))
      return wrong(
          fmt::format("{} is a name of Vertex AI, and the client is for the Developer API", name));
    return model_resource(name);
  }
  if (name.starts_with("tunedModels/"))
    return wrong(
        fmt::format("{} is a name of the Developer API, and the client is for Vertex AI, "
                    "where a tuned model is endpoints/NUMBER",
                    name));
  if (name.starts_with("projects/")) {
    const auto parts = split(name, '/');
    if (!own_base_ && parts.size() > 3 && parts[2] == "locations" && !location_.empty() &&
        parts[3] != location_)
      return wrong(fmt::format("{} is in {}, and the client in {}", name, parts[3], location_));
    return std::string(name);
  }
  if (name.starts_with("publishers/")) return parent() + std::string(name);
  if (name.starts_with("endpoints/")) return resource_name(name);
  if (name.starts_with("models/")) return parent() + "publishers/google/" + std::string(name);
  if (slashes(name) == 1) {
    const auto slash = name.find('/');
    return fmt::format("{}publishers/{}/models/{}", parent(), name.substr(0, slash),
                       name.substr(slash + 1));
  }
  return fmt::format("{}publishers/google/models/{}", parent(), name);
}

Result<std::string> Backend::resource_name(std::string_view name) const {
  if (!vertex_ || name.starts_with("projects/")) return std::string(name);
  if (express()) return wrong(fmt::format("{} needs a project: express mode has none", name));
  return parent() + std::string(name);
}

Result<std::string> Backend::model_path(std::string_view model, std::string_view method) const {
  auto name = model_name(model);
  if (!name) return name;
  return path(*name) + std::string(method);
}

std::string Backend::path(std::string_view name) const {
  return detail::resource_path(version_, name);
}

std::string Backend::models_path() const {
  return path(vertex_ ? "publishers/google/models" : "models");
}

std::string Backend::live_path() const {
  if (vertex_)
    return fmt::format("/ws/google.cloud.aiplatform.{}.LlmBidiService/BidiGenerateContent",
                       version_);
  return fmt::format("/ws/google.ai.generativelanguage.{}.GenerativeService.BidiGenerateContent",
                     version_);
}

}  // namespace parley::gemini
