#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "parley/api/limiter.hpp"
#include "parley/limit/tiers.hpp"
#include "parley/narrative/ports.hpp"

namespace parley::narrative {

struct SharedLimitsOptions {
  SharedLimitsOptions() = default;
  std::string provider = "gemini";  // of limit::built_in_tables()
  std::string tier = "free";
  // Limits and price of a model, over the table's where it is set (config::Settings).
  std::function<limit::Limits(std::string_view model)> limits;
  std::function<std::optional<limit::Price>(std::string_view model)> price;
  std::string project = "default";  // whose limits are shared
  // A wait that is known to be longer is an error at once: that of a day's quota.
  std::chrono::milliseconds max_wait{600'000};
};

// The limits of a tier, over a limiter that other work may use as well. Belongs to one executor.
class SharedLimits final : public Limits {
 public:
  SharedLimits(api::Limiter limiter, SharedLimitsOptions options);
  Task<Result<std::unique_ptr<Lease>>> reserve(Charge charge) override;
  std::chrono::milliseconds forecast(const std::vector<Charge>& charges) const override;

 private:
  Result<limit::PoolId> pool(const Charge& charge);
  Result<limit::Limits> limits_of(const Charge& charge) const;
  std::optional<limit::Price> price_of(const Charge& charge) const;

  api::Limiter limiter_;
  SharedLimitsOptions options_;
  struct Pool {
    limit::PoolId id = 0;
    Shares shares;
  };
  std::map<std::string, Pool> pools_;
};

}  // namespace parley::narrative
