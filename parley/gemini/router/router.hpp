#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/api/limited.hpp"
#include "parley/base/event.hpp"
#include "parley/gemini/client.hpp"
#include "parley/gemini/live_generation.hpp"
#include "parley/gemini/provider.hpp"

// A model for each request: its way (REST or Live), its limits, and what is asked where it cannot
// answer. docs/routing.md.
namespace parley::gemini {

enum class Way { rest, live, provider };
std::string_view to_string(Way way);

struct ModelLimits {
  ModelLimits() = default;
  ModelLimits(const limit::Limits& of, const limit::Price& cost) : limits(of), price(cost) {}
  limit::Limits limits;
  limit::Price price;
};

struct RouterOptions {
  RouterOptions() = default;
  std::string model = "gemini-2.5-flash";  // where a request names none
  // Services beside Gemini, by the name that stands before a '/' in a model's: "ollama/llama3.2".
  std::map<std::string, std::shared_ptr<Provider>, std::less<>> providers;
  // Asked in their order where a model has no quota left (rate_limited, also by the limiter below)
  // or the service is ill (unavailable), and nothing of an answer was given yet. Empty: none. Each
  // is an attempt in the result, and an event.
  std::vector<std::string> fallback_models;
  // Over what the router knows of a model; empty result: no opinion. Way::provider counts as none.
  std::function<std::optional<Way>(std::string_view model)> way;

  // Calls wait for their turn here; empty: nothing is limited. One pool for each model, made when
  // the model is first asked. It learns from the header fields of each answer as well. Not together
  // with a permit in the calls of the client or of a provider: one of both reserves.
  std::optional<api::Limiter> limiter;
  std::string project = "default";  // whose limits they are
  // Asked once for each model, with its name without "models/"; empty: what the limiter learns.
  std::function<ModelLimits(std::string_view model)> limits;
  api::WaitOptions wait;
  // How long a call waits at a model while another one of its fallbacks is left, at most; empty: as
  // `wait` says. What is known to last longer is not waited for at all.
  std::optional<std::chrono::milliseconds> fallback_after = std::chrono::milliseconds(2'000);

  // For models that go over Live.
  WebSocketConfig live;
  // "route.chosen" {model, way}, "route.fallback" {from, to, kind}, and those of the limiter.
  EventSink events;
};

struct RouteRequest {
  RouteRequest() = default;
  explicit RouteRequest(GenerateContentRequest asked) : request(std::move(asked)) {}
  GenerateContentRequest request;
  std::string model;                                        // empty: the router's
  std::optional<Way> way;                                   // empty: by what the model can
  std::optional<std::vector<std::string>> fallback_models;  // empty: the router's
  std::optional<api::WaitOptions> wait;                     // empty: the router's
  // Empty: a quarter of the request's bytes, and its maxOutputTokens or 1000.
  std::optional<limit::Usage> estimate;
  int priority = 0;    // in the limiter's queue, higher first
  std::string caller;  // for limits by caller
};

struct RouteAttempt {
  RouteAttempt() = default;
  std::string model;
  Way way = Way::rest;
  std::optional<Error> error;  // empty: it answered
};

struct Routed {
  Routed() = default;
  GenerateContentResponse response;
  Bytes audio;                         // of a Live model that speaks: 16-bit little endian, mono
  int rate = 0;                        // samples per second of `audio`
  std::string model;                   // that answered
  Way way = Way::rest;                 // that it went
  std::vector<RouteAttempt> attempts;  // all, the last is the one that answered
};

// A streamed answer of whichever model gave it. Destroying it, or cancelling the task that waits,
// ends the call, and its lease is settled from what was used.
class RoutedStream {
 public:
  struct Parts;
  explicit RoutedStream(std::unique_ptr<Parts> parts);
  RoutedStream(RoutedStream&&) noexcept;
  RoutedStream& operator=(RoutedStream&&) noexcept;
  ~RoutedStream();

  // As Stream.
  Task<std::optional<GenerateContentResponse>> next();
  Result<void> outcome() const;

  const std::string& model() const;
  Way way() const;
  const std::vector<RouteAttempt>& attempts() const;

 private:
  std::unique_ptr<Parts> parts_;
};

// Sends each request to its model. Cheap to copy: copies share pools and what is known of models.
// Belongs to one executor; calls may run side by side.
class Router {
 public:
  // Errors: invalid_argument for a model without a name, a provider without one, and a limiter
  // where the client or a provider has a permit of its own (api::CallOptions::permit).
  static Result<Router> make(Client client, RouterOptions options = RouterOptions());

  // Errors: those of the last model that was asked, with the detail "models" where there were
  // several: "a, b".
  Task<Result<Routed>> generate(RouteRequest request) const;
  // Returns when the first piece of an answer is there.
  Task<Result<RoutedStream>> stream(RouteRequest request) const;

  // Asks the service which models it has and what they can; until then, and for models that it does
  // not list, their names decide (live_models.hpp).
  Task<Result<void>> refresh() const;
  // The way a model would go: its request's, the option's, what the service lists (REST where it
  // can both), its name.
  Way way_of(std::string_view model) const;
  // What is used and free of a model's limits. Errors: not_found without a limiter; those of
  // Limiter::configure().
  Result<limit::Snapshot> limits_of(std::string_view model) const;

 private:
  struct State;
  explicit Router(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace parley::gemini
