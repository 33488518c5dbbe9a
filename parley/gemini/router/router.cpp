#include "parley/gemini/router/router.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "parley/gemini/live_models.hpp"
#include "parley/gemini/router/detail/state.hpp"
#include "parley/json/writer.hpp"
#include "parley/limit/estimate.hpp"

namespace parley::gemini {

std::string_view to_string(Way way) {
  switch (way) {
    case Way::rest:
      return "rest";
    case Way::live:
      return "live";
    case Way::provider:
      return "provider";
  }
  return "?";
}

std::string detail::bare_name(std::string_view model) {
  return std::string(model.starts_with("models/") ? model.substr(7) : model);
}

namespace {

bool may_fall_back(const Error& error) {
  return error.kind() == ErrorKind::rate_limited || error.kind() == ErrorKind::unavailable;
}

std::optional<limit::Usage> usage_in(const GenerateContentResponse& answer) {
  if (!answer.usage_metadata) return std::nullopt;
  const auto& told = *answer.usage_metadata;
  limit::Usage usage;
  usage.input_tokens =
      told.prompt_token_count.value_or(0) + told.tool_use_prompt_token_count.value_or(0);
  usage.output_tokens =
      told.candidates_token_count.value_or(told.response_token_count.value_or(0)) +
      told.thoughts_token_count.value_or(0);
  usage.cached_tokens = told.cached_content_token_count.value_or(0);
  return usage;
}

limit::Demand demand_of(const RouteRequest& asked) {
  const auto& settings = asked.request.generation_config;
  const auto most = settings ? settings->max_output_tokens : std::nullopt;
  limit::Demand demand(asked.estimate
                           ? *asked.estimate
                           : limit::estimate_usage(json::encode_text(asked.request).size(), most));
  demand.priority = asked.priority;
  demand.caller = asked.caller;
  return demand;
}

Task<Result<Stream>> open(Client client, std::shared_ptr<Provider> provider, Way way,
                          std::string model, GenerateContentRequest request, WebSocketConfig config,
                          std::shared_ptr<api::CallReport> report) {
  if (provider)
    co_return co_await provider->stream_reported(std::move(model), std::move(request),
                                                 std::move(report));
  if (way == Way::live)
    co_return co_await stream_over_websocket(std::move(client), std::move(model),
                                             std::move(request), std::move(config));
  auto models = client.models();
  co_return co_await models.stream_generate_content(std::move(model), std::move(request),
                                                    std::move(report));
}

Task<Result<WholeAnswer>> ask(Client client, std::shared_ptr<Provider> provider, Way way,
                              std::string model, GenerateContentRequest request,
                              WebSocketConfig config, std::shared_ptr<api::CallReport> report) {
  if (!provider && way == Way::live)
    co_return co_await generate_over_websocket(std::move(client), std::move(model),
                                               std::move(request), std::move(config));
  Task<Result<GenerateContentResponse>> call =
      provider
          ? provider->generate_reported(std::move(model), std::move(request), std::move(report))
          : client.models().generate_content(std::move(model), std::move(request),
                                             std::move(report));
  auto response = co_await std::move(call);
  if (!response) co_return fail(std::move(response.error()));
  WholeAnswer whole;
  whole.response = std::move(*response);
  whole.served_by = ServedBy::http;
  co_return whole;
}

}  // namespace

Router::State::State(Client of, RouterOptions with)
    : client(std::move(of)), options(std::move(with)) {}

// The provider that a name leads to, and the name that it knows.
Router::State::Target Router::State::target_of(const std::string& model,
                                               std::optional<Way> way) const {
  Target target;
  target.model = model;
  const auto slash = model.find('/');
  const auto found = slash == std::string::npos ? options.providers.end()
                                                : options.providers.find(model.substr(0, slash));
  if (found != options.providers.end()) {
    target.provider = found->second;
    target.name = model.substr(slash + 1);
    target.way = Way::provider;
    return target;
  }
  target.name = model;
  target.way = way && *way != Way::provider ? *way : way_of(model);
  return target;
}

Way Router::State::way_of(std::string_view model) const {
  if (options.way)
    if (const auto way = options.way(model); way && *way != Way::provider) return *way;
  const auto listed = ways.find(detail::bare_name(model));
  if (listed != ways.end()) return listed->second;
  return live_output(model) == LiveOutputKind::unknown ? Way::rest : Way::live;
}

Result<limit::PoolId> Router::State::pool_of(const std::string& model) {
  const std::string name = detail::bare_name(model);
  if (const auto found = pools.find(name); found != pools.end()) return found->second;
  const ModelLimits limits = options.limits ? options.limits(name) : ModelLimits();
  auto pool = options.limiter->configure(options.project, name, limits.limits, limits.price);
  if (pool) pools.emplace(name, *pool);
  return pool;
}

// For the limiter: what the answer's header fields say of limits.
std::shared_ptr<api::CallReport> Router::State::report_of_call() const {
  return options.limiter ? std::make_shared<api::CallReport>() : nullptr;
}

void Router::State::tell(std::string_view name, const std::string& a, std::string_view a_is,
                         const std::string& b, std::string_view b_is, std::string_view kind) const {
  if (!options.events) return;
  Event event(name);
  event.with(a_is, a).with(b_is, b);
  if (!kind.empty()) event.with("kind", std::string(kind));
  options.events(event);
}

std::vector<std::string> Router::State::models_for(const RouteRequest& asked) const {
  std::vector<std::string> models{asked.model.empty() ? options.model : asked.model};
  for (const auto& one : asked.fallback_models ? *asked.fallback_models : options.fallback_models)
    if (std::ranges::find(models, one) == models.end()) models.push_back(one);
  return models;
}

// Notes a failure; true: the next model is asked.
bool Router::State::goes_on(std::vector<RouteAttempt>& attempts, const Error& error,
                            const std::vector<std::string>& models, std::size_t at) const {
  attempts.back().error = error;
  if (at + 1 >= models.size() || !may_fall_back(error)) return false;
  tell("route.fallback", models[at], "from", models[at + 1], "to", to_string(error.kind()));
  return true;
}

RouteAttempt Router::State::begin(const Target& target) const {
  tell("route.chosen", target.model, "model", std::string(to_string(target.way)), "way");
  RouteAttempt attempt;
  attempt.model = target.model;
  attempt.way = target.way;
  return attempt;
}

namespace {

Error with_models(Error error, const std::vector<RouteAttempt>& attempts) {
  if (attempts.size() < 2) return error;
  std::vector<std::string_view> names;
  for (const auto& one : attempts) names.push_back(one.model);
  return std::move(error).with_detail("models", fmt::format("{}", fmt::join(names, ", ")));
}

Error paid_twice(std::string_view who, std::string_view where) {
  return Error(
      ErrorKind::invalid_argument,
      fmt::format("the router has a limiter, and the calls of {} have a permit of their "
                  "own: each would be paid for twice; leave out RouterOptions::limiter, or "
                  "`permit` of {}",
                  who, where));
}

}  // namespace

api::WaitOptions Router::State::wait_at(const RouteRequest& asked, std::size_t left) const {
  auto wait = asked.wait.value_or(options.wait);
  if (left > 1 && options.fallback_after)
    wait.max_wait =
        std::min(wait.max_wait.value_or(*options.fallback_after), *options.fallback_after);
  return wait;
}

Result<Router> Router::make(Client client, RouterOptions options) {
  if (options.model.empty())
    return fail(ErrorKind::invalid_argument, "the router needs a model for requests without one");
  for (const auto& [name, provider] : options.providers)
    if (name.empty() || name.find('/') != std::string::npos || !provider)
      return fail(ErrorKind::invalid_argument,
                  fmt::format("'{}' is no name of a provider, or there is none behind it", name));
  if (options.limiter) {
    if (client.models().has_permit()) return fail(paid_twice("the client", "ClientOptions::calls"));
    for (const auto& [name, provider] : options.providers)
      if (provider->has_permit())
        return fail(paid_twice(fmt::format("the provider '{}'", name), "its options' calls"));
  }
  return Router(std::make_shared<State>(std::move(client), std::move(options)));
}

Task<Result<Routed>> Router::generate(RouteRequest asked) const {
  const auto state = state_;
  const auto models = state->models_for(asked);
  const limit::Demand demand = demand_of(asked);
  Routed routed;
  for (std::size_t at = 0;; ++at) {
    const auto target = state->target_of(models[at], asked.way);
    routed.attempts.push_back(state->begin(target));
    const auto report = state->report_of_call();
    auto call = ask(state->client, target.provider, target.way, target.name, asked.request,
                    state->options.live, report);
    Result<WholeAnswer> answer = fail(ErrorKind::internal, "nothing was asked");
    if (state->options.limiter) {
      auto pool = state->pool_of(models[at]);
      if (!pool) co_return fail(std::move(pool.error()));
      auto limited = api::limited<WholeAnswer>(
          *state->options.limiter, *pool, demand, std::move(call),
          [](const WholeAnswer& whole) { return usage_in(whole.response); },
          state->wait_at(asked, models.size() - at));
      answer = co_await std::move(limited);
      state->options.limiter->learn(*pool, report->headers);
    } else {
      answer = co_await std::move(call);
    }
    if (!answer) {
      if (state->goes_on(routed.attempts, answer.error(), models, at)) continue;
      co_return fail(with_models(std::move(answer.error()), routed.attempts));
    }
    routed.response = std::move(answer->response);
    routed.audio = std::move(answer->audio);
    routed.rate = answer->rate;
    routed.model = models[at];
    routed.way = target.way;
    co_return routed;
  }
}

Task<Result<RoutedStream>> Router::stream(RouteRequest asked) const {
  const auto state = state_;
  const auto models = state->models_for(asked);
  const limit::Demand demand = demand_of(asked);
  auto parts = std::make_unique<RoutedStream::Parts>();
  for (std::size_t at = 0;; ++at) {
    const auto target = state->target_of(models[at], asked.way);
    parts->attempts.push_back(state->begin(target));
    const auto report = state->report_of_call();
    auto call = open(state->client, target.provider, target.way, target.name, asked.request,
                     state->options.live, report);
    std::optional<Error> error;
    if (state->options.limiter) {
      auto pool = state->pool_of(models[at]);
      if (!pool) co_return fail(std::move(pool.error()));
      auto limited =
          api::limited_stream<Stream>(*state->options.limiter, *pool, demand, std::move(call),
                                      usage_in, state->wait_at(asked, models.size() - at));
      auto stream = co_await std::move(limited);
      state->options.limiter->learn(*pool, report->headers);
      if (stream)
        parts->limited.emplace(std::move(*stream));
      else
        error = std::move(stream.error());
    } else {
      auto stream = co_await std::move(call);
      if (stream)
        parts->plain.emplace(std::move(*stream));
      else
        error = std::move(stream.error());
    }
    if (!error) {
      const bool begun = co_await parts->begin();
      if (begun || parts->outcome()) {
        parts->model = models[at];
        parts->way = target.way;
        co_return RoutedStream(std::move(parts));
      }
      error = parts->outcome().error();
      parts->drop();
    }
    if (state->goes_on(parts->attempts, *error, models, at)) continue;
    co_return fail(with_models(std::move(*error), parts->attempts));
  }
}

Task<Result<void>> Router::refresh() const {
  const auto state = state_;
  auto models = state->client.models();
  auto listed = co_await models.list_all();
  if (!listed) co_return fail(std::move(listed.error()));
  for (const auto& model : *listed) {
    const std::string name = detail::bare_name(model.name);
    if (!model.supported_generation_methods) continue;
    const auto& methods = *model.supported_generation_methods;
    const auto has = [&](std::string_view method) {
      return std::ranges::find(methods, method) != methods.end();
    };
    if (has("generateContent"))
      state->ways[name] = Way::rest;
    else if (has("bidiGenerateContent"))
      state->ways[name] = Way::live;
  }
  co_return Result<void>();
}

Way Router::way_of(std::string_view model) const {
  return state_->target_of(std::string(model), std::nullopt).way;
}

Result<limit::Snapshot> Router::limits_of(std::string_view model) const {
  if (!state_->options.limiter) return fail(ErrorKind::not_found, "the router has no limiter");
  auto pool = state_->pool_of(std::string(model));
  if (!pool) return fail(std::move(pool.error()));
  return state_->options.limiter->snapshot(*pool);
}

}  // namespace parley::gemini
