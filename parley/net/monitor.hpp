#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/base/time.hpp"

namespace parley::net {

// How much of the machine is in use: of this process, at one moment.
struct ResourceUse {
  ResourceUse() = default;
  std::size_t connections = 0;
  std::size_t memory = 0;  // resident bytes
  double cpu = 0;          // processor time since the last look, 1 for one whole core
};

// Limits that are warned of at a mark before them.
struct ResourceLimits {
  ResourceLimits() = default;
  std::size_t max_connections = 1000;
  std::size_t max_memory = 512 * 1024 * 1024;
  double max_cpu = 1;  // cores
  double mark = 0.8;   // share of a limit from which on it is warned of
};

// Watches limits. Pure: it is told what is in use.
class ResourceGuard {
 public:
  explicit ResourceGuard(const ResourceLimits& limits) : limits_(limits) {}

  // The limits whose mark has been reached and was not at the last look: "connections", "memory",
  // "cpu".
  std::vector<std::string> look(const ResourceUse& use);
  // Whether one more connection may be opened. Errors: too_large, naming the limit.
  Result<void> admit(const ResourceUse& use) const;

 private:
  ResourceLimits limits_;
  bool marked_[3] = {false, false, false};
};

// One look at a pool.
struct PoolSample {
  PoolSample() = default;
  TimePoint at{};
  ResourceUse use;
  std::size_t lent = 0;
  std::size_t waiting = 0;
  std::uint64_t messages = 0;  // both ways, since the pool was made
  std::uint64_t bytes = 0;
  std::uint64_t errors = 0;
};

// The last samples, no more than `capacity`; the oldest go first.
class SampleHistory {
 public:
  explicit SampleHistory(std::size_t capacity = 1000) : capacity_(capacity) {}
  void add(const PoolSample& sample);
  const std::deque<PoolSample>& samples() const { return samples_; }

 private:
  std::size_t capacity_;
  std::deque<PoolSample> samples_;
};

// Reads this process's memory and processor time (/proc, getrusage). Not thread-safe.
class ProcessMeter {
 public:
  ResourceUse read(std::size_t connections);

 private:
  std::optional<TimePoint> last_at_;
  std::chrono::microseconds last_cpu_{0};
};

}  // namespace parley::net
