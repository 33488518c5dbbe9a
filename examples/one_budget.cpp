// Two models, and one budget of a day in dollars, which all calls behind the same limiter share.
//   GEMINI_API_KEY=… example_one_budget "Why is the sky blue?" 0.05
// Offline: `parley emulate`, and GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:8090 GEMINI_API_KEY=any
#include <cmath>
#include <iostream>

#include "parley/gemini/router/router.hpp"
#include "parley/limit/tiers.hpp"

using namespace parley;

void tell(const Event& event) {
  if (event.name == "limit.wait_start")
    std::cerr << event.field("model") << " waits for " << event.field("dimension") << "\n";
  if (event.name == "route.fallback")
    std::cerr << event.field("from") << " gave " << event.field("kind") << ", asking "
              << event.field("to") << "\n";
}

gemini::ModelLimits limits_of(std::string_view model) {
  const auto& tables = limit::built_in_tables();
  return gemini::ModelLimits(limit::limits_for(tables, "gemini", "tier1", model),
                             limit::price_for(tables, "gemini", model).value_or(limit::Price()));
}

Task<Result<void>> ask(std::string question, double dollars) {
  const auto client = gemini::Client::make();
  if (!client) co_return fail(client.error());
  api::Limiter limiter(limit::LimiterOptions(), tell);
  limit::Limits budget;
  budget.money_per_day = std::llround(dollars * 1e6);  // millionths of a US dollar
  const auto shared = limiter.configure_project("my project", budget);
  if (!shared) co_return fail(shared.error());
  gemini::RouterOptions options;
  options.project = "my project";
  options.limiter = limiter;  // copies share the counts
  options.limits = limits_of;
  options.fallback_models = {"gemini-2.5-flash-lite"};
  options.events = tell;
  const auto router = gemini::Router::make(*client, std::move(options));
  if (!router) co_return fail(router.error());
  for (const char* model : {"gemini-2.5-flash", "gemini-2.5-pro"}) {
    gemini::RouteRequest request(gemini::prompt(question));
    request.model = model;
    const auto answer = co_await router->generate(std::move(request));
    if (!answer) co_return fail(answer.error());
    std::cout << answer->model << ": " << gemini::text_of(answer->response) << "\n";
    const auto limits = router->limits_of(answer->model).value();
    for (const auto& state : limits.states)
      if (state.project_wide && state.dimension == limit::Dimension::money_per_day)
        std::cout << state.used << " of the day's " << *state.effective << " are spent\n";
  }
  co_return Result<void>();
}

int main(int argc, char** argv) {
  if (argc != 3) return std::cerr << "usage: example_one_budget QUESTION DOLLARS\n", 2;
  const auto done = run(ask(argv[1], std::atof(argv[2])));
  if (!done) return std::cerr << done.error().describe() << "\n", 1;
}
