#include "parley/api/limiter_permits.hpp"

namespace parley::api {
namespace {

class LeasePermit final : public CallPermit {
 public:
  explicit LeasePermit(limit::Lease lease) : lease_(std::move(lease)) {}
  LeasePermit(const LeasePermit&) = delete;
  LeasePermit& operator=(const LeasePermit&) = delete;
  ~LeasePermit() override { lease_.settle(limit::Outcome::Kind::cancelled); }

  void ended(const Result<void>& outcome, const std::optional<limit::Usage>& used) override {
    limit::Outcome how(limit::Outcome::Kind::success);
    if (!outcome) how = limit::Outcome::of(outcome.error());
    if (used) how.usage = used;
    lease_.settle(how);
  }

 private:
  limit::Lease lease_;
};

Task<Result<std::unique_ptr<CallPermit>>> acquire(Limiter limiter, limit::PoolId pool,
                                                  limit::Demand demand, WaitOptions wait) {
  auto lease = co_await limiter.acquire(pool, std::move(demand), wait);
  if (!lease) co_return fail(std::move(lease.error()));
  std::unique_ptr<CallPermit> permit = std::make_unique<LeasePermit>(std::move(*lease));
  co_return permit;
}

}  // namespace

std::function<Task<Result<std::unique_ptr<CallPermit>>>(CallTerms)> limiter_permits(
    Limiter limiter, limit::PoolId pool, WaitOptions wait) {
  return [=](CallTerms terms) { return acquire(limiter, pool, std::move(terms.demand), wait); };
}

}  // namespace parley::api
