#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "parley/api/call_options.hpp"
#include "parley/base/time.hpp"

namespace parley::api {

// Which of several endpoints to ask first, by what checks of them have told. Without clock and
// network; one thread at a time.
class EndpointHealth {
 public:
  EndpointHealth(const HealthOptions& options, std::size_t endpoints, TimePoint now);

  // The endpoints whose check is due; each is due again after note().
  std::vector<std::size_t> due(TimePoint now) const;
  // When the next one is due; empty: all checks are under way.
  std::optional<TimePoint> next_due() const;
  // A check has begun: it is not due again before it ends.
  void begun(std::size_t endpoint);
  // How a check ended. True: the endpoint's health has changed.
  bool note(std::size_t endpoint, bool good, TimePoint now);

  // Healthy until failures say otherwise.
  bool healthy(std::size_t endpoint) const { return all_[endpoint].healthy; }
  // All endpoints, the healthy ones first, else in their order.
  std::vector<std::size_t> order() const;

 private:
  struct Entry {
    Entry() = default;
    bool healthy = true;
    int failures = 0, successes = 0;  // in a row
    std::optional<TimePoint> due;
  };
  HealthOptions options_;
  std::vector<Entry> all_;
};

}  // namespace parley::api
