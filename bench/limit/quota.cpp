// How much of a quota that it does not know does a client use, and how often is it refused?
//
//   bench_limit_quota
//
// A scripted service on virtual time: the numbers are the same on each machine.

#include <functional>
#include <memory>

#include <fmt/format.h>

#include "parley/limit/test_quota.hpp"

using namespace parley;
using namespace parley::limit;
using namespace parley::limit::simulation;

namespace {

std::unique_ptr<Client> fixed(std::int64_t configured) {
  return std::make_unique<Fixed>(configured);
}

struct Row {
  const char* name;
  std::function<std::unique_ptr<Client>(std::int64_t quota)> make;
};

const Row clients[] = {
    {"fixed, half of the quota", [](std::int64_t quota) { return fixed(quota / 2); }},
    {"fixed, the quota itself", [](std::int64_t quota) { return fixed(quota); }},
    {"fixed, ten times the quota", [](std::int64_t quota) { return fixed(10 * quota); }},
    {"plain AIMD", [](std::int64_t) { return std::make_unique<PlainAimd>(10); }},
    {"Parley, nothing configured", [](std::int64_t) { return adaptive(std::nullopt); }},
    {"Parley, ten times the quota", [](std::int64_t quota) { return adaptive(10 * quota); }},
};

}  // namespace

int main() {
  fmt::print(
      "Share of a hidden quota that is used / share of the answers that are 429.\n"
      "Six hours after a warm-up of 30 minutes; a client that always has something to ask.\n");
  constexpr std::int64_t quotas[] = {15, 100, 1000};
  constexpr const char* rules[] = {"any 60 s", "each minute of the clock"};
  constexpr const char* kinds[] = {"names the quota and its value", "names the quota and a time",
                                   "says nothing but 429"};
  for (const auto rule : {QuotaRule::sliding, QuotaRule::aligned})
    for (const auto refusals : {Refusals::with_value, Refusals::with_time, Refusals::bare}) {
      fmt::print("\nQuota over {}; a refusal {}\n\n| client |", rules[static_cast<int>(rule)],
                 kinds[static_cast<int>(refusals)]);
      for (const auto quota : quotas) fmt::print(" {} a minute |", quota);
      fmt::print("\n| --- | --- | --- | --- |\n");
      for (const auto& row : clients) {
        fmt::print("| {} |", row.name);
        for (const auto quota : quotas) {
          Service service;
          service.quota = quota;
          service.rule = rule;
          service.refusals = refusals;
          const auto client = row.make(quota);
          const auto score =
              Run(service, *client, 1).play(std::chrono::minutes(30), std::chrono::hours(6));
          fmt::print(" {:.1f} % / {:.2f} % |", 100 * score.used, 100 * score.refusals);
        }
        fmt::print("\n");
      }
    }
}
