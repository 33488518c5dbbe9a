#include <algorithm>

#include <fmt/format.h>

#include "parley/emulator/auth/detail/authority.hpp"
#include "parley/emulator/detail/catalogue.hpp"
#include "parley/emulator/detail/wire.hpp"
#include "parley/emulator/model/tokens.hpp"
#include "parley/emulator/rest/detail/request_check.hpp"
#include "parley/emulator/rest/detail/route.hpp"
#include "parley/emulator/rest/detail/store.hpp"
#include "parley/json/codec.hpp"

// What Vertex AI does in another way than the Developer API.
namespace parley::emulator {

using detail::error_answer;

namespace {

// Tuned models stand behind endpoints with numbers for names; ours are all made of this one.
constexpr std::string_view kTuned = "gemini-2.5-flash";

// A host of that name is there: us-central1, europe-west4, global, us, eu.
bool is_location(std::string_view name) {
  if (name == "global" || name == "us" || name == "eu") return true;
  return name.find('-') != std::string_view::npos && name.back() >= '1' && name.back() <= '9';
}

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string Service::Route::parent() const {
  return project.empty() ? "" : fmt::format("projects/{}/locations/{}/", project, location);
}

bool Service::Route::read_vertex(const std::vector<std::string>& segments) {
  vertex = true;
  auto rest = segments;
  if (rest[0] == "projects") {
    if (rest.size() < 5 || rest[1].empty() || rest[2] != "locations" || !is_location(rest[3]))
      return false;
    project = rest[1];
    location = rest[3];
    rest.erase(rest.begin(), rest.begin() + 4);
  }
  if (rest[0] == "cachedContents" && !project.empty() && rest.size() <= 2) {
    resource = rest;
    return true;
  }
  const bool tuned = rest[0] == "endpoints" && rest.size() == 2;
  const bool published = rest[0] == "publishers" && rest.size() >= 3 && rest.size() <= 4 &&
                         rest[1] == "google" && rest[2] == "models";
  if (!tuned && !published) return false;
  if (published && rest.size() == 3) return project.empty();
  const std::string& last = rest.back();
  const auto colon = last.rfind(':');
  model = last.substr(0, colon);
  if (colon != std::string::npos) method = last.substr(colon + 1);
  if (tuned && (!is_number(model) || method.empty())) return false;
  if (tuned) model = kTuned;
  return !model.empty();
}

void as_vertex(gemini::GenerateContentResponse& response, WallTime now, bool last) {
  response.create_time = to_iso8601(now);
  for (auto& candidate : *response.candidates) {
    candidate.index.reset();
    if (last) candidate.avg_logprobs = -0.25;
  }
  auto& usage = *response.usage_metadata;
  if (!last) usage = gemini::UsageMetadata();
  usage.traffic_type = "ON_DEMAND";
}

json::Object publisher_entry(const gemini::Model& model) {
  return json::Object{{"name", "publishers/google/" + model.name},
                      {"versionId", "default"},
                      {"launchStage", "GA"},
                      {"displayName", model.display_name.value_or("")}};
}

Answer no_publisher_model(const std::string& parent, std::string_view model) {
  return error_answer(
      404, "NOT_FOUND",
      fmt::format("Publisher Model `{}publishers/google/models/{}` was not found or your project "
                  "does not have access to it. Please ensure you are using a valid model version. "
                  "For more information, see: "
                  "https://cloud.google.com/vertex-ai/generative-ai/docs/learn/model-versions",
                  parent, model));
}

void Service::add_account(AuthOptions::Account account) {
  authority_->add(std::move(account));
}

std::optional<Answer> Service::refuse(const http::Request& request, const http::Target& target,
                                      const Route& route) const {
  return route.vertex ? authority_->refuse(request, route.project)
                      : refuse_credentials(request, target);
}

// Text embeddings of the models before the second: instances in, predictions out.
Answer Service::predict(const http::Request& request, const Route& route) const {
  const auto body = json::parse(request.body, json::trusted_limits());
  const auto* object = body ? body->if_object() : nullptr;
  const auto* list = object ? object->if_contains("instances") : nullptr;
  const auto bad = [](std::string why) {
    return error_answer(400, "INVALID_ARGUMENT", std::move(why));
  };
  if (list == nullptr || !list->is_array() || list->get_array().empty())
    return bad("Invalid value at 'instances': a list that is not empty is needed.");
  if (route.model == "gemini-embedding-001" && list->get_array().size() > 1)
    return bad("gemini-embedding-001 takes one instance in each request.");
  int dimensions = 0;
  if (const auto* parameters = object->if_contains("parameters");
      parameters && parameters->is_object())
    if (const auto* wanted = parameters->get_object().if_contains("outputDimensionality");
        wanted && wanted->is_int64())
      dimensions = static_cast<int>(std::clamp<std::int64_t>(wanted->get_int64(), -1, 100'000));
  json::Array predictions;
  for (const auto& instance : list->get_array()) {
    const auto* content =
        instance.is_object() ? instance.get_object().if_contains("content") : nullptr;
    if (content == nullptr || !content->is_string())
      return bad("Invalid value at 'instances[].content'.");
    gemini::EmbedContentRequest one;
    one.content = gemini::user_content(std::string_view(content->get_string()));
    if (dimensions != 0) one.output_dimensionality = dimensions;
    std::optional<Answer> refusal;
    const auto embedding = detail::embed(one, refusal);
    if (refusal) return std::move(*refusal);
    json::Array values(embedding.values.begin(), embedding.values.end());
    const int tokens = count_tokens({one.content});
    predictions.push_back(json::Object{
        {"embeddings", json::Object{{"values", std::move(values)},
                                    {"statistics", json::Object{{"token_count", tokens},
                                                                {"truncated", false}}}}}});
  }
  return detail::json_answer(
      json::to_pretty_string(json::Object{{"predictions", std::move(predictions)}}) + "\n");
}

// Its settings stand in an object of their own.
Answer Service::embed_for_vertex(http::Request request) const {
  auto body = json::parse(request.body, json::trusted_limits());
  auto* object = body ? body->if_object() : nullptr;
  auto* settings = object ? object->if_contains("embedContentConfig") : nullptr;
  if (settings && settings->is_object()) {
    const json::Object moved = std::move(settings->get_object());
    object->erase("embedContentConfig");
    for (const auto& [name, value] : moved) (*object)[name] = value;
    request.body = json::to_string(*body);
  }
  return embed_one(request);
}

// Names are full resource names, in and out.
Answer Service::vertex_caches(const http::Request& request, const http::Target& target,
                              const Route& route) {
  if (request.method == "POST" &&
      request.body.find("publishers/google/models/") == std::string::npos)
    return error_answer(400, "INVALID_ARGUMENT",
                        "The model must be given as projects/…/publishers/google/models/….");
  auto answer = store_->answer(request, target, route.resource, false);
  if (!answer) return error_answer(404, "NOT_FOUND", "Requested entity was not found.");
  constexpr std::string_view name = "\"name\": \"cachedContents/";
  for (auto& piece : answer->pieces)
    for (auto at = piece.find(name); at != std::string::npos; at = piece.find(name, at + 1))
      piece.insert(at + name.size() - std::string_view("cachedContents/").size(), route.parent());
  return std::move(*answer);
}

}  // namespace parley::emulator
