#include "parley/narrative/shared_limits.hpp"

#include <fmt/format.h>

namespace parley::narrative {
namespace {

limit::Usage usage_of(const Tokens& tokens) {
  return limit::Usage(tokens.input, tokens.output);
}

class SharedLease final : public Lease {
 public:
  explicit SharedLease(limit::Lease lease) : lease_(std::move(lease)) {}
  void settle(const Tokens& used) override {
    lease_.settle(limit::Outcome::success(usage_of(used)));
  }
  void fail(const Error& error) override { lease_.settle(limit::Outcome::of(error)); }

 private:
  limit::Lease lease_;
};

// A day's quota is told as the service tells it, so that nobody waits a minute for it.
Error told(Error error) {
  const auto dimension = error.detail("dimension").value_or("");
  if (!dimension.ends_with("_per_day")) return error;
  auto id = fmt::format("PerDay ({})", dimension);
  return std::move(error).with_detail("quota_id", std::move(id));
}

}  // namespace

SharedLimits::SharedLimits(api::Limiter limiter, SharedLimitsOptions options)
    : limiter_(std::move(limiter)), options_(std::move(options)) {}

Result<limit::Limits> SharedLimits::limits_of(const Charge& charge) const {
  limit::Multipliers by;
  by.requests_per_minute = charge.shares.rpm;
  by.tokens_per_minute = charge.shares.tpm;
  by.requests_per_day = charge.shares.rpd;
  if (options_.limits) return limit::scaled(options_.limits(charge.model), by);
  return limit::scaled(
      limit::limits_for(limit::built_in_tables(), options_.provider, options_.tier, charge.model),
      by);
}

std::optional<limit::Price> SharedLimits::price_of(const Charge& charge) const {
  if (options_.price) return options_.price(charge.model);
  return limit::price_for(limit::built_in_tables(), options_.provider, charge.model);
}

Result<limit::PoolId> SharedLimits::pool(const Charge& charge) {
  const auto known = pools_.find(charge.model);
  if (known != pools_.end() && known->second.shares == charge.shares) return known->second.id;
  const auto limits = limits_of(charge);
  if (!limits) return fail(limits.error());
  const auto price = price_of(charge);
  auto id =
      limiter_.configure(options_.project, charge.model, *limits, price.value_or(limit::Price()));
  if (!id) return fail(std::move(id.error()));
  auto& pool = pools_[charge.model];
  pool.id = *id;
  pool.shares = charge.shares;
  return id;
}

Task<Result<std::unique_ptr<Lease>>> SharedLimits::reserve(Charge charge) {
  const auto id = pool(charge);
  if (!id) co_return fail(id.error());
  limit::Demand demand(usage_of(charge.estimate));
  auto lease =
      co_await limiter_.acquire(*id, std::move(demand), api::WaitOptions(options_.max_wait));
  if (!lease) co_return fail(told(std::move(lease.error())));
  std::unique_ptr<Lease> out = std::make_unique<SharedLease>(std::move(*lease));
  co_return out;
}

std::chrono::milliseconds SharedLimits::forecast(const std::vector<Charge>& charges) const {
  // A limiter of its own, on a clock that jumps to where the next call may go.
  limit::Limiter model;
  limit::Moment now;
  now.wall = from_unix_ms(1'764'100'800'000);  // Some midday: no day's end is in the way.
  const auto start = now.at;
  const auto longest = start + std::chrono::hours(24);
  for (const auto& charge : charges) {
    const auto limits = limits_of(charge);
    if (!limits) continue;
    const auto id = model.configure(options_.project, charge.model, *limits);
    if (!id) continue;
    const limit::Demand demand(usage_of(charge.estimate));
    for (int tries = 0; tries < 1000 && now.at < longest; ++tries) {
      const auto lease = model.reserve(*id, demand, now);
      if (lease) {
        model.settle(*lease, limit::Outcome::success(demand.estimate), now);
        break;
      }
      if (!lease.error().until || *lease.error().until <= now.at) break;
      now.wall +=
          std::chrono::duration_cast<std::chrono::milliseconds>(*lease.error().until - now.at);
      now.at = *lease.error().until;
    }
  }
  return std::chrono::duration_cast<std::chrono::milliseconds>(now.at - start);
}

}  // namespace parley::narrative
