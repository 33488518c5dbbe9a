// One question to several models, each over its own way and behind its own limits: REST, Live, and
// another model where the first has no quota left.
//   GEMINI_API_KEY=… example_route "Why is the sky blue?"
// Without a key: start `parley emulate` and set
//   GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:8090 GEMINI_API_KEY=any
#include <iostream>

#include "parley/gemini/router/router.hpp"
#include "parley/limit/tiers.hpp"

using namespace parley;

Task<Result<void>> ask(std::string question) {
  const auto client = gemini::Client::make();
  if (!client) co_return fail(client.error());
  gemini::RouterOptions options;
  options.fallback_models = {"gemini-2.5-flash-lite"};
  options.limiter.emplace();
  options.limits = [](std::string_view model) {
    const auto& tables = limit::built_in_tables();
    return gemini::ModelLimits(limit::limits_for(tables, "gemini", "free", model),
                               limit::price_for(tables, "gemini", model).value_or(limit::Price()));
  };
  const auto router = gemini::Router::make(*client, std::move(options));
  if (!router) co_return fail(router.error());
  for (const char* model : {"gemini-2.5-flash", "gemini-live-2.5-flash-preview"}) {
    gemini::RouteRequest request(gemini::prompt(question));
    request.model = model;
    const auto answer = co_await router->generate(std::move(request));
    if (!answer) co_return fail(answer.error());
    std::cout << answer->model << " by " << to_string(answer->way) << ": "
              << gemini::text_of(answer->response) << "\n";
  }
  co_return Result<void>();
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto done = run(ask(argv[1]));
  if (!done) std::cerr << done.error().describe() << "\n";
  return done ? 0 : 1;
}
