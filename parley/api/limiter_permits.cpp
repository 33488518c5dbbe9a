#include "parley/api/limiter_permits.hpp"

namespace parley::api {
namespace {

class LeasePermit final : public CallPermit {
 public:
  LeasePermit(Limiter limiter, limit::PoolId pool, limit::Lease lease)
      : limiter_(std::move(limiter)), pool_(pool), lease_(std::move(lease)) {}
  LeasePermit(const LeasePermit&) = delete;
  LeasePermit& operator=(const LeasePermit&) = delete;
  ~LeasePermit() override { lease_.settle(limit::Outcome::Kind::cancelled); }

  void answered(const http::Headers& headers) override { limiter_.learn(pool_, headers); }
  void ended(const Result<void>& outcome, const std::optional<limit::Usage>& used) override {
    limit::Outcome how(limit::Outcome::Kind::success);
    if (!outcome) how = limit::Outcome::of(outcome.error());
    if (used) how.usage = used;
    lease_.settle(how);
  }

 private:
  Limiter limiter_;
  limit::PoolId pool_;
  limit::Lease lease_;
};

Task<Result<std::unique_ptr<CallPermit>>> acquire(Limiter limiter, limit::PoolId pool,
                                                  limit::Demand demand, WaitOptions wait) {
  auto lease = co_await limiter.acquire(pool, std::move(demand), wait);
  if (!lease) co_return fail(std::move(lease.error()));
  std::unique_ptr<CallPermit> permit =
      std::make_unique<LeasePermit>(limiter, pool, std::move(*lease));
  co_return permit;
}

}  // namespace

std::function<Task<Result<std::unique_ptr<CallPermit>>>(CallTerms)> limiter_permits(
    Limiter limiter, limit::PoolId pool, WaitOptions wait) {
  return [=](CallTerms terms) { return acquire(limiter, pool, std::move(terms.demand), wait); };
}

}  // namespace parley::api
