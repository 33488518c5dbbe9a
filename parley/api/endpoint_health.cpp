#include "parley/api/endpoint_health.hpp"

#include <algorithm>
#include <numeric>

namespace parley::api {

EndpointHealth::EndpointHealth(const HealthOptions& options, std::size_t endpoints, TimePoint now)
    : options_(options), all_(endpoints) {
  for (auto& one : all_) one.due = now;
}

std::vector<std::size_t> EndpointHealth::due(TimePoint now) const {
  std::vector<std::size_t> out;
  for (std::size_t n = 0; n < all_.size(); ++n)
    if (all_[n].due && *all_[n].due <= now) out.push_back(n);
  return out;
}

std::optional<TimePoint> EndpointHealth::next_due() const {
  std::optional<TimePoint> first;
  for (const auto& one : all_)
    if (one.due && (!first || *one.due < *first)) first = one.due;
  return first;
}

void EndpointHealth::begun(std::size_t endpoint) {
  all_[endpoint].due.reset();
}

bool EndpointHealth::note(std::size_t endpoint, bool good, TimePoint now) {
  auto& one = all_[endpoint];
  one.due = now + options_.every;
  one.failures = good ? 0 : one.failures + 1;
  one.successes = good ? one.successes + 1 : 0;
  const bool before = one.healthy;
  if (one.failures >= options_.failures) one.healthy = false;
  if (one.successes >= options_.successes) one.healthy = true;
  return one.healthy != before;
}

std::vector<std::size_t> EndpointHealth::order() const {
  std::vector<std::size_t> out(all_.size());
  std::iota(out.begin(), out.end(), std::size_t(0));
  std::ranges::stable_partition(out, [this](std::size_t n) { return all_[n].healthy; });
  return out;
}

}  // namespace parley::api
