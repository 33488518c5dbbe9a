// What does a reservation cost, alone and with 64 threads, beside a mutex with counters (which
// doubles at the edge of a minute, and knows one call's amounts only) and one GCRA cell with
// compare-and-swap (one dimension, no lease, no tokens back)?
//
//   bench_limit_speed [SECONDS]

#include <atomic>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "parley/api/brief_mutex.hpp"
#include "parley/limit/gate.hpp"

#include "bench/support.hpp"

using namespace parley;
using namespace parley::limit;

namespace {

class MachineClock final : public Clock {
 public:
  TimePoint now() const override { return std::chrono::steady_clock::now(); }
  WallTime wall_now() const override {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now());
  }
};

constexpr std::int64_t plenty = 1'000'000'000'000;

// Requests, tokens and places counted in fixed minutes.
class Counters {
 public:
  bool reserve(std::int64_t tokens) {
    const auto minute =
        std::chrono::steady_clock::now().time_since_epoch() / std::chrono::minutes(1);
    const std::lock_guard lock(lock_);
    if (minute != minute_) requests_ = tokens_ = 0;
    minute_ = minute;
    if (requests_ + 1 > plenty || tokens_ + tokens > plenty || places_ + 1 > plenty) return false;
    ++requests_;
    tokens_ += tokens;
    ++places_;
    return true;
  }
  void settle() {
    const std::lock_guard lock(lock_);
    --places_;
  }

 private:
  std::mutex lock_;
  std::int64_t minute_ = 0, requests_ = 0, tokens_ = 0, places_ = 0;
};

class AtomicGcra {
 public:
  bool reserve() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    auto due = due_.load();
    for (;;) {
      if (due - room > now) return false;
      if (due_.compare_exchange_weak(due, std::max(due, now) + interval)) return true;
    }
  }

 private:
  static constexpr std::int64_t interval = 1, room = 60'000'000'000;
  std::atomic<std::int64_t> due_ = 0;
};

// Nanoseconds of processor time for one call of `step`, alone: other programs do not disturb it.
double measure_alone(double seconds, const std::function<void()>& step) {
  const auto begun = std::clock();
  std::int64_t calls = 0;
  double used = 0;
  for (; used < seconds; used = static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC) {
    for (int n = 0; n < 10'000; ++n) step();
    calls += 10'000;
  }
  return used * 1e9 / static_cast<double>(calls);
}

// Nanoseconds for one call of `step`, over all threads.
double measure(int threads, double seconds, const std::function<void()>& step) {
  std::atomic<bool> stop = false;
  std::atomic<std::int64_t> calls = 0;
  const auto begun = std::chrono::steady_clock::now();
  std::vector<std::jthread> crowd;
  for (int t = 0; t < threads; ++t)
    crowd.emplace_back([&] {
      std::int64_t own = 0;
      while (!stop) {
        for (int n = 0; n < 100; ++n) step();
        own += 100;
      }
      calls += own;
    });
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  stop = true;
  crowd.clear();
  const std::chrono::duration<double, std::nano> passed = std::chrono::steady_clock::now() - begun;
  return passed.count() / static_cast<double>(calls);
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 0.3;
  MachineClock clock;
  const auto gate = Gate<api::BriefMutex>::make(clock);
  Limits limits;
  for (std::size_t i = 0; i < dimensions; ++i) limits.set(static_cast<Dimension>(i), plenty);
  limits.caller_concurrency.reset();
  const auto pool = gate->configure("project", "model", limits, Price(1, 2, 0.1)).value();
  const Demand demand(Usage(1000, 200));
  Counters counters;
  AtomicGcra gcra;
  const auto parley_step = [&] {
    auto lease = gate->try_reserve(pool, demand);
    lease->settle(Outcome::success(Usage(900, 150)));
  };
  const auto counters_step = [&] {
    if (counters.reserve(1000)) counters.settle();
  };
  const auto gcra_step = [&] {
    if (!gcra.reserve()) std::abort();
  };
  fmt::print(
      "ns for reserve and settle, all threads together (median of 5 x {} s)\n\n"
      "| threads | Parley, six limits | mutex with counters | one GCRA cell |\n"
      "| --- | --- | --- | --- |\n",
      seconds);
  for (const int threads : {0, 2, 8, 64}) {
    std::vector<double> a, b, c;
    const auto one = [&](const std::function<void()>& step) {
      return threads == 0 ? measure_alone(seconds, step) : measure(threads, seconds, step);
    };
    for (int round = 0; round < 5; ++round) {
      a.push_back(one(parley_step));
      b.push_back(one(counters_step));
      c.push_back(one(gcra_step));
    }
    fmt::print("| {} | {:.0f} | {:.0f} | {:.0f} |\n",
               threads == 0 ? "1 (processor time)" : std::to_string(threads), bench::median(a),
               bench::median(b), bench::median(c));
  }
}
