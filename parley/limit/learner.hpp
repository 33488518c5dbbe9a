#pragma once

#include <cstdint>
#include <optional>

#include "parley/base/time.hpp"

namespace parley::limit {

struct LearnOptions {
  LearnOptions() = default;
  bool rate = true;          // learn requests and tokens per minute from refusals
  bool concurrency = false;  // learn the number of calls at the same time
  double decrease = 0.75;    // 0.1 to 0.99: what a refusal leaves of the level
  int successes = 25;        // 1 or more: as many full requests raise the level by one
  // Where no limit is configured: requests per minute at the start, doubled each minute until the
  // first refusal. 0: no limit until then.
  std::int64_t start = 0;
  std::int64_t concurrency_ceiling = 8;  // learnt concurrency does not go beyond it
  // How long the level stays at the last refusal's before a little more is tried; each try that
  // goes well doubles the next step.
  std::chrono::milliseconds probe_after{600'000};
};

// A level that follows what a service takes: additive increase, multiplicative decrease, with the
// level of the last refusal as a soft ceiling. One for each dimension; amounts are its units.
class Learner {
 public:
  // `level`: where it starts; empty: no limit until the first refusal.
  Learner() = default;
  explicit Learner(double level) { memory_.level = level; }

  // Empty: nothing is learnt.
  std::optional<std::int64_t> level() const;
  // Changes with each decrease; a lease keeps the one of its admission.
  std::uint32_t era() const { return memory_.era; }

  // A call of `amount` went well. `pressure`: the level in use was more than half of the limit, so
  // that the success says something.
  void succeeded(double amount, bool pressure, std::uint32_t era, const LearnOptions& options,
                 TimePoint now);
  // A call was refused. `limit`: the one that held; `served`: what the service took in the last
  // window besides. Refusals of an earlier era belong to the same cascade: they may lower the
  // ceiling, and reduce nothing.
  void refused(std::optional<std::int64_t> limit, double served, std::uint32_t era,
               const LearnOptions& options, TimePoint now);

  // Lowers the level to `most` where it is higher.
  void cap(double most) {
    if (memory_.level && *memory_.level > most) memory_.level = most;
  }

  // All that it knows, to be stored and taken up again.
  struct Memory {
    std::optional<double> level;
    std::optional<double> ceiling;
    double step = 0;          // of the last try beyond the ceiling
    TimePoint quiet_since{};  // the level is at the ceiling since then
    std::uint32_t era = 0;
  };
  const Memory& memory() const { return memory_; }
  void restore(const Memory& memory) { memory_ = memory; }

 private:
  Memory memory_;
};

}  // namespace parley::limit
