#include "parley/limit/learner.hpp"

#include <algorithm>
#include <cmath>

namespace parley::limit {

std::optional<std::int64_t> Learner::level() const {
  if (!memory_.level) return std::nullopt;
  return std::max<std::int64_t>(static_cast<std::int64_t>(*memory_.level + 1e-9), 1);
}

void Learner::succeeded(double amount, bool pressure, std::uint32_t era,
                        const LearnOptions& options, TimePoint now) {
  if (!memory_.level || !pressure || era != memory_.era) return;
  if (!memory_.ceiling) {
    *memory_.level += amount;  // slow start: doubles with each full window
    return;
  }
  if (*memory_.level < *memory_.ceiling) {
    *memory_.level = std::min(*memory_.ceiling, *memory_.level + amount / options.successes);
    if (*memory_.level >= *memory_.ceiling) memory_.quiet_since = now;
    return;
  }
  if (now - memory_.quiet_since < options.probe_after) return;
  memory_.quiet_since = now;
  memory_.ceiling = memory_.level;  // it held
  memory_.step = std::max({1.0, *memory_.level / 100, 2 * memory_.step});
  *memory_.level += memory_.step;
}

void Learner::refused(std::optional<std::int64_t> limit, double served, std::uint32_t era,
                      const LearnOptions& options, TimePoint now) {
  // What is under way is counted as served, though it may be refused: stay a little below.
  constexpr double margin = 0.005;
  served = std::max(served - std::floor(margin * served), 1.0);
  auto& [level, ceiling, step, quiet_since, present_era] = memory_;
  // Far below its limit, somebody else uses the quota or the limit is far too high: what was served
  // says little about the quota.
  const auto lower = [served](double to) { return 2 * served < to ? to : std::min(served, to); };
  if (era != present_era) {
    if (!ceiling || !level) return;
    ceiling = lower(*ceiling);
    level = std::min(*level, *ceiling);
    return;
  }
  ++present_era;
  quiet_since = now;
  step = 0;
  constexpr double too_few = 10;  // calls in a window, to conclude anything from
  if (!limit && served < too_few) return;
  const double held = limit ? static_cast<double>(*limit) : served;
  if (ceiling && held > *ceiling) {  // a probe: what was known before it holds
    ceiling = std::clamp(served, *ceiling, held);
    level = *ceiling;
    return;
  }
  ceiling = lower(held);
  level = std::max(1.0, *ceiling * options.decrease);
}

}  // namespace parley::limit
