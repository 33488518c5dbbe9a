// Any asynchronous function behind a limiter: five calls, of which two may go in half a second. It
// runs offline: the "service" is a timer.
//
//   example_limited_calls

#include <iostream>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "parley/api/limited.hpp"
#include "parley/limit/estimate.hpp"

using namespace parley;

struct Answer {
  Answer(std::string words, const limit::Usage& used) : text(std::move(words)), usage(used) {}
  std::string text;
  limit::Usage usage;
};

Task<Result<Answer>> ask_service(int number) {
  co_await sleep_for(std::chrono::milliseconds(10));
  if (number == 3) co_return fail(ErrorKind::unavailable, "the service is busy");
  co_return Answer("answer " + std::to_string(number), limit::Usage(12, 5));
}

Task<void> ask(api::Limiter limiter, limit::PoolId pool, int number) {
  const api::UsageOf<Answer> usage = [](const Answer& answer) { return answer.usage; };
  limit::Demand demand(limit::estimate_usage(48, 20));
  auto answer = co_await api::limited(limiter, pool, demand, ask_service(number), usage);
  std::cout << (answer ? answer->text : answer.error().describe()) << "\n";
}

Task<void> all() {
  using namespace boost::asio::experimental::awaitable_operators;
  api::Limiter limiter(limit::LimiterOptions(), [](const Event& event) {
    if (event.name == "limit.wait_start") std::cout << "one waits\n";
  });
  limit::Limits limits;
  limits.requests_per_minute = 2;
  limits.window = std::chrono::milliseconds(500);
  limits.concurrency = 2;
  const auto pool = limiter.configure("my project", "my model", limits);
  co_await (ask(limiter, *pool, 1) && ask(limiter, *pool, 2) && ask(limiter, *pool, 3) &&
            ask(limiter, *pool, 4) && ask(limiter, *pool, 5));
}

int main() {
  run(all());
}
