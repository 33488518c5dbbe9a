#include "parley/emulator/rest/service.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "parley/base/secret.hpp"
#include "parley/base/text.hpp"
#include "parley/emulator/auth/detail/authority.hpp"
#include "parley/emulator/detail/catalogue.hpp"
#include "parley/emulator/detail/wire.hpp"
#include "parley/emulator/fault/detail/shape.hpp"
#include "parley/emulator/rest/detail/route.hpp"
#include "parley/emulator/rest/detail/store.hpp"

namespace parley::emulator {

using detail::error_answer;

namespace {

constexpr std::string_view kRecordingModel = "recording-";

bool is_credential(std::string_view name) {
  return iequals_ascii(name, "x-goog-api-key") || iequals_ascii(name, "authorization") ||
         iequals_ascii(name, "proxy-authorization") || iequals_ascii(name, "cookie");
}

// Paths that lead nowhere are answered before the API itself, in HTML.
Answer not_found_page() {
  Answer page;
  page.status = 404;
  page.headers.set("Content-Type", "text/html; charset=UTF-8");
  page.pieces = {
      "<!DOCTYPE html>\n<html lang=en>\n<title>Error 404 (Not Found)</title>\n<p><b>404.</b> Not "
      "Found\n"};
  return page;
}

Answer no_model(std::string_view model, std::string_view version, std::string_view method) {
  return error_answer(
      404, "NOT_FOUND",
      fmt::format(
          "models/{} is not found for API version {}, or is not supported for {}. Call ListModels "
          "to see the list of available models and their supported methods.",
          model, version, method));
}

}  // namespace

std::string key_of(const http::Request& request, const http::Target& target) {
  if (const auto header = request.headers.find("x-goog-api-key")) return std::string(*header);
  if (const auto header = request.headers.find("Authorization"))
    for (const std::string_view scheme : {"Bearer ", "Token "})
      if (header->starts_with(scheme)) return std::string(header->substr(scheme.size()));
  for (const char* name : {"key", "access_token"})
    if (const auto parameter = target.parameter(name)) return std::string(*parameter);
  return {};
}

Service::Service(ServiceOptions options)
    : options_(std::move(options)), chance_(options_.faults.seed) {
  if (!options_.now)
    options_.now = [] {
      return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    };
  store_ = std::make_unique<detail::Store>(options_.seed, options_.now);
  authority_ = std::make_unique<detail::Authority>(options_.auth, options_.seed, options_.now);
}
Service::~Service() = default;

void Service::add_recording(std::string name, std::string bytes) {
  recordings_[std::move(name)] = std::move(bytes);
}

void Service::remember(const http::Request& request, bool secret_body) {
  JournalEntry entry;
  entry.at = options_.now();
  entry.method = request.method;
  entry.target = redact(request.target);
  for (const auto& header : request.headers.all())
    entry.headers.add(header.name, is_credential(header.name) ? "***" : header.value);
  entry.body = secret_body ? detail::Authority::masked(request.body) : request.body;
  journal_.push_back(std::move(entry));
  while (journal_.size() > options_.journal_size) journal_.pop_front();
}

void Service::remember_live(const std::string& target, std::string_view message) {
  JournalEntry entry;
  entry.at = options_.now();
  entry.method = "LIVE";
  entry.target = redact(target);
  entry.body = message;
  journal_.push_back(std::move(entry));
  while (journal_.size() > options_.journal_size) journal_.pop_front();
}

std::optional<LiveDoor> Service::live_door(const http::Request& request,
                                           const http::Target& target) {
  std::string path;
  for (const auto& segment : target.segments) path += "/" + segment;
  const bool music = path.find("BidiGenerateMusic") != std::string::npos;
  const auto method = path.find(music ? "BidiGenerateMusic" : "BidiGenerateContent");
  if (method == std::string::npos) return std::nullopt;
  LiveDoor door;
  door.music = music;
  door.vertex = path.find("LlmBidiService") != std::string::npos;
  // Vertex AI refuses the upgrade itself: handle() does. A key comes without a project.
  const bool has_key = request.headers.find("x-goog-api-key").has_value();
  if (door.vertex && authority_->refuse(request, has_key ? "" : "-")) return std::nullopt;
  remember(request, false);
  if (path.find("v1alpha") != std::string::npos) door.version = "v1alpha";
  if (const auto fault = request.headers.find("x-parley-live-fault")) {
    auto wanted = LiveFault::parse(*fault);
    if (wanted)
      door.fault = *wanted;
    else
      door.refusal = "x-parley-live-fault: " + wanted.error().message();
  } else if (!live_faults_.empty()) {
    door.fault = std::move(live_faults_.front());
    live_faults_.pop_front();
  } else if (happens(options_.faults.live, chance_)) {
    door.fault = random_live_fault(chance_);
  }
  const std::string key = key_of(request, target);
  door.path = path;
  door.key = Secret(key);
  door.headers = request.headers;
  if (std::ranges::find(options_.bad_keys, key) != options_.bad_keys.end())
    door.refusal = "API key not valid. Please pass a valid API key.";
  const bool constrained = path.find("Constrained", method) != std::string::npos;
  if (key.empty() || (constrained && !use_token(key, door))) {
    door.refusal =
        "Method doesn't allow unregistered callers (callers without established identity). Please "
        "use API Key or other form of API consumer identity to call this API.";
    door.refusal_code = 1008;
  }
  return door;
}

bool Service::use_token(const std::string& name, LiveDoor& door) {
  auto* token = store_->token(name);
  const auto now = store_->now();
  if (token == nullptr || now >= token->expires || now >= token->new_sessions_until) return false;
  if (!token->unlimited && token->uses_left-- <= 0) return false;
  door.token_setup = token->wanted.bidi_generate_content_setup;
  door.token_mask = token->wanted.field_mask;
  return true;
}

void Service::set_fault_rate(FaultRate faults) {
  options_.faults = faults;
  chance_ = SeededRandom(faults.seed);
}

void Service::forget_faults() {
  faults_.clear();
  live_faults_.clear();
}

Result<Fault> Service::next_fault(const http::Request& request) {
  if (const auto header = request.headers.find("x-parley-fault")) return Fault::parse(*header);
  if (faults_.empty())
    return happens(options_.faults.rest, chance_) ? random_fault(chance_) : Fault();
  Fault fault = std::move(faults_.front());
  faults_.pop_front();
  return fault;
}

Answer Service::handle(const http::Request& request, const http::Target& target) {
  const bool of_authority = authority_->owns(request, target);
  remember(request, of_authority);
  auto fault = next_fault(request);
  if (!fault)
    return error_answer(400, "INVALID_ARGUMENT", "x-parley-fault: " + fault.error().message());
  const auto route = find_route(target);
  Answer result = fault->status != 0 ? detail::usual_error(fault->status, route ? route->model : "")
                                     : answer(request, target);
  if (*fault == Fault()) *fault = std::move(result.fault);
  detail::put_error(result, *fault);
  result.fault = std::move(*fault);
  return result;
}

// …/{version}/models/{model}:{method}, with any prefix and empty segments before the version.
std::optional<Service::Route> Service::find_route(const http::Target& target) const {
  const auto& segments = target.segments;
  const auto version = std::ranges::find_if(segments, [](const std::string& segment) {
    return segment == "v1" || segment == "v1beta" || segment == "v1alpha" || segment == "v1beta1";
  });
  if (version == segments.end()) return std::nullopt;
  const std::vector<std::string> rest(version + 1, segments.end());
  if (rest.empty()) return std::nullopt;
  Route route;
  route.version = *version;
  if (*version == "v1beta1" || rest[0] == "projects" || rest[0] == "publishers")
    return (*version == "v1" || *version == "v1beta1") && route.read_vertex(rest)
               ? std::optional(route)
               : std::nullopt;
  if (rest.size() > 2) return std::nullopt;
  if (rest[0] != "models" && rest[0] != "tunedModels") {
    route.resource = rest;
    route.upload = version != segments.begin() && *(version - 1) == "upload";
    return route;
  }
  if (rest.size() == 1) return route;
  const auto colon = rest[1].rfind(':');
  route.model = rest[1].substr(0, colon);
  if (colon != std::string::npos) route.method = rest[1].substr(colon + 1);
  if (route.model.empty()) return std::nullopt;
  return route;
}

std::optional<Answer> Service::refuse_credentials(const http::Request& request,
                                                  const http::Target& target) const {
  const std::string key = key_of(request, target);
  if (key.empty())
    return error_answer(403, "PERMISSION_DENIED",
                        "Method doesn't allow unregistered callers (callers without established "
                        "identity). Please use API "
                        "Key or other form of API consumer identity to call this API.");
  if (std::ranges::find(options_.bad_keys, key) == options_.bad_keys.end()) return std::nullopt;
  return error_answer(
      400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.",
      {json::Object{{"@type", "type.googleapis.com/google.rpc.ErrorInfo"},
                    {"reason", "API_KEY_INVALID"},
                    {"domain", "googleapis.com"},
                    {"metadata", json::Object{{"service", "generativelanguage.googleapis.com"}}}},
       json::Object{{"@type", "type.googleapis.com/google.rpc.LocalizedMessage"},
                    {"locale", "en-US"},
                    {"message", "API key not valid. Please pass a valid API key."}}});
}

Answer Service::answer(const http::Request& request, const http::Target& target) {
  if (authority_->owns(request, target)) return authority_->answer(request, target);
  for (const auto& segment : target.segments)
    if (segment.find("LlmBidiService") != std::string::npos)
      if (auto refusal = authority_->refuse(request, "-")) return std::move(*refusal);
  auto route = find_route(target);
  if (!options_.director) return own_answer(request, target, route);
  if (route) route->key = key_of(request, target);
  const auto* reply = scripted(request, target, route);
  if (route) route->reply = reply;
  auto played = reply ? play(*reply, request, target, route) : std::nullopt;
  Answer result = played ? std::move(*played) : own_answer(request, target, route);
  if (reply == nullptr) return result;
  const auto delay = result.fault.delay + reply->delay;
  if (reply->fault) result.fault = *reply->fault;
  result.fault.delay += delay;
  return result;
}

Answer Service::own_answer(const http::Request& request, const http::Target& target,
                           const std::optional<Route>& route) {
  if (!route) return not_found_page();
  if (route->resource.empty()) return answer_model(request, target, *route);
  if (auto refusal = refuse(request, target, *route)) return std::move(*refusal);
  if (route->vertex) return vertex_caches(request, target, *route);
  auto answer = store_->answer(request, target, route->resource, route->upload);
  return answer ? std::move(*answer) : not_found_page();
}

Answer Service::answer_model(const http::Request& request, const http::Target& target,
                             const Route& route) {
  const bool get = request.method == "GET" || request.method == "HEAD";
  if (get != route.method.empty() || (!get && request.method != "POST")) return not_found_page();
  if (auto refusal = refuse(request, target, route)) return std::move(*refusal);
  const auto* model = detail::find_model(route.model);
  if (route.vertex && model == nullptr && !route.model.empty() && !recording_of(request, route))
    return no_publisher_model(route.parent(), route.model);
  if (route.method.empty()) {
    if (route.model.empty()) return list_models(target, route);
    if (route.vertex)
      return detail::json_answer(json::to_pretty_string(publisher_entry(*model)) + "\n");
    if (model != nullptr) return detail::json_answer(detail::pretty(json::encode_text(*model)));
    return error_answer(404, "NOT_FOUND",
                        fmt::format("Model is not found: models/{} for api version {}", route.model,
                                    route.version));
  }
  if (const auto recording = recording_of(request, route)) return replay(*recording);
  const std::string supported = route.method == "streamGenerateContent" ? "generateContent"
                                : route.method == "batchEmbedContents"  ? "embedContent"
                                : route.method == "predict"             ? "embedContent"
                                                                        : route.method;
  const auto methods = model ? model->supported_generation_methods : std::nullopt;
  if (!methods || std::ranges::find(*methods, supported) == methods->end())
    return no_model(route.model, route.version, route.method);
  const bool other_service =
      route.vertex ? route.method == "batchEmbedContents" : route.method == "predict";
  if (other_service) return no_model(route.model, route.version, route.method);
  if (route.method == "predict") return predict(request, route);
  if (route.method == "countTokens") return count(request, route);
  if (route.method == "embedContent")
    return route.vertex ? embed_for_vertex(request) : embed_one(request);
  if (route.method == "batchEmbedContents") return embed_batch(request, route);
  if (route.method == "generateContent" || route.method == "streamGenerateContent")
    return generate(request, target, route);
  return no_model(route.model, route.version, route.method);
}

std::optional<std::string> Service::recording_of(const http::Request& request,
                                                 const Route& route) const {
  if (const auto header = request.headers.find("x-parley-replay")) return std::string(*header);
  if (route.model.starts_with(kRecordingModel)) return route.model.substr(kRecordingModel.size());
  return std::nullopt;
}

}  // namespace parley::emulator
