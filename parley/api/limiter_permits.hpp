#pragma once

#include <functional>
#include <memory>

#include "parley/api/call_options.hpp"
#include "parley/api/limiter.hpp"

namespace parley::api {

// For CallOptions::permit: a lease of the limiter for each attempt, so that a retry waits for its
// turn again, and a stream keeps its place until it has ended. What `demand` reserves is what is
// charged; limited() settles what an answer says that it used.
std::function<Task<Result<std::unique_ptr<CallPermit>>>()> limiter_permits(
    Limiter limiter, limit::PoolId pool, limit::Demand demand, WaitOptions wait = WaitOptions());

}  // namespace parley::api
